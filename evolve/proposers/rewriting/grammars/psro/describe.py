"""Says truthfully what a meta-solver does: docstring and class name, read off its parts."""

from __future__ import annotations

import ast
import textwrap

from nashforge.evolve.proposers.rewriting.grammars.psro.round_pattern import HELPERS, all_rounds
from nashforge.evolve.proposers.rewriting.syntax.program import Module, Program
from nashforge.evolve.proposers.rewriting.syntax.trees import called, reads, walk

INTERFACE = "nashforge.solvers.psro.interface"

_WORDS = (("project", "Projected"), ("softmax", "Soft"), ("normalize", "Matching"))
_TOLD = {
    "advantages": "regrets against the strategies",
    "center": "payoffs against their mean",
    "rescale": "gains rescaled in every round",
    "project": "projection on the simplex",
    "softmax": "softmax",
    "normalize": "weights in proportion to regrets",
}


def describe(module: Module) -> None:
    """Set docstring and class name of a child to what its parts show."""
    (program,) = module.programs
    import_helpers(program)
    used: set[str] = set()
    lines = []
    for rounds in all_rounds(program):
        calls = {called(node) for node in walk(rounds.loop)}
        used |= calls
        parts = [told for name, told in _TOLD.items() if name in calls]
        turn = "players in turn" if "game.payoffs" in calls else "all players at once"
        last = rounds.strategies in reads(rounds.body[-1])
        answer = "returns the last strategies" if last else "returns an average over rounds"
        line = f"- {rounds.method}: rounds with {turn}; {', '.join(parts)}; {answer}"
        lines += textwrap.wrap(line, 105, subsequent_indent="  ")
    words = [word for name, word in _WORDS if name in used]
    program.name = ("".join(words) or "Candidate") + "Solver"
    told = "\n\n" + "\n".join(lines) if lines else ""
    module.docstring = f"A PSRO meta-solver found by program search.{told}"


def import_helpers(program: Program) -> None:
    """Import exactly the helpers that a program uses, and numpy if it does."""
    used = reads(*program.methods.values())
    others = [
        node
        for node in program.preamble
        if not (isinstance(node, ast.ImportFrom) and node.module == INTERFACE)
        and not (isinstance(node, ast.Import) and node.names[0].name == "numpy")
    ]
    names = ", ".join(["MetaSolver", *(name for name in HELPERS if name in used)])
    numpy = "import numpy as np\n" if "np" in used | reads(*others) else ""
    program.preamble[:] = [*ast.parse(f"{numpy}from {INTERFACE} import {names}").body, *others]
