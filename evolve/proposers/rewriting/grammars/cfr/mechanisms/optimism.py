"""Predictions of the next regrets: PCFR+, SAPCFR+, and predictions from moving averages and trends."""

from __future__ import annotations

import ast

from nashforge.evolve.proposers.rewriting.grammars.cfr.mechanisms.parts import (
    ZEROS,
    assign,
    fading,
    magnitude,
    moving_average,
    spread,
)
from nashforge.evolve.proposers.rewriting.grammars.cfr.update_pattern import (
    PolicyPattern,
    RegretUpdate,
    find_policy,
    find_update,
    has_factor,
)
from nashforge.evolve.proposers.rewriting.sampling import Generator, between, chance, pick
from nashforge.evolve.proposers.rewriting.syntax import trees
from nashforge.evolve.proposers.rewriting.syntax.edit import NotApplicable
from nashforge.evolve.proposers.rewriting.syntax.program import Program


def _put(
    program: Program, update: RegretUpdate, pattern: PolicyPattern, term: ast.expr, replace: bool
) -> None:
    """Add a term to what the policy is made from; instead of the present prediction if so wanted."""
    base = trees.clone(pattern.base)
    if replace:
        held = [part for part in trees.terms(base) if has_factor(part[1], update.state)]
        base = trees.total(held) if held else trees.attribute(update.state)
    pattern.base = trees.total([*trees.terms(base), *trees.terms(term)])
    pattern.write()


def _predictions(update: RegretUpdate, pattern: PolicyPattern) -> tuple[list[trees.Term], list[int]]:
    """Return what the policy is made from as terms, and which of them are no cumulative regrets."""
    parts = trees.terms(trees.clone(pattern.base))
    held = [place for place, (_, term) in enumerate(parts) if not has_factor(term, update.state)]
    if not held or len(parts) < 2:
        raise NotApplicable("the policy uses no prediction")
    return parts, held


def predict_last(program: Program, rng: Generator) -> str:
    """Add the last instantaneous regrets to what the policy is made from, with some weight."""
    update, pattern = find_update(program), find_policy(program)
    weight, told = fading(program, rng, ("optimism", "prediction_weight"), 0.2, 1.8)
    state = program.add_state(("prediction", "last", "latest"), ZEROS)
    predicted = trees.clone(update.increment) if chance(rng, 0.3) else update.instantaneous
    if f"self.{update.state}" in trees.reads(predicted):
        predicted = update.instantaneous
    program.body("observe").append(assign(state, predicted))
    replace = chance(rng, 0.75)
    _put(program, update, pattern, trees.product([(False, weight), (False, state)]), replace)
    return f"predict that the last regrets come again, {told}"


def predict_average(program: Program, rng: Generator) -> str:
    """Add a moving average of the regrets to what the policy is made from."""
    update, pattern = find_update(program), find_policy(program)
    weight, told = fading(program, rng, ("optimism", "prediction_weight"), 0.3, 3.0)
    state, statement = moving_average(program, rng, ("expected", "anticipated"), update.instantaneous)
    program.body("observe").append(statement)
    _put(program, update, pattern, trees.product([(False, weight), (False, state)]), chance(rng, 0.7))
    return f"predict a moving average of the regrets, {told}"


def predict_extrapolation(program: Program, rng: Generator) -> str:
    """Predict the last regrets and the way they changed."""
    update, pattern = find_update(program), find_policy(program)
    slope = between(rng, 0.1, 1.0)
    steepness = program.add_constant("extrapolation", slope)
    last = program.add_state("last", ZEROS)
    prediction = program.add_state(("prediction", "forecast"), ZEROS)
    value = trees.fill("r + c * (r - last)", r=update.instantaneous, c=steepness, last=last)
    body = program.body("observe")
    body.append(assign(prediction, value))
    body.append(assign(last, update.instantaneous))
    _put(program, update, pattern, prediction, chance(rng, 0.75))
    return f"predict the last regrets plus {slope:g} times their last change"


def predict_trend(program: Program, rng: Generator) -> str:
    """Move the policy's regrets on along their trend: R + c (R - moving average of R)."""
    update, pattern = find_update(program), find_policy(program)
    weight, told = fading(program, rng, "trend_weight", 0.1, 2.0)
    state = trees.attribute(update.state)
    smoothed, statement = moving_average(program, rng, ("smoothed", "level"), state)
    trend = program.add_state(("trend", "tendency"), ZEROS)
    update.after(assign(trend, trees.fill("r - smoothed", r=state, smoothed=smoothed)), statement)
    _put(program, update, pattern, trees.product([(False, weight), (False, trend)]), chance(rng, 0.6))
    return f"move the regrets on along their distance to a moving average, {told}"


def predict_two_speeds(program: Program, rng: Generator) -> str:
    """Predict by the distance between a fast and a slow moving average of the cumulative regrets."""
    update, pattern = find_update(program), find_policy(program)
    weight, told = fading(program, rng, ("trend_weight", "prediction_weight"), 0.2, 3.0)
    fast, first = moving_average(program, rng, "fast", trees.attribute(update.state))
    slow, second = moving_average(program, rng, "slow", trees.attribute(update.state))
    update.after(first, second)
    _put(
        program,
        update,
        pattern,
        trees.fill("w * (fast - slow)", w=weight, fast=fast, slow=slow),
        chance(rng, 0.6),
    )
    return f"move the regrets on by the difference of two moving averages, {told}"


def predict_consistent(program: Program, rng: Generator) -> str:
    """Predict the moving average of the regrets the more, the steadier their sign is."""
    update, pattern = find_update(program), find_policy(program)
    size = between(rng, 0.3, 2.5)
    weight = program.add_constant(("optimism", "prediction_weight"), size)
    regret = update.instantaneous
    mean, first = moving_average(program, rng, ("expected", "mean"), regret)
    (kept,) = trees.attributes(trees.reads(first.value)) - {f"self.{mean.attr}"}
    spread_, second = moving_average(program, rng, "deviation", trees.fill("np.abs(regret)", regret=regret))
    # Both averages must forget at the same pace for their ratio to mean anything.
    pace = "kept * state + (1 - kept) * np.abs(r)"
    second.value = trees.fill(pace, kept=kept, state=spread_, r=regret)
    program.body("observe").extend([first, second])
    last = program.add_state(("prediction", "last", "latest"), ZEROS)
    program.body("observe").append(
        assign(
            last,
            trees.fill(
                "regret * np.abs(mean) / (deviation + 1e-9)", regret=regret, mean=mean, deviation=spread_
            ),
        )
    )
    _put(program, update, pattern, trees.product([(False, weight), (False, last)]), chance(rng, 0.75))
    return f"predict the last regrets with weight {size:g} times the steadiness of their sign"


def rescale_prediction(program: Program, rng: Generator) -> str:
    """Multiply the prediction by a weight, constant or changing with time."""
    update, pattern = find_update(program), find_policy(program)
    parts, held = _predictions(update, pattern)
    place = pick(rng, held)
    weight, told = fading(program, rng, ("optimism", "prediction_weight"), 0.3, 1.5)
    negative, term = parts[place]
    parts[place] = (negative, trees.product([(False, weight), *trees.factors(term)]))
    pattern.base = trees.total(parts)
    pattern.write()
    return f"weigh the prediction anew: {told}"


def rescale_by_volatility(program: Program, rng: Generator) -> str:
    """Trust the prediction less where recent regrets are large, per information set."""
    update, pattern = find_update(program), find_policy(program)
    parts, held = _predictions(update, pattern)
    state = magnitude(program, rng)
    size = between(rng, 0.1, 3.0)
    weight = trees.fill("1 + c * x", c=program.add_constant("caution", size), x=spread(state))
    negative, term = parts[held[0]]
    parts[held[0]] = (negative, trees.product([*trees.factors(term), (True, weight)]))
    pattern.base = trees.total(parts)
    pattern.write()
    return f"divide the prediction by 1 + {size:g} times the size of recent regrets"


def drop_prediction(program: Program, rng: Generator) -> str:
    """Make the policy from the cumulative regrets alone."""
    update, pattern = find_update(program), find_policy(program)
    if trees.self_attribute(pattern.base) == update.state:
        raise NotApplicable("the policy uses no prediction")
    pattern.base = trees.attribute(update.state)
    pattern.write()
    return "make the policy from the cumulative regrets alone"
