"""What a round adds to the regrets: rescaled, with momentum, with a bonus for rare policies, discounted."""

from __future__ import annotations

import ast

from nashforge.evolve.proposers.rewriting.grammars.psro.imports import import_helpers
from nashforge.evolve.proposers.rewriting.grammars.psro.round_pattern import (
    GAINS,
    POLICIES,
    Place,
    Rounds,
    equal,
    some_rounds,
    told,
)
from nashforge.evolve.proposers.rewriting.sampling import Generator, between, chance, pick, scale
from nashforge.evolve.proposers.rewriting.syntax.edit import NotApplicable
from nashforge.evolve.proposers.rewriting.syntax.program import Program
from nashforge.evolve.proposers.rewriting.syntax.trees import (
    as_expression,
    clone,
    fill,
    reads,
    substitute,
    walk,
)


def _gain(rounds: Rounds, rng: Generator) -> Place:
    place = rounds.place(GAINS, rng)
    for node in walk(place.statement.value):
        # The gain is rescaled already: act on what comes out.
        if isinstance(node, ast.Call) and place.node in node.args and node is not place.node:
            return Place(place.block, place.statement, node)
    return place


def rescale_gains(program: Program, rng: Generator) -> str:
    """Divide the gains by the largest."""
    rounds = some_rounds(program, rng)
    place = rounds.place(GAINS, rng)
    if any(isinstance(n, ast.Call) and place.node in n.args for n in walk(place.statement.value)):
        raise NotApplicable("the gains are an argument already")
    place.replace(fill("rescale(x)", x=place.node))
    import_helpers(program)
    return told(rounds, "divide the gains of a round by the largest")


def add_momentum(program: Program, rng: Generator) -> str:
    """Extrapolate the gains: g + b (g - g of the round before)."""
    rounds = some_rounds(program, rng)
    place = _gain(rounds, rng)
    target = place.statement.targets[0]
    gain = rounds.named(place, "gain")
    weight = between(rng, 0.1, 1.2)
    name = program.fresh(("previous", "last_gain"), rounds.method)
    momentum = program.add_constant("momentum", weight)
    inner = _index(rounds, place, target)
    previous = as_expression(name if inner is None else f"{name}[{ast.unparse(inner)}]")
    if inner is not None and any(isinstance(node, ast.Tuple) for part in rounds.body for node in walk(part)):
        raise NotApplicable("there is momentum already")
    # Not the expression that other zeros have: tidying would let them share an array that changes in place.
    rounds.before_loop(f"{name} = np.zeros((game.players, game.policies))")
    moved = fill("g + b * (g - before)", g=gain, b=momentum, before=previous)
    index = next(i for i, s in enumerate(place.block) if isinstance(s, ast.Assign) and equal(_load(s), gain))
    for statement in place.block[index + 1 :]:
        if isinstance(statement, ast.Assign) and _names(gain) in reads(statement.value):
            wanted = _names(gain)
            statement.value = substitute(
                statement.value,
                lambda node: clone(moved) if isinstance(node, ast.Name) and node.id == wanted else None,  # noqa: B023
            )
            break
    else:
        raise NotApplicable("the gains are not used")
    stored = ast.Assign([_store(previous)], clone(gain))
    place.block.append(stored)
    import_helpers(program)
    return told(rounds, f"add {weight:g} times the change of the gains")


def add_bonus(program: Program, rng: Generator) -> str:
    """Add a bonus to policies that are played little."""
    rounds = some_rounds(program, rng)
    place = _gain(rounds, rng)
    weight = scale(rng, 0.0005, 0.2)
    bonus = program.add_constant(("diversity", "bonus"), weight)
    target = rounds.mixture().target
    mine = target if isinstance(target, ast.Subscript) else as_expression(rounds.strategies)
    place.replace(fill("x + bonus * (1 - s)", x=place.node, bonus=bonus, s=mine))
    return told(rounds, f"add {weight:g} (1 - s) to the gains")


def discount(program: Program, rng: Generator) -> str:
    """Shrink cumulative regrets in every round."""
    rounds = some_rounds(program, rng)
    places = [place for place in rounds.accumulators() if _takes_gain(rounds, place)]
    if not places:
        raise NotApplicable("nothing is accumulated")
    place = pick(rng, places)
    if chance(rng, 0.5):
        kept = between(rng, 0.8, 0.999, digits=3)
        factor = program.add_constant(("decay", "retention"), kept)
        said = f"multiply the regrets by {kept:g}"
    else:
        power = between(rng, 0.5, 3.0)
        exponent = program.add_constant(("discount_power", "alpha"), power)
        factor = fill("(n / (n + 1)) ** power", n=rounds.counter, power=exponent)
        said = f"multiply the regrets by (n / (n + 1))^{power:g}"
    state = place.target
    done = False

    def shrink(node: ast.AST) -> ast.AST | None:
        nonlocal done
        if not done and isinstance(node, ast.expr) and equal(node, state):
            done = True
            return fill("factor * x", factor=factor, x=state)
        return None

    place.replace(substitute(clone(place.node), shrink))
    return told(rounds, said)


def predict(program: Program, rng: Generator) -> str:
    """Be optimistic: make the strategies as if the latest gains came again."""
    rounds = some_rounds(program, rng)
    mixture = rounds.place(POLICIES, rng)
    gains = [place for place in rounds.places(GAINS) if place.block is mixture.block]
    if not gains or not isinstance(mixture.node, ast.Call):
        raise NotApplicable("no gains beside the strategies")
    gain = rounds.named(_gain(rounds, rng), "gain")
    if _names(gain) in reads(mixture.node):
        raise NotApplicable("the strategies read the gains already")
    weight = between(rng, 0.2, 2.0)
    trust = program.add_constant(("optimism", "prediction"), weight)
    state = mixture.node.args[0]
    mixture.node.args[0] = fill("x + trust * g", x=state, trust=trust, g=gain)
    return told(rounds, f"count {weight:g} times the latest gains once more")


def clip_regrets(program: Program, rng: Generator) -> str:
    """Keep cumulative regrets above a floor, or let them fall."""
    rounds = some_rounds(program, rng)
    places = [place for place in rounds.accumulators() if _takes_gain(rounds, place)]
    if not places:
        raise NotApplicable("nothing is accumulated")
    place = pick(rng, places)
    node = place.node
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "np.maximum" and chance(rng, 0.5):
        place.replace(node.args[0])
        return told(rounds, "let the regrets fall below zero")
    lowest = -scale(rng, 0.05, 20.0)
    floor = program.add_constant("floor", lowest)
    inner = node.args[0] if isinstance(node, ast.Call) else node
    place.replace(fill("np.maximum(x, floor)", x=inner, floor=floor))
    import_helpers(program)
    return told(rounds, f"keep the regrets above {lowest:g}")


def _takes_gain(rounds: Rounds, place: Place) -> bool:
    """Whether an accumulator sums something else than strategies."""
    return rounds.strategies not in reads(place.statement.value) - {_names(place.target)}


def _index(rounds: Rounds, place: Place, target: ast.expr) -> ast.expr | None:
    """Return the player in turn, where the block is that of one player."""
    mixture = rounds.mixture()
    if mixture.block is place.block and isinstance(mixture.statement.targets[0], ast.Subscript):
        return clone(mixture.statement.targets[0].slice)
    return None


def _names(node: ast.expr) -> str:
    bare = node.value if isinstance(node, ast.Subscript) else node
    return bare.id if isinstance(bare, ast.Name) else ""


def _load(statement: ast.Assign) -> ast.expr:
    target = clone(statement.targets[0])
    if isinstance(target, ast.Name | ast.Subscript):
        target.ctx = ast.Load()
    return target


def _store(node: ast.expr) -> ast.expr:
    target = clone(node)
    if isinstance(target, ast.Name | ast.Subscript):
        target.ctx = ast.Store()
    return target
