"""One command a file; heavy imports are inside the functions, so that ``--help`` is instant."""
