"""The library's meta-solvers, one file each: seeds of the search, baselines and documentation at once."""

from __future__ import annotations

from pathlib import Path

from nashforge.solvers.programs.library import Library

LIBRARY = Library(Path(__file__).parent, "meta-solver", hint="your own is the path of a file")

solver_names = LIBRARY.names
solver_source = LIBRARY.source
