"""``python -m cli`` is the same as ``nashforge``."""

from cli.main import main

if __name__ == "__main__":
    main()
