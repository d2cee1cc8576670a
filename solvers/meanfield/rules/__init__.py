"""The library's learners of mean-field games, one file each: seeds, baselines and documentation at once."""

from __future__ import annotations

from pathlib import Path

from nashforge.solvers.programs.library import Library

LIBRARY = Library(Path(__file__).parent, "mean-field learner")
