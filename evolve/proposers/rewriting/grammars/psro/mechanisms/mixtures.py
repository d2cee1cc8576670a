"""Mixed strategies made of regrets, and the average of all rounds."""

from __future__ import annotations

import ast

from nashforge.evolve.proposers.rewriting.grammars.psro.describe import import_helpers
from nashforge.evolve.proposers.rewriting.grammars.psro.round_pattern import (
    PAYOFFS,
    POLICIES,
    ExpressionSite,
    RoundPattern,
    some_rounds,
    told,
)
from nashforge.evolve.proposers.rewriting.sampling import Generator, between, chance, pick, scale
from nashforge.evolve.proposers.rewriting.syntax import trees
from nashforge.evolve.proposers.rewriting.syntax.edit import NotApplicable
from nashforge.evolve.proposers.rewriting.syntax.program import Program


def blend_softmax(program: Program, rng: Generator) -> str:
    """Blend the strategies with a softmax of the payoffs."""
    rounds = some_rounds(program, rng)
    mixture = rounds.mixture()
    if any(trees.called(node) == "softmax" for node in trees.walk(mixture.node)):
        raise NotApplicable("the strategies are blended already")
    places = [place for place in rounds.calls(PAYOFFS) if place.block is mixture.block]
    if not places:
        raise NotApplicable("no payoffs beside the strategies")
    payoffs = rounds.named(places[0], "payoffs")
    share, heat = scale(rng, 0.005, 0.4), scale(rng, 0.001, 0.5)
    mixture.replace(
        trees.fill(
            "(1 - share) * x + share * softmax(payoffs, heat)",
            share=program.add_constant("blend", share),
            x=mixture.statement.value,
            payoffs=payoffs,
            heat=program.add_constant("temperature", heat),
        )
    )
    import_helpers(program)
    return told(rounds, f"blend with {share:g} of a softmax of the payoffs, temperature {heat:g}")


def blend_uniform(program: Program, rng: Generator) -> str:
    """Give every policy a little weight, in the rounds or in what is returned."""
    share = scale(rng, 0.0005, 0.3)
    if chance(rng, 0.5):
        rounds = some_rounds(program, rng)
        mixture = rounds.mixture()
        floor = program.add_constant(("exploration", "spread"), share)
        mixture.replace(trees.fill("(1 - e) * x + e / game.policies", e=floor, x=mixture.node))
        return told(rounds, f"give {share:g} of the weight to all policies alike")
    rounds, statement = _returned(program, rng)
    floor = program.add_constant(("exploration", "spread"), share)
    assert statement.value is not None
    statement.value = trees.fill("(1 - e) * normalize(x) + e / game.policies", e=floor, x=statement.value)
    import_helpers(program)
    return told(rounds, f"return strategies with {share:g} of the weight on all policies alike")


def sharpen(program: Program, rng: Generator) -> str:
    """Raise to a power, or cut off the smallest weights."""
    if chance(rng, 0.5):
        rounds = some_rounds(program, rng)
        place = rounds.call(("normalize",), rng)
        assert isinstance(place.node, ast.Call)
        power = between(rng, 0.5, 3.0)
        exponent = program.add_constant(("power", "exponent"), power)
        place.node.args[0] = trees.fill("np.maximum(x, 0.0) ** p", x=place.node.args[0], p=exponent)
        import_helpers(program)
        return told(rounds, f"weigh policies by their regret to the power {power:g}")
    rounds, statement = _returned(program, rng)
    assert statement.value is not None
    share = scale(rng, 0.001, 0.2)
    cut = program.add_constant(("cut", "threshold"), share)
    shown = trees.fill("normalize(x)", x=statement.value)
    name = program.fresh("mixed", rounds.method)
    rounds.body.insert(rounds.body.index(statement), ast.Assign([ast.Name(name, ast.Store())], shown))
    statement.value = trees.fill("x - cut * x.max(axis=1, keepdims=True)", x=name, cut=cut)
    import_helpers(program)
    return told(rounds, f"drop policies with less than {share:g} of the largest weight")


def change_projection(program: Program, rng: Generator) -> str:
    """Make mixtures of regrets by another function."""
    rounds = some_rounds(program, rng)
    place = rounds.call(POLICIES, rng)
    node = place.node
    assert isinstance(node, ast.Call)
    old = trees.called(node)
    new = pick(rng, [name for name in POLICIES if name != old])
    inner = node.args[0]
    if new == "normalize":
        place.replace(trees.fill("normalize(x)", x=inner))
    else:
        size = program.add_constant(("sharpness", "scale"), between(rng, 0.05, 1.0))
        template = "project(x / (c * np.sqrt(n)))" if new == "project" else "softmax(x / np.sqrt(n), c)"
        place.replace(trees.fill(template, x=inner, c=size, n=rounds.counter))
    import_helpers(program)
    return told(rounds, f"make strategies by {new} instead of {old}")


def return_last(program: Program, rng: Generator) -> str:
    """Return the strategies of the last round."""
    rounds, statement = _returned(program, rng)
    if isinstance(statement.value, ast.Name) and statement.value.id == rounds.strategies:
        raise NotApplicable("the last strategies are returned already")
    statement.value = ast.Name(rounds.strategies, ast.Load())
    return told(rounds, "return the strategies of the last round")


def return_average(program: Program, rng: Generator) -> str:
    """Return an average over rounds."""
    rounds, statement = _returned(program, rng)
    if not (isinstance(statement.value, ast.Name) and statement.value.id == rounds.strategies):
        raise NotApplicable("something else than the last strategies is returned")
    name = program.fresh("total", rounds.method)
    rounds.before_loop(f"{name} = np.zeros({rounds.strategies}.shape)")
    rounds.loop.body.append(
        ast.Assign([ast.Name(name, ast.Store())], trees.fill("x + s", x=name, s=rounds.strategies))
    )
    statement.value = ast.Name(name, ast.Load())
    import_helpers(program)
    return told(rounds, "return the average of all rounds")


def weigh_average(program: Program, rng: Generator) -> str:
    """Weigh later rounds more, forget early ones, or leave the first out."""
    rounds = some_rounds(program, rng)
    place = _average(rounds)
    kind = pick(rng, ("power", "power", "decay", "warm"))
    if kind == "power":
        power = between(rng, 0.5, 4.0)
        weight = trees.fill(
            "n**p", n=rounds.counter, p=program.add_constant(("average_power", "gamma"), power)
        )
        _multiply(place, rounds.strategies, weight)
        return told(rounds, f"weigh rounds by their number to the power {power:g}")
    if kind == "decay":
        kept = between(rng, 0.9, 0.999, digits=3)
        _multiply(place, place.variable, program.add_constant(("memory", "average_decay"), kept))
        return told(rounds, f"multiply the average by {kept:g} in every round")
    share = between(rng, 0.1, 0.8)
    test = trees.fill(
        "n > share * count",
        n=rounds.counter,
        share=program.add_constant(("warm_share", "left_out"), share),
        count=rounds.count,
    )
    index = place.block.index(place.statement)
    place.block[index] = ast.If(test, [place.statement], [])
    return told(rounds, f"leave the first {share:g} of the rounds out of the average")


def anneal(program: Program, rng: Generator) -> str:
    """Let a constant change with the iterations of PSRO, or with the rounds."""
    rounds = some_rounds(program, rng)
    used = [
        name
        for name in program.constants
        if f"self.{name}" in trees.reads(*rounds.body)
        and isinstance(trees.literal(program.constants[name]), float)
    ]
    name = pick(rng, used, "no constant to anneal")
    schedules = ["c / np.sqrt(game.policies)", "c / game.policies"]
    if "t" in rounds.parameters:
        time = between(rng, 5.0, 60.0)
        fading = program.add_constant(("annealing", "fading"), time)
        schedules += [
            "c * (1 - t / (self.horizon + 1))",
            "c * min(1.0, t / fading)",
            "c / (1 + t / fading)",
        ] * 2
    else:
        fading = ast.Constant(1.0)
    text = pick(rng, schedules)
    fallen = trees.fill(text, c=trees.attribute(name), fading=fading)
    for statement in rounds.body:
        trees.replace_variables(statement, {f"self.{name}": fallen})
    import_helpers(program)
    return told(rounds, f"{name} becomes {text.replace('c ', name + ' ', 1)}")


def _returned(program: Program, rng: Generator) -> tuple[RoundPattern, ast.Return]:
    rounds = some_rounds(program, rng)
    last = rounds.body[-1]
    if not isinstance(last, ast.Return) or last.value is None or isinstance(last.value, ast.Tuple):
        raise NotApplicable("the method returns nothing plain")
    return rounds, last


def _average(rounds: RoundPattern) -> ExpressionSite:
    """Return the statement that sums strategies."""
    for place in rounds.accumulators():
        pair = trees.assignment(place.statement)
        if (
            pair is not None
            and rounds.strategies in trees.reads(pair[1])
            and pair[0] in trees.reads(rounds.body[-1])
        ):
            return place
    raise NotApplicable("the strategies are not averaged")


def _multiply(place: ExpressionSite, name: str, factor: ast.expr) -> None:
    scaled = {name: trees.fill("factor * x", factor=factor, x=name)}
    place.replace(trees.replace_variables(trees.clone(place.statement.value), scaled))
