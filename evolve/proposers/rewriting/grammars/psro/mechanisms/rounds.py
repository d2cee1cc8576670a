"""Whole ways to compute strategies, which later edits refine; how many rounds they take."""

from __future__ import annotations

import ast
from textwrap import dedent, indent

from nashforge.evolve.proposers.rewriting.grammars.psro.describe import import_helpers
from nashforge.evolve.proposers.rewriting.grammars.psro.round_pattern import loops_of, some_rounds, told
from nashforge.evolve.proposers.rewriting.sampling import Generator, between, chance, count, pick
from nashforge.evolve.proposers.rewriting.syntax.edit import NotApplicable
from nashforge.evolve.proposers.rewriting.syntax.program import Program
from nashforge.evolve.proposers.rewriting.syntax.trees import clone, fill, reads, replace_variables


def _averaged(steps: str) -> str:
    """Return rounds of some steps that begin with uniform strategies, and their average."""
    # Tidying lets equal expressions share one variable: arrays that change in place are made differently.
    return f"""\
strategies = game.uniform()
total = np.zeros(strategies.shape)
regret = np.zeros_like(strategies)
for played in range(1, rounds + 1):
{indent(dedent(steps), "    ")}\
    total = total + strategies
return total
"""


WAYS: dict[str, tuple[str, str]] = {
    "regret matching": (
        _averaged("""\
            gain = advantages(game.all_payoffs(strategies), strategies)
            regret = np.maximum(regret + gain, 0.0)
            strategies = normalize(regret)
            """),
        "match regrets that are kept above zero, all players at once",
    ),
    "regret matching in turn": (
        _averaged("""\
            for p in range(game.players):
                gain = advantages(game.payoffs(p, strategies), strategies[p])
                regret[p] = np.maximum(regret[p] + gain, 0.0)
                strategies[p] = normalize(regret[p])
            """),
        "match regrets that are kept above zero, players in turn",
    ),
    "projection": (
        _averaged("""\
            gain = rescale(advantages(game.all_payoffs(strategies), strategies))
            regret = regret + gain
            strategies = project(regret / (scale * np.sqrt(played)))
            """),
        "project cumulative gains on the simplex",
    ),
    "hedge": (
        _averaged("""\
            gain = rescale(advantages(game.all_payoffs(strategies), strategies))
            regret = regret + gain
            strategies = softmax(regret / np.sqrt(played), scale)
            """),
        "weigh policies exponentially in cumulative gains",
    ),
    "fictitious play": (
        """\
strategies = game.uniform()
for played in range(1, rounds + 1):
    payoffs = rescale(center(game.all_payoffs(strategies)))
    strategies = strategies + (softmax(payoffs, scale) - strategies) / (played + 1)
return strategies
""",
        "play smoothed best responses to average strategies",
    ),
}


def install_rounds(program: Program, rng: Generator) -> str:
    """Compute the strategies of a method, or of both, in rounds."""
    bare = [name for name in ("train", "evaluate") if not loops_of(program, name)]
    if not bare and not chance(rng, 0.15):
        raise NotApplicable("both methods have rounds")
    methods = bare if len(bare) == 2 and chance(rng, 0.5) else [pick(rng, bare or ["train", "evaluate"])]
    way = pick(rng, sorted(WAYS))
    text, said = WAYS[way]
    for method in methods:
        rounds = count(rng, 100, 1000) if method == "train" else count(rng, 200, 2000)
        names = {"rounds": program.add_constant((f"{method}_rounds", "rounds"), rounds)}
        if "scale" in text:
            names["scale"] = program.add_constant(("scale", f"{method}_scale"), between(rng, 0.05, 0.8))
        program.methods[method].body = replace_variables(ast.parse(text), names).body
    import_helpers(program)
    return f"in {' and '.join(methods)}: {said}"


def share_method(program: Program, rng: Generator) -> str:
    """Let one method do what the other does."""
    source, target = pick(rng, (("train", "evaluate"), ("evaluate", "train")))
    if not loops_of(program, source):
        raise NotApplicable(f"{source}() has no rounds")
    program.methods[target].body = [clone(statement) for statement in program.body(source)]
    return f"{target}() does what {source}() does"


def grow_rounds(program: Program, rng: Generator) -> str:
    """Take more rounds, the more policies there are."""
    rounds = some_rounds(program, rng)
    number = rounds.count
    if "game" in reads(number):
        raise NotApplicable("the rounds grow already")
    more = program.add_constant(("rounds_a_policy", "more_rounds"), count(rng, 2, 40))
    given = rounds.loop.iter
    assert isinstance(given, ast.Call)
    grown = fill("number + more * game.policies", number=number, more=more)
    given.args[-1] = grown if len(given.args) == 1 else fill("grown + 1", grown=grown)
    return told(rounds, "take more rounds, the more policies there are")
