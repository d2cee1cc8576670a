"""Averaging of policies: weights, schedules, warm starts, windows, forgetting."""

from __future__ import annotations

import ast

from nashforge.evolve.proposers.rewriting.grammars.cfr.mechanisms.parts import local, magnitude
from nashforge.evolve.proposers.rewriting.grammars.cfr.update_pattern import (
    AveragePattern,
    find_average,
    starts_late,
)
from nashforge.evolve.proposers.rewriting.sampling import Generator, between, chance, count, pick, scale
from nashforge.evolve.proposers.rewriting.syntax.edit import NotApplicable
from nashforge.evolve.proposers.rewriting.syntax.program import Program
from nashforge.evolve.proposers.rewriting.syntax.trees import fill


def weigh_by_power(program: Program, rng: Generator) -> str:
    """Average with weights t^gamma, gamma constant or moving over the horizon."""
    pattern = find_average(program)
    first = scale(rng, 1.0, 40.0)
    if chance(rng, 0.6):
        exponent = program.add_constant("gamma", first)
        told = f"t^{first:g}"
    else:
        last = scale(rng, 1.0, 40.0)
        start = program.add_constant("first_gamma", first)
        end = program.add_constant("last_gamma", last)
        value = fill("start + (end - start) * t / self.horizon", start=start, end=end)
        statement, exponent = local(program, "weights", "gamma", value)
        pattern.before(statement)
        told = f"t^gamma, gamma moving from {first:g} to {last:g}"
    pattern.weight = [(False, fill("t**exponent", exponent=exponent))]
    if chance(rng, 0.5):
        pattern.retention = []
    pattern.write()
    return f"weigh policies in the average by {told}"


def weigh_exponentially(program: Program, rng: Generator) -> str:
    """Average with weights that grow exponentially over the horizon."""
    pattern = find_average(program)
    rate = between(rng, 3.0, 40.0)
    growth = program.add_constant("growth", rate)
    pattern.weight = [(False, fill("np.exp(growth * t / self.horizon)", growth=growth))]
    pattern.retention = []
    pattern.write()
    return f"weigh policies in the average by exp({rate:g} t / horizon)"


def damp_by_volatility(program: Program, rng: Generator) -> str:
    """Give policies less weight in the average where recent regrets are large."""
    pattern = find_average(program)
    state = magnitude(program, rng)
    power = between(rng, 0.5, 2.0)
    exponent = program.add_constant("damping_power", power)
    damping = fill("1 + x**power", x=state, power=exponent)
    pattern.weight = [*pattern.weight, (True, damping)]
    pattern.write()
    return f"divide the weight in the average by 1 + m^{power:g}, m the size of recent regrets"


def forget_average(program: Program, rng: Generator) -> str:
    """Shrink the old average in every step."""
    pattern = find_average(program)
    form = pick(rng, ("ratio", "power"))
    if form == "power":
        power = between(rng, 1.0, 20.0)
        kept = fill("(t / (t + 1)) ** power", power=program.add_constant("average_power", power))
        told = f"(t / (t + 1))^{power:g}"
    else:
        power = between(rng, 0.5, 3.0)
        exponent = program.add_constant(("average_exponent", "forgetting"), power)
        kept = fill("t**exponent / (t**exponent + 1)", exponent=exponent)
        told = f"g / (g + 1), g = t^{power:g}"
    pattern.retention = [(False, kept)]
    pattern.write()
    return f"multiply the old average by {told}"


def warm_start(program: Program, rng: Generator) -> str:
    """Average nothing before some iteration, or before a share of the horizon has passed."""
    pattern = find_average(program)
    _drop_guard(pattern)
    if chance(rng, 0.7):
        share = between(rng, 0.05, 0.8)
        limit = fill("share * self.horizon", share=program.add_constant("warm_share", share))
        told = f"the first {share:g} of the horizon"
    else:
        steps = count(rng, 5, 80)  # fewer than any horizon has: without an average nothing is won
        limit = program.add_constant("warm_up", steps)
        told = f"the first {steps} iterations"
    test = fill("t <= limit", limit=limit)
    pattern.block.insert(0, ast.If(test, [ast.Return(fill("1, 0"))], []))
    return f"average nothing in {told}"


def _drop_guard(pattern: AveragePattern) -> None:
    """Remove an earlier warm start."""
    for statement in list(pattern.block):
        plain = isinstance(statement, ast.If) and not statement.orelse and len(statement.body) == 1
        if plain and starts_late(statement):
            pattern.block.remove(statement)


def drop_warm_start(program: Program, rng: Generator) -> str:
    """Average from the first iteration on."""
    pattern = find_average(program)
    before = len(pattern.block)
    _drop_guard(pattern)
    if len(pattern.block) == before:
        raise NotApplicable("there is no warm start")
    return "average from the first iteration on"


def average_window(program: Program, rng: Generator) -> str:
    """Begin the average anew at a few points of time."""
    pattern = find_average(program)
    if chance(rng, 0.5):
        test = fill("t & (t - 1) == 0")
        told = "whenever the iteration is a power of two"
    else:
        share = pick(rng, (0.1, 0.125, 0.2, 0.25, 0.34, 0.5))
        window = program.add_constant("window", share)
        test = fill("t % max(1, round(window * self.horizon)) == 1", window=window)
        told = f"after every {share:g} of the horizon"
    statement, keep = local(program, "weights", "keep", fill("0 if test else 1", test=test))
    pattern.before(statement)
    pattern.restarts = [(False, keep)]
    pattern.write()
    return f"begin the average anew {told}"


def weigh_by_confidence(program: Program, rng: Generator) -> str:
    """Give policies more weight in the average where regrets are small against the largest seen."""
    pattern = find_average(program)
    state = magnitude(program, rng)
    size = scale(rng, 0.01, 1.0)
    limit = program.add_constant("tolerance", size)
    factor = fill("limit / (limit + x)", limit=limit, x=state)
    pattern.weight = [*pattern.weight, (False, factor)]
    pattern.write()
    return f"weigh policies in the average by {size:g} / ({size:g} + m), m the size of recent regrets"
