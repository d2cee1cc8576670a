"""Says truthfully what a meta-solver does: docstring and class name, read off its parts."""

from __future__ import annotations

import textwrap

from nashforge.evolve.proposers.rewriting.grammars.psro.imports import import_helpers
from nashforge.evolve.proposers.rewriting.grammars.psro.round_pattern import all_rounds
from nashforge.evolve.proposers.rewriting.syntax.program import Module
from nashforge.evolve.proposers.rewriting.syntax.trees import called, reads, walk

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
