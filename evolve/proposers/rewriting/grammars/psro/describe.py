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
    """Import exactly what a program uses of the interface, and numpy if it uses that."""
    others = [
        node
        for node in program.preamble
        if not (isinstance(node, ast.ImportFrom) and node.module == INTERFACE)
        and not (isinstance(node, ast.Import) and node.names[0].name == "numpy")
    ]
    # Functions of the module that came with a part of another program use helpers, too.
    used = program.mentions() | reads(*others)
    # Errors, types and names of a program's own choice are no helpers, and stay.
    kept = [
        ast.unparse(alias)
        for node in program.preamble
        if isinstance(node, ast.ImportFrom) and node.module == INTERFACE
        for alias in node.names
        if (alias.asname or alias.name) in used and not (alias.asname is None and alias.name in HELPERS)
    ]
    names = dict.fromkeys(["MetaSolver", *kept, *(name for name in HELPERS if name in used)])
    numpy = "import numpy as np\n" if "np" in used else ""
    line = f"{numpy}from {INTERFACE} import {', '.join(names)}"
    program.preamble[:] = [*ast.parse(line).body, *others]
