"""Learners of equilibria, see `Learner`: what they are given and must keep."""

from __future__ import annotations

from nashforge.evolve.proposers.rewriting.analysis.values import ANY, INF, SCALAR, Value
from nashforge.evolve.proposers.rewriting.grammar import Grammar, Kind, Method, Terms
from nashforge.evolve.proposers.rewriting.grammars.rqe.mechanisms import MECHANISMS
from nashforge.evolve.proposers.rewriting.operators.registry import GENERIC
from nashforge.evolve.proposers.rewriting.syntax.program import Module
from nashforge.evolve.proposers.rewriting.syntax.trees import reads

ACTIONS = "actions"
HORIZON = 100_000.0
_STRATEGY = Value(ACTIONS, 0.0, 1.0)


def _is_strategy(returned: Value | None) -> str | None:
    if returned is None or returned.shape not in (ACTIONS, ANY):
        return "update() returns no array over actions"
    return None


def sound(module: Module) -> bool:
    """Whether a learner still looks at its gradient."""
    (program,) = module.programs
    gradient = program.parameter("update", 2)
    return any(gradient in reads(statement) for statement in program.body("update"))


LEARNER = Kind(
    base="Learner",
    methods=(
        Method(
            "update",
            {
                "t": Value(SCALAR, 1, HORIZON),
                "strategy": Value(ACTIONS, 1e-9, 1.0),
                "gradient": Value(ACTIONS),
            },
            returns=_is_strategy,
        ),
    ),
    attributes={
        "actions": Value(SCALAR, 1, INF),
        "horizon": Value(SCALAR, 1, HORIZON),
        "adversary": Value(SCALAR, 0, 1),
    },
    functions={
        "self.zeros": Value(ACTIONS, 0, 0),
        "self.uniform": _STRATEGY,
        "self.project": _STRATEGY,
        "self.softmax": _STRATEGY,
        "self.normalize": _STRATEGY,
    },
    zeros="self.zeros()",
    made=ACTIONS,
    terms=Terms(
        shapes=(ACTIONS,),
        clock="t",
        schedules=("size", "1 / (1 + t / time)", "t / (t + time)"),
        factors={ACTIONS: (ACTIONS, "x")},
        centred={ACTIONS: "x - np.mean(x)"},
        wrappers={ACTIONS: ("np.sign(x) * np.sqrt(np.abs(x))", "x / (1 + np.max(np.abs(x)))", "np.tanh(x)")},
        whole=frozenset({"self.project", "self.softmax", "self.normalize"}),
    ),
)

RQE = Grammar(
    name="rqe",
    what="learner",
    kinds=(LEARNER,),
    operators=(*GENERIC, *(mechanism.operator for mechanism in MECHANISMS)),
    sound=sound,
)
