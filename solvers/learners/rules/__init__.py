"""The library's learners, one file each: seeds of the search, baselines and documentation at once."""

from __future__ import annotations

from pathlib import Path

from nashforge.solvers.programs.library import Library

_LIBRARY = Library(Path(__file__).parent, "learner")

learner_names = _LIBRARY.names
learner_source = _LIBRARY.source
