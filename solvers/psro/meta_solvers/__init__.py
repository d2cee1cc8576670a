"""The library's meta-solvers, one file each: seeds of the search, baselines and documentation at once."""

from __future__ import annotations

from pathlib import Path

from nashforge.solvers.programs.library import Library

_LIBRARY = Library(Path(__file__).parent, "meta-solver", hint="your own is the path of a file")

solver_names = _LIBRARY.names
solver_source = _LIBRARY.source
solver_title = _LIBRARY.title
load_solver = _LIBRARY.load
