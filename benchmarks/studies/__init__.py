"""Studies that no command needs: cooperation with strangers (SRPO), and partners from the Axelrod library.

They are not installed with the package, and run in a checkout; ``pip install ".[studies]"`` installs what
they need besides.
"""
