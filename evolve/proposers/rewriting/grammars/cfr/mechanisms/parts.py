"""Pieces that several mechanisms are made of: schedules, magnitudes, statements."""

from __future__ import annotations

import ast

from nashforge.evolve.proposers.rewriting.grammars.cfr.update_pattern import (
    PolicyPattern,
    RegretUpdate,
    find_update,
)
from nashforge.evolve.proposers.rewriting.sampling import Generator, between, chance, count, pick, scale
from nashforge.evolve.proposers.rewriting.syntax.program import Program
from nashforge.evolve.proposers.rewriting.syntax.trees import (
    assignments,
    fill,
    reads,
    same,
    walk,
)

ZEROS = "self.infosets.zeros()"

Hints = str | tuple[str, ...]


def assign(target: str | ast.expr, value: ast.expr) -> ast.Assign:
    """Return the statement ``target = value``."""
    node = ast.Name(target, ast.Store()) if isinstance(target, str) else target
    return ast.Assign([node], value)


def local(program: Program, method: str, hints: Hints, value: ast.expr) -> tuple[ast.Assign, ast.expr]:
    """Return a statement that binds a fresh local of a method, and the expression that reads it."""
    name = program.fresh(hints, method)
    return assign(name, value), ast.Name(name, ast.Load())


def named(
    program: Program, method: str, pattern: RegretUpdate | PolicyPattern, name: str, value: ast.expr
) -> ast.expr:
    """Return a constant as it is, and anything else by a fresh local that is computed before a pattern."""
    if isinstance(value, ast.Attribute):
        return value
    statement, variable = local(program, method, name, value)
    pattern.before(statement)
    return variable


def scheduled(
    program: Program, rng: Generator, hints: Hints, low: float, high: float, constant: float = 0.6
) -> tuple[ast.expr, str]:
    """Return a parameter between two bounds, constant or moving with time, and how to tell it.

    Parameters
    ----------
    constant
        Probability of a constant.
    """
    name = hints if isinstance(hints, str) else hints[0]
    first = between(rng, low, high)
    if chance(rng, constant):
        return program.add_constant(hints, first), f"{name} {first:g}"
    last = between(rng, low, high)
    start = program.add_constant(f"first_{name}", first)
    end = program.add_constant(f"last_{name}", last)
    if chance(rng, 0.7):
        moving = fill("start + (end - start) * t / self.horizon", start=start, end=end)
        return moving, f"{name} moving from {first:g} to {last:g} over the horizon"
    steps = count(rng, 50, 500)
    ramp = program.add_constant("ramp", steps)
    moving = fill("start + (end - start) * min(1.0, t / ramp)", start=start, end=end, ramp=ramp)
    return moving, f"{name} moving from {first:g} to {last:g} over {steps} iterations"


def fading(program: Program, rng: Generator, hints: Hints, low: float, high: float) -> tuple[ast.expr, str]:
    """Return a weight that is constant, decays or grows with time, and how to tell it."""
    size = between(rng, low, high)
    form = pick(rng, ("constant", "constant", "decay", "linear", "grow", "unit"))
    if form == "unit":
        return ast.Constant(1.0), "weight 1"
    weight = program.add_constant(hints, size)
    if form == "constant":
        return weight, f"weight {size:g}"
    if form == "linear":
        return fill("weight * (1 - t / self.horizon)", weight=weight), f"weight {size:g} falling to 0"
    steps = count(rng, 10, 400)
    time = program.add_constant("delay" if form == "grow" else "decay_time", steps)
    if form == "grow":
        return fill("weight * t / (t + time)", weight=weight, time=time), f"weight growing to {size:g}"
    return fill("weight / (1 + t / time)", weight=weight, time=time), f"weight {size:g} decaying over {steps}"


def memory(rng: Generator) -> float:
    """Return the share of an exponential moving average that stays."""
    return round(1 - scale(rng, 0.02, 0.7), 3)


def moving_average(
    program: Program, rng: Generator, hints: Hints, observed: ast.expr, initial: str = ZEROS
) -> tuple[ast.Attribute, ast.Assign]:
    """Add a state with the moving average of an expression; return it and the statement that updates it."""
    state = program.add_state(hints, initial)
    kept = program.add_constant(("memory", f"{state.attr}_memory"), memory(rng))
    value = fill("kept * state + (1 - kept) * observed", kept=kept, state=state, observed=observed)
    return state, assign(state, value)


def magnitude(program: Program, rng: Generator) -> ast.expr:
    """Return a state with the size of recent regrets, one number an information set; add it if missing.

    The state is computed in ``observe`` before the regret update; it is zero only where all regrets were.
    """
    update = find_update(program)
    largest = fill("self.infosets.max(np.abs(regret))", regret=update.instantaneous)
    for name, value in assignments(program.body("observe")):
        averaged = name in reads(value) and any(same(node, largest) for node in walk(value))
        if name.startswith("self.") and (averaged or same(value, largest)) and chance(rng, 0.7):
            return fill(name)
    count_ = "np.zeros(self.infosets.count)"
    names = ("magnitude", "recent_magnitude", "typical_magnitude")
    form = pick(rng, ("average", "average", "maximum", "last"))
    if form == "average":
        state, statement = moving_average(program, rng, names, largest, count_)
    elif form == "maximum":
        state = program.add_state(("largest", "peak"), count_)
        statement = assign(state, fill("np.maximum(state, seen)", state=state, seen=largest))
    else:
        state = program.add_state(names, count_)
        statement = assign(state, largest)
    program.body("observe").insert(0, statement)
    return state


def running_size(program: Program, rng: Generator) -> tuple[ast.Attribute, str]:
    """Return a state with a size of regrets that never falls, one number an information set, and its name.

    It is never zero, so that one may divide by it, and knows no unit of payoffs. The state is computed in
    ``observe`` before the regret update.
    """
    regret = find_update(program).instantaneous
    count_ = "np.zeros(self.infosets.count)"
    form = pick(rng, ("largest", "largest", "root"))
    if form == "largest":
        size = program.add_state(("scale", "size", "peak"), f"{count_} + 1e-300")
        seen = fill("self.infosets.max(np.abs(regret))", regret=regret)
        statements = [assign(size, fill("np.maximum(size, seen)", size=size, seen=seen))]
        told = "the largest regret that was seen"
    else:
        energy = program.add_state(("energy", "squares"), count_)
        size = program.add_state(("scale", "size", "norm"), f"{count_} + 1e-300")
        squares = fill("energy + self.infosets.sum(regret * regret)", energy=energy, regret=regret)
        root = fill("np.maximum(np.sqrt(np.maximum(energy, 0.0)), 1e-300)", energy=energy)
        statements = [assign(energy, squares), assign(size, root)]
        told = "the root of the sum of squared regrets"
    program.body("observe")[0:0] = statements
    return size, told


def spread(node: ast.expr) -> ast.expr:
    """Return a value per information set, repeated over its sequences."""
    return fill("self.infosets.spread(x)", x=node)
