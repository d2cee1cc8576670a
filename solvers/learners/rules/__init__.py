"""The library's learners, one file each: seeds of the search, baselines and documentation at once."""

from __future__ import annotations

from pathlib import Path

from nashforge.solvers.programs.library import Library

LIBRARY = Library(Path(__file__).parent, "learner")

learner_names = LIBRARY.names
learner_source = LIBRARY.source
