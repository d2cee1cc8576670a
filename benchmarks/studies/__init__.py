"""Studies that no command needs: SRPO, Schelling diagrams, and partners from the Axelrod library.

They are not installed with the package, and run in a checkout; ``pip install ".[studies]"`` installs what
they need besides.
"""
