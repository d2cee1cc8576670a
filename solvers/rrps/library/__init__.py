"""Known players of rock, paper, scissors, one file each."""

from __future__ import annotations

from pathlib import Path

from nashforge.solvers.programs.library import Library

LIBRARY = Library(Path(__file__).parent, "player")
