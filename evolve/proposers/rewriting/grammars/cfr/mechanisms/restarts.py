"""Restarts: forget part of the regrets at certain times."""

from __future__ import annotations

import ast

from nashforge.evolve.proposers.rewriting.grammars.cfr.mechanisms.parts import assign
from nashforge.evolve.proposers.rewriting.grammars.cfr.update_pattern import find_update
from nashforge.evolve.proposers.rewriting.sampling import Generator, between, chance, count, pick
from nashforge.evolve.proposers.rewriting.syntax.program import Program
from nashforge.evolve.proposers.rewriting.syntax.trees import attribute, fill


def restart_regrets(program: Program, rng: Generator) -> str:
    """Shrink the cumulative regrets at a regular pace or once."""
    update = find_update(program)
    kept = between(rng, 0.0, 0.8) if chance(rng, 0.7) else 0.0
    form = pick(rng, ("period", "doubling", "once"))
    if form == "period":
        steps = count(rng, 20, 400)
        test = fill("t % period == 0", period=program.add_constant("period", steps))
        told = f"every {steps} iterations"
    elif form == "doubling":
        test, told = fill("t & (t - 1) == 0"), "whenever the iteration is a power of two"
    else:
        share = between(rng, 0.05, 0.6)
        test = fill("t == round(share * self.horizon)", share=program.add_constant("restart_share", share))
        told = f"after {share:g} of the horizon"
    state = attribute(update.state)
    value = (
        fill("kept * r", kept=program.add_constant("kept", kept), r=state)
        if kept
        else fill("self.infosets.zeros()")
    )
    update.after(ast.If(test, [assign(state, value)], []))
    return f"multiply the cumulative regrets by {kept:g} {told}"
