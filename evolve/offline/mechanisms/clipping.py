"""Lower bounds of cumulative regrets: regret matching+, negative floors, floors that adapt."""

from __future__ import annotations

import ast

from evolve.offline.anchors import find_update
from evolve.offline.draws import Generator, between, pick, scale
from evolve.offline.edit import NotApplicable
from evolve.offline.mechanisms.parts import magnitude, spread
from evolve.offline.program import Program
from evolve.offline.syntax import fill


def clip_regrets(program: Program, rng: Generator) -> str:
    """Set, change or remove the floor of the cumulative regrets."""
    update = find_update(program)
    forms = ["zero", "constant", "adaptive", "none"]
    if update.clipped:
        forms.remove("zero")
    if update.floor is None:
        forms.remove("none")
    form = pick(rng, forms)
    if form == "zero":
        update.floor = ast.Constant(0.0)
        told = "clip the cumulative regrets at zero"
    elif form == "constant":
        floor = -scale(rng, 0.05, 50.0)
        update.floor = program.add_constant("floor", floor)
        told = f"keep the cumulative regrets above {floor:g}"
    elif form == "adaptive":
        depth = between(rng, 0.2, 5.0)
        state = magnitude(program, rng)
        update = find_update(program)
        update.floor = fill("-depth * x", depth=program.add_constant("depth", depth), x=spread(state))
        told = f"keep the cumulative regrets above {-depth:g} times the size of recent regrets"
    elif form == "none":
        update.floor = None
        told = "let the cumulative regrets fall without bound"
    else:
        raise NotApplicable("no other floor")
    update.write()
    return told
