"""``python -m nashforge`` is the same as ``nashforge``."""

from nashforge.cli.main import main

if __name__ == "__main__":
    main()
