"""The library's CFR rules, one file each: seeds of the search, baselines and documentation at once."""

from __future__ import annotations

from pathlib import Path

from nashforge.solvers.programs.library import Library

LIBRARY = Library(Path(__file__).parent, "rule", hint="your own rule is the path of a file")

rule_names = LIBRARY.names
rule_source = LIBRARY.source
