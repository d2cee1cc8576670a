"""The library's policies, one file each, in the very form that evolves: seeds, baselines and partners."""

from __future__ import annotations

from pathlib import Path

from nashforge.solvers.programs.library import Library

_LIBRARY = Library(Path(__file__).parent, "policy")

policy_names = _LIBRARY.names
policy_source = _LIBRARY.source
