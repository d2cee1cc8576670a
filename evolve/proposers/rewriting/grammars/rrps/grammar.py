"""Players of rock, paper, scissors, see `Player`: what they are given and must return."""

from __future__ import annotations

from nashforge.evolve.proposers.rewriting.analysis.values import ANY, SCALAR, Result, Value
from nashforge.evolve.proposers.rewriting.grammar import Grammar, Kind, Method, Terms
from nashforge.evolve.proposers.rewriting.grammars.rrps.mechanisms import MECHANISMS, take_strategy
from nashforge.evolve.proposers.rewriting.operators.registry import GENERIC
from nashforge.evolve.proposers.rewriting.recombination import take_constants, take_method
from nashforge.evolve.proposers.rewriting.syntax.program import Module
from nashforge.evolve.proposers.rewriting.syntax.trees import reads

THROWS = "throws"
"""The shape of strategies and predictions: a weight for each of the three throws."""

PAST = "past"
"""The shape of what was thrown so far."""

_STRATEGY = Value(THROWS, 0.0, 1.0, policy=True)
_PREDICTORS = ("frequency", "steps", "markov", "match")


def _is_strategy(returned: Value | None) -> str | None:
    if returned is None or returned.shape not in (THROWS, SCALAR, ANY):
        return "act() returns neither a throw nor weights of throws"
    return "a weight may become negative" if returned.shape == THROWS and returned.low < 0 else None


def _prediction(name: str, arguments: list[Value]) -> Result:
    return _STRATEGY, None if name in _PREDICTORS else f"undefined predictor {name}"


def sound(module: Module) -> bool:
    """Whether a player still looks at what was thrown."""
    (program,) = module.programs
    looked_at = {"self.them", "self.me", program.parameter("act", 0), program.parameter("act", 1)}
    return any(looked_at & reads(*function.body) for function in program.methods.values())


PLAYER = Kind(
    base="Player",
    methods=(
        Method(
            "act",
            {
                "own": Value(PAST, 0, 2),
                "theirs": Value(PAST, 0, 2),
                "t": Value(SCALAR, 0, 1000),
            },
            returns=_is_strategy,
        ),
    ),
    attributes={"throws": Value(SCALAR, 1, 1000), "score": Value(SCALAR, -1000, 1000)},
    objects={"them": _prediction, "me": _prediction},
    functions={
        f"self.{name}": _STRATEGY
        for name in ("uniform", "beat", "cede", "reply", "lead", "hedge", "outguess")
    },
    exchangeable_parts=(take_strategy, take_constants, take_method("act")),
    zeros="self.uniform()",
    made=THROWS,
    terms=Terms(
        shapes=(THROWS,),
        schedules=("size",),
        wrappers={THROWS: ("self.beat(x)", "self.cede(x)", "self.reply(x)", "x * x")},
    ),
)

RRPS = Grammar(
    name="rrps",
    what="player",
    kinds=(PLAYER,),
    operators=(*GENERIC, *MECHANISMS),
    sound=sound,
)
