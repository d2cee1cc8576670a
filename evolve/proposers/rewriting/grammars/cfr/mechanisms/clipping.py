"""Lower bounds of cumulative regrets: regret matching+, negative floors, floors that adapt."""

from __future__ import annotations

import ast

from nashforge.evolve.proposers.rewriting.grammars.cfr.mechanisms.parts import magnitude, spread
from nashforge.evolve.proposers.rewriting.grammars.cfr.update_pattern import RegretUpdate, find_update
from nashforge.evolve.proposers.rewriting.sampling import Generator, between, pick, scale
from nashforge.evolve.proposers.rewriting.syntax.edit import NotApplicable
from nashforge.evolve.proposers.rewriting.syntax.program import Program
from nashforge.evolve.proposers.rewriting.syntax.trees import (
    assignment,
    called,
    fill,
    literal,
    self_attribute,
)


def _for_positive(update: RegretUpdate, factor: ast.expr) -> ast.expr:
    """Return a factor of the old regrets for the case that they are not negative."""
    if isinstance(factor, ast.Name):
        held = [
            pair[1]
            for node in update.block
            if (pair := assignment(node)) is not None and pair[0] == factor.id
        ]
        value = held[0] if len(held) == 1 else factor
    else:
        value = factor
    if isinstance(value, ast.Call) and called(value) == "np.where" and len(value.args) == 3:
        test = value.args[0]
        if (
            isinstance(test, ast.Compare)
            and isinstance(test.ops[0], ast.Gt)
            and literal(test.comparators[0]) == 0
        ):
            return value.args[1] if self_attribute(test.left) == update.state else factor
    return factor


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
        update.retention = [(divides, _for_positive(update, part)) for divides, part in update.retention]
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
