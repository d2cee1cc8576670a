"""Learners of mean-field games, see `MeanFieldLearner`: what they are given and must keep."""

from __future__ import annotations

from nashforge.evolve.proposers.rewriting.analysis.values import ANY, SCALAR, Value
from nashforge.evolve.proposers.rewriting.grammar import Grammar, Kind, Method, Terms
from nashforge.evolve.proposers.rewriting.grammars.mfg.mechanisms import MECHANISMS
from nashforge.evolve.proposers.rewriting.operators.registry import GENERIC
from nashforge.evolve.proposers.rewriting.syntax.program import Module
from nashforge.evolve.proposers.rewriting.syntax.trees import reads

TABLE = "table"
"""The shape of policies and values: a row a state, a column an action."""
HORIZON = 100_000.0
_POLICY = Value(TABLE, 0.0, 1.0)
_MASS = Value(ANY, 0.0, 1.0)  # a column, which fits every table


def _is_policy(returned: Value | None) -> str | None:
    if returned is None or returned.shape not in (TABLE, ANY):
        return "update() returns no array over states and actions"
    return "a probability may become negative" if returned.shape == TABLE and returned.low < 0 else None


def sound(module: Module) -> bool:
    """Whether a learner still looks at what actions are worth."""
    (program,) = module.programs
    told = {program.parameter("update", 2), program.parameter("update", 3)}
    return any(told & reads(statement) for statement in program.body("update"))


LEARNER = Kind(
    base="MeanFieldLearner",
    methods=(
        Method(
            "update",
            {
                "t": Value(SCALAR, 1, HORIZON),
                "policy": _POLICY,
                "values": Value(TABLE),
                "best": Value(TABLE),
                "mass": _MASS,
                "best_mass": _MASS,
            },
            returns=_is_policy,
        ),
    ),
    attributes={"horizon": Value(SCALAR, 1, HORIZON), "legal": _POLICY},
    functions={
        "self.zeros": Value(TABLE, 0, 0),
        "self.uniform": _POLICY,
        "self.softmax": _POLICY,
        "self.greedy": _POLICY,
        "self.normalize": _POLICY,
        "self.mean": Value(ANY),
    },
    permissive=True,
    zeros="self.zeros()",
    made=TABLE,
    terms=Terms(
        shapes=(TABLE,),
        clock="t",
        schedules=("size", "1 / (1 + t / time)", "t / (t + time)", "np.sqrt(t)"),
        factors={TABLE: (TABLE, "x")},
        centred={TABLE: "x - np.mean(x, axis=1, keepdims=True)"},
        wrappers={
            TABLE: (
                "np.sign(x) * np.sqrt(np.abs(x))",
                "x / (1 + np.max(np.abs(x), axis=1, keepdims=True))",
                "np.tanh(x)",
            )
        },
        whole=frozenset({"self.softmax", "self.greedy", "self.normalize"}),
    ),
)

MFG = Grammar(
    name="mfg",
    what="learner",
    kinds=(LEARNER,),
    operators=(*GENERIC, *(mechanism.operator for mechanism in MECHANISMS)),
    sound=sound,
)
