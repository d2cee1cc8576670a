"""Gains that a round adds to regrets: rescaled, with momentum, with a bonus for rare policies, discounted."""

from __future__ import annotations

import ast

from nashforge.evolve.proposers.rewriting.grammars.psro.describe import import_helpers
from nashforge.evolve.proposers.rewriting.grammars.psro.round_pattern import (
    GAINS,
    POLICIES,
    ExpressionSite,
    RoundPattern,
    some_rounds,
    told,
    variable_of,
)
from nashforge.evolve.proposers.rewriting.sampling import Generator, between, chance, pick, scale
from nashforge.evolve.proposers.rewriting.syntax import trees
from nashforge.evolve.proposers.rewriting.syntax.edit import NotApplicable
from nashforge.evolve.proposers.rewriting.syntax.program import Program


def _gain(rounds: RoundPattern, rng: Generator) -> ExpressionSite:
    place = rounds.call(GAINS, rng)
    for node in trees.walk(place.statement.value):
        # The gain is rescaled already: act on what comes out.
        if isinstance(node, ast.Call) and place.node in node.args and node is not place.node:
            return ExpressionSite(place.block, place.statement, node)
    return place


def rescale_gains(program: Program, rng: Generator) -> str:
    """Divide the gains by the largest."""
    rounds = some_rounds(program, rng)
    place = rounds.call(GAINS, rng)
    if any(isinstance(n, ast.Call) and place.node in n.args for n in trees.walk(place.statement.value)):
        raise NotApplicable("the gains are an argument already")
    place.replace(trees.fill("rescale(x)", x=place.node))
    import_helpers(program)
    return told(rounds, "divide the gains of a round by the largest")


def add_momentum(program: Program, rng: Generator) -> str:
    """Extrapolate the gains: g + b (g - g of the round before)."""
    rounds = some_rounds(program, rng)
    place = _gain(rounds, rng)
    gain = rounds.named(place, "gain")
    weight = between(rng, 0.1, 1.2)
    name = program.fresh(("previous", "last_gain"), rounds.method)
    momentum = program.add_constant("momentum", weight)
    player = _player(rounds, place)
    previous = trees.as_expression(name if player is None else f"{name}[{ast.unparse(player)}]")
    if player is not None and any(
        isinstance(node, ast.Tuple) for part in rounds.body for node in trees.walk(part)
    ):
        raise NotApplicable("there is momentum already")
    # Not the expression that other zeros have: tidying would let them share an array that changes in place.
    rounds.before_loop(f"{name} = np.zeros((game.players, game.policies))")
    moved = trees.fill("g + b * (g - before)", g=gain, b=momentum, before=previous)
    named = [isinstance(other, ast.Assign) and trees.same(other.targets[0], gain) for other in place.block]
    for statement in place.block[named.index(True) + 1 :]:
        if isinstance(statement, ast.Assign) and variable_of(gain) in trees.reads(statement.value):
            statement.value = trees.replace_variables(statement.value, {variable_of(gain): moved})
            break
    else:
        raise NotApplicable("the gains are not used")
    place.block.append(ast.Assign([previous], trees.clone(gain)))
    import_helpers(program)
    return told(rounds, f"add {weight:g} times the change of the gains")


def add_bonus(program: Program, rng: Generator) -> str:
    """Add a bonus to policies that are played little."""
    rounds = some_rounds(program, rng)
    place = _gain(rounds, rng)
    weight = scale(rng, 0.0005, 0.2)
    bonus = program.add_constant(("diversity", "bonus"), weight)
    target = rounds.mixture().target
    mine = target if isinstance(target, ast.Subscript) else trees.as_expression(rounds.strategies)
    place.replace(trees.fill("x + bonus * (1 - s)", x=place.node, bonus=bonus, s=mine))
    return told(rounds, f"add {weight:g} (1 - s) to the gains")


def discount(program: Program, rng: Generator) -> str:
    """Shrink cumulative regrets in every round."""
    rounds = some_rounds(program, rng)
    place = _accumulated(rounds, rng)
    if chance(rng, 0.5):
        kept = between(rng, 0.8, 0.999, digits=3)
        factor = program.add_constant(("decay", "retention"), kept)
        said = f"multiply the regrets by {kept:g}"
    else:
        power = between(rng, 0.5, 3.0)
        exponent = program.add_constant(("discount_power", "alpha"), power)
        factor = trees.fill("(n / (n + 1)) ** power", n=rounds.counter, power=exponent)
        said = f"multiply the regrets by (n / (n + 1))^{power:g}"
    state = place.target
    done = False

    def shrink(node: ast.AST) -> ast.AST | None:
        nonlocal done
        if not done and isinstance(node, ast.expr) and trees.same(node, state):
            done = True
            return trees.fill("factor * x", factor=factor, x=state)
        return None

    place.replace(trees.substitute(trees.clone(place.node), shrink))
    return told(rounds, said)


def predict(program: Program, rng: Generator) -> str:
    """Be optimistic: make the strategies as if the latest gains came again."""
    rounds = some_rounds(program, rng)
    mixture = rounds.call(POLICIES, rng)
    gains = [place for place in rounds.calls(GAINS) if place.block is mixture.block]
    if not gains or not isinstance(mixture.node, ast.Call):
        raise NotApplicable("no gains beside the strategies")
    gain = rounds.named(_gain(rounds, rng), "gain")
    if variable_of(gain) in trees.reads(mixture.node):
        raise NotApplicable("the strategies read the gains already")
    weight = between(rng, 0.2, 2.0)
    trust = program.add_constant(("optimism", "prediction"), weight)
    state = mixture.node.args[0]
    mixture.node.args[0] = trees.fill("x + trust * g", x=state, trust=trust, g=gain)
    return told(rounds, f"count {weight:g} times the latest gains once more")


def clip_regrets(program: Program, rng: Generator) -> str:
    """Keep cumulative regrets above a floor, or let them fall."""
    rounds = some_rounds(program, rng)
    place = _accumulated(rounds, rng)
    node = place.node
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "np.maximum" and chance(rng, 0.5):
        place.replace(node.args[0])
        return told(rounds, "let the regrets fall below zero")
    lowest = -scale(rng, 0.05, 20.0)
    floor = program.add_constant("floor", lowest)
    inner = node.args[0] if isinstance(node, ast.Call) else node
    place.replace(trees.fill("np.maximum(x, floor)", x=inner, floor=floor))
    import_helpers(program)
    return told(rounds, f"keep the regrets above {lowest:g}")


def _accumulated(rounds: RoundPattern, rng: Generator) -> ExpressionSite:
    """Return one of the sums over rounds of something else than strategies."""
    found = rounds.accumulators()
    sums = [site for site in found if rounds.strategies not in trees.reads(site.node) - {site.variable}]
    return pick(rng, sums, "nothing is accumulated")


def _player(rounds: RoundPattern, place: ExpressionSite) -> ast.expr | None:
    """Return the player in turn, where the block is that of one player."""
    mixture = rounds.mixture()
    if mixture.block is place.block and isinstance(mixture.target, ast.Subscript):
        return mixture.target.slice
    return None
