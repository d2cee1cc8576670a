"""Forgetting old regrets: the discounts of LCFR, DCFR, HS-DCFR and PDCFR+, their relatives, and restarts."""

from __future__ import annotations

import ast

from nashforge.evolve.proposers.rewriting.grammars.cfr.mechanisms.parts import (
    assign,
    local,
    magnitude,
    named,
    scheduled,
    spread,
)
from nashforge.evolve.proposers.rewriting.grammars.cfr.update_pattern import (
    find_policy,
    find_update,
)
from nashforge.evolve.proposers.rewriting.sampling import Generator, between, chance, count, pick, scale
from nashforge.evolve.proposers.rewriting.syntax import trees
from nashforge.evolve.proposers.rewriting.syntax.edit import NotApplicable
from nashforge.evolve.proposers.rewriting.syntax.program import Program

RATIO = "t**exponent / (t**exponent + 1)"


def discount_regrets(program: Program, rng: Generator) -> str:
    """Multiply the cumulative regrets by t^a / (t^a + 1), with one exponent or one for each sign."""
    update = find_update(program)
    exponent, told = scheduled(program, rng, ("alpha", "positive_exponent"), 0.7, 4.0)
    exponent = named(program, "observe", update, "alpha", exponent)
    if update.clipped or chance(rng, 0.3):
        statement, discount = local(program, "observe", "discount", trees.fill(RATIO, exponent=exponent))
        update.before(statement)
    else:
        low, told_low = scheduled(program, rng, ("beta", "negative_exponent"), -2.0, 1.0)
        told = f"{told} for positive and {told_low} for negative regrets"
        low = named(program, "observe", update, "beta", low)
        first, positive = local(program, "observe", "positive", trees.fill(RATIO, exponent=exponent))
        second, negative = local(program, "observe", "negative", trees.fill(RATIO, exponent=low))
        value = trees.fill(
            "np.where(r > 0, positive, negative)",
            r=trees.attribute(update.state),
            positive=positive,
            negative=negative,
        )
        third, discount = local(program, "observe", "discount", value)
        update.before(first, second, third)
    update.retention = [(False, discount)]
    update.write()
    return f"discount the cumulative regrets with {told}"


def discount_by_ratio(program: Program, rng: Generator) -> str:
    """Multiply the cumulative regrets by (t / (t + c))^p, as LCFR does with c = p = 1."""
    update = find_update(program)
    if chance(rng, 0.7):
        power = between(rng, 0.5, 4.0)
        discount = trees.fill("(t / (t + 1)) ** power", power=program.add_constant("discount_power", power))
        told = f"(t / (t + 1))^{power:g}"
    else:
        kept = round(1 - scale(rng, 0.002, 0.2), 3)
        discount = program.add_constant("retention", kept)
        told = f"{kept:g}"
    update.retention = [*(update.retention if chance(rng, 0.15) else []), (False, discount)]
    update.write()
    return f"multiply the cumulative regrets by {told} in every iteration"


def discount_by_volatility(program: Program, rng: Generator) -> str:
    """Let the discount's exponent fall where recent regrets are large, per information set."""
    update = find_update(program)
    state = magnitude(program, rng)
    size = program.add_constant("volatility_scale", scale(rng, 0.1, 4.0))
    sensitivity = program.add_constant("sensitivity", between(rng, 0.2, 1.5))
    alpha = between(rng, 1.0, 3.5)
    base = program.add_constant("alpha", alpha)
    first, volatility = local(
        program, "observe", "volatility", trees.fill("np.minimum(1.0, x / size)", x=state, size=size)
    )
    exponent = trees.fill(
        "base - sensitivity * volatility", base=base, sensitivity=sensitivity, volatility=volatility
    )
    second, named = local(program, "observe", "alpha", exponent)
    third, discount = local(program, "observe", "discount", spread(trees.fill(RATIO, exponent=named)))
    update.before(first, second, third)
    update.retention = [(False, discount)]
    update.write()
    return f"discount the cumulative regrets with exponent {alpha:g}, less where recent regrets are large"


def discount_negative(program: Program, rng: Generator) -> str:
    """Shrink negative regrets by a constant factor, keeping the discount of positive ones."""
    update = find_update(program)
    if update.clipped:
        update.floor = None
    kept = between(rng, 0.0, 0.95)
    factor = program.add_constant("negative_retention", kept)
    negative = trees.fill("np.where(r > 0, 1.0, factor)", r=trees.attribute(update.state), factor=factor)
    if update.retention and chance(rng, 0.5):
        value = trees.fill(
            "np.where(r > 0, held, factor)",
            r=trees.attribute(update.state),
            held=trees.product(update.retention),
            factor=factor,
        )
        update.retention = [(False, value)]
    else:
        update.retention = [*update.retention, (False, negative)]
    update.write()
    return f"multiply negative cumulative regrets by {kept:g} in every iteration"


def discount_projection(program: Program, rng: Generator) -> str:
    """Discount the regrets in the policy's argument too, as PDCFR+ does."""
    update, pattern = find_update(program), find_policy(program)
    parts = trees.terms(pattern.base)
    held = [place for place, (_, term) in enumerate(parts) if trees.self_attribute(term) == update.state]
    if len(held) != 1 or len(parts) < 2:
        raise NotApplicable("the policy has no prediction beside undiscounted regrets")
    exponent, told = scheduled(
        program, rng, ("projection_alpha", "projection_exponent"), 0.7, 4.0, constant=0.8
    )
    negative, term = parts[held[0]]
    exponent = named(program, "policy", pattern, "alpha", exponent)
    discount = trees.fill(f"r * ({RATIO})", r=term, exponent=exponent)
    if pick(rng, (True, False)) and update.retention and len(trees.factors(term)) == 1:
        told = f"{told}, beside the discount of the update"
    parts[held[0]] = (negative, discount)
    pattern.base = trees.total(parts)
    pattern.write()
    return f"discount the regrets that the prediction is added to, with {told}"


def restart_regrets(program: Program, rng: Generator) -> str:
    """Shrink the cumulative regrets at a regular pace or once."""
    update = find_update(program)
    kept = between(rng, 0.0, 0.8) if chance(rng, 0.7) else 0.0
    form = pick(rng, ("period", "doubling", "once"))
    if form == "period":
        steps = count(rng, 20, 400)
        test = trees.fill("t % period == 0", period=program.add_constant("period", steps))
        told = f"every {steps} iterations"
    elif form == "doubling":
        test, told = trees.fill("t & (t - 1) == 0"), "whenever the iteration is a power of two"
    else:
        share = between(rng, 0.05, 0.6)
        test = trees.fill(
            "t == round(share * self.horizon)", share=program.add_constant("restart_share", share)
        )
        told = f"after {share:g} of the horizon"
    state = trees.attribute(update.state)
    value = (
        trees.fill("kept * r", kept=program.add_constant("kept", kept), r=state)
        if kept
        else trees.fill("self.infosets.zeros()")
    )
    update.after(ast.If(test, [assign(state, value)], []))
    return f"multiply the cumulative regrets by {kept:g} {told}"
