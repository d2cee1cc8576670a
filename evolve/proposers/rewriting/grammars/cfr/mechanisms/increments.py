"""Increments of cumulative regrets (asymmetric, normalised, weighted, with momentum), and their floor."""

from __future__ import annotations

import ast

from nashforge.evolve.proposers.rewriting.grammars.cfr.mechanisms.parts import (
    assign,
    fading,
    local,
    magnitude,
    moving_average,
    spread,
)
from nashforge.evolve.proposers.rewriting.grammars.cfr.update_pattern import (
    RegretUpdate,
    find_policy,
    find_update,
)
from nashforge.evolve.proposers.rewriting.sampling import Generator, between, chance, pick, scale
from nashforge.evolve.proposers.rewriting.syntax.edit import NotApplicable
from nashforge.evolve.proposers.rewriting.syntax.program import Program
from nashforge.evolve.proposers.rewriting.syntax.trees import (
    assignment,
    attribute,
    called,
    factors,
    fill,
    literal,
    product,
    self_attribute,
)


def _multiply(update: RegretUpdate, factor: ast.expr, replace: bool, divides: bool = False) -> None:
    """Multiply the increment, or the bare instantaneous regrets if it is to be replaced."""
    present = [(False, update.instantaneous)] if replace else factors(update.increment)
    parts = [*present, (True, factor)] if divides else [(False, factor), *present]
    update.increment = product(parts)
    update.write()


def scale_by_sign(program: Program, rng: Generator) -> str:
    """Weigh positive and negative instantaneous regrets differently."""
    update = find_update(program)
    gain, loss = between(rng, 0.7, 1.6), between(rng, 0.5, 1.3)
    regret = update.instantaneous
    boost = program.add_constant("boost", gain)
    damping: ast.expr = ast.Constant(1.0)
    told = f"multiply positive instantaneous regrets by {gain:g}"
    if chance(rng, 0.5):
        damping = program.add_constant("damping", loss)
        told += f" and negative ones by {loss:g}"
    value = fill("np.where(regret > 0, boost, damping)", regret=regret, boost=boost, damping=damping)
    _multiply(update, value, chance(rng, 0.6))
    return told


def scale_by_agreement(program: Program, rng: Generator) -> str:
    """Weigh instantaneous regrets by whether they agree in sign with the cumulative ones."""
    update = find_update(program)
    with_, against = between(rng, 0.8, 1.6), between(rng, 0.5, 1.3)
    if with_ == against:
        raise NotApplicable("agreement makes no difference")
    value = fill(
        "np.where(regret * r > 0, same, other)",
        regret=update.instantaneous,
        r=attribute(update.state),
        same=program.add_constant("agreement", with_),
        other=program.add_constant("disagreement", against),
    )
    statement, named = local(program, "observe", "scale", value)
    update.before(statement)
    _multiply(update, named, chance(rng, 0.6))
    return f"multiply instantaneous regrets by {with_:g} where they agree in sign with R, else by {against:g}"


def normalise_increment(program: Program, rng: Generator) -> str:
    """Divide the instantaneous regrets by their recent size, per information set."""
    state = magnitude(program, rng)
    update = find_update(program)
    power = pick(rng, (1.0, 1.0, 0.5))
    size = spread(fill("x + 1e-9", x=state) if power == 1 else fill("np.sqrt(x + 1e-9)", x=state))
    _multiply(update, size, chance(rng, 0.5), divides=True)
    return (
        "divide the instantaneous regrets by " + ("" if power == 1 else "the root of ") + "their recent size"
    )


def compress_increment(program: Program, rng: Generator) -> str:
    """Damp large instantaneous regrets: r / (1 + |r| / c) or c tanh(r / c)."""
    update = find_update(program)
    size = scale(rng, 0.2, 10.0)
    limit = program.add_constant("limit", size)
    template = pick(rng, ("r / (1 + np.abs(r) / limit)", "limit * np.tanh(r / limit)"))
    update.increment = fill(template, r=update.instantaneous, limit=limit)
    update.write()
    return f"damp instantaneous regrets larger than {size:g}"


def weigh_by_time(program: Program, rng: Generator) -> str:
    """Let later instantaneous regrets count more, as t^p."""
    update = find_update(program)
    power = between(rng, 0.3, 2.5)
    factor = fill("t**power", power=program.add_constant("regret_power", power))
    _multiply(update, factor, chance(rng, 0.6))
    return f"weigh instantaneous regrets by t^{power:g}"


def add_momentum(program: Program, rng: Generator) -> str:
    """Add a moving average of the instantaneous regrets to the increment."""
    update = find_update(program)
    size = between(rng, 0.1, 1.0)
    velocity, statement = moving_average(program, rng, ("velocity", "momentum"), update.instantaneous)
    update.before(statement)
    weight = program.add_constant("momentum_weight", size)
    update.increment = fill("increment + weight * v", increment=update.increment, weight=weight, v=velocity)
    update.write()
    return f"add {size:g} times a moving average of the regrets to the regrets"


def pull_to_reference(program: Program, rng: Generator) -> str:
    """Regularise: pull the policy towards uniform by a term that vanishes with time."""
    update, pattern = find_update(program), find_policy(program)
    weight, told = fading(program, rng, ("pull", "regularisation"), 0.01, 0.5)
    played = program.add_state(("played", "current"), "self.infosets.uniform()")
    statement = pattern.block[-1]
    if not isinstance(statement, ast.Return) or statement.value is None:
        raise NotApplicable("policy() does not end with a return of the policy")
    pattern.block[-1:] = [assign(played, statement.value), ast.Return(played)]
    size = fill("self.infosets.max(np.abs(regret))", regret=update.instantaneous)
    term = fill(
        "weight * spread_ * (self.infosets.uniform() - played)",
        weight=weight,
        spread_=spread(size),
        played=played,
    )
    update.increment = fill("increment + term", increment=update.increment, term=term)
    update.write()
    return f"pull the policy towards uniform, {told}"


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
