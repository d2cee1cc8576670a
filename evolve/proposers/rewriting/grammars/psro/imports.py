"""The imports of a meta-solver: what it uses of the interface, and numpy."""

from __future__ import annotations

import ast

from nashforge.evolve.proposers.rewriting.grammars.psro.round_pattern import HELPERS
from nashforge.evolve.proposers.rewriting.syntax.program import Program
from nashforge.evolve.proposers.rewriting.syntax.trees import parse_statements, reads

INTERFACE = "nashforge.solvers.psro.interface"


def import_helpers(program: Program) -> None:
    """Import exactly the helpers that a program uses."""
    used = set().union(*(reads(function) for function in program.methods.values()))
    others = [
        node
        for node in program.preamble
        if not (isinstance(node, ast.ImportFrom) and node.module == INTERFACE)
        and not (isinstance(node, ast.Import) and node.names[0].name == "numpy")
    ]
    names = ", ".join(["MetaSolver", *(name for name in HELPERS if name in used)])
    text = f"from {INTERFACE} import {names}"
    if "np" in used or any("np" in reads(node) for node in others):
        text = f"import numpy as np\n{text}"
    program.preamble[:] = [*parse_statements(text), *others]
