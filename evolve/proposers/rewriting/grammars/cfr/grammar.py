"""CFR rules, see `RegretMinimizer`: what they are given and what they must keep."""

from __future__ import annotations

import ast

from nashforge.evolve.proposers.rewriting.analysis.values import (
    ANY,
    INF,
    LIST,
    SCALAR,
    TOP,
    Issue,
    Result,
    Value,
)
from nashforge.evolve.proposers.rewriting.grammar import Grammar, Kind, Method, Terms
from nashforge.evolve.proposers.rewriting.grammars.cfr.describe import describe
from nashforge.evolve.proposers.rewriting.grammars.cfr.exchangeable_parts import EXCHANGEABLE
from nashforge.evolve.proposers.rewriting.grammars.cfr.registry import OPERATORS
from nashforge.evolve.proposers.rewriting.grammars.cfr.update_pattern import find_update
from nashforge.evolve.proposers.rewriting.syntax.program import Module
from nashforge.evolve.proposers.rewriting.syntax.trees import literal, reads, walk_statements

INFOSET, SEQUENCE = "infoset", "sequence"
"""Shapes: one entry an information set, one entry a sequence."""

HORIZON = 10_000.0
"""Assumed number of iterations; the bounds of ``t / horizon`` hold for any."""


def infosets_helper(name: str, arguments: list[Value]) -> Result:
    """Return what ``self.infosets.name(...)`` gives, and what could go wrong."""
    if name == "zeros":
        return Value(SEQUENCE, 0, 0), None
    if name == "uniform":
        return Value(SEQUENCE, 0, 1, policy=True), None
    if len(arguments) != 1:
        return TOP, "wrong number of arguments"
    (x,) = arguments
    if name == "spread":
        return Value(SEQUENCE, x.low, x.high), _expect(x, INFOSET)
    if name in ("sum", "max", "min", "mean"):
        low, high = (x.low, x.high)
        if name == "sum":
            low, high = (
                (x.low if x.low > 0 else x.low * INF if x.low < 0 else 0.0),
                (x.high if x.high < 0 else INF if x.high > 0 else 0.0),
            )
        return Value(INFOSET, low, high), _expect(x, SEQUENCE)
    if name in ("normalize", "project"):
        return Value(SEQUENCE, 0, 1, policy=True), _expect(x, SEQUENCE)
    return TOP, f"undefined helper {name}"


def _expect(x: Value, shape: str) -> Issue:
    return None if x.shape in (shape, ANY) else "shapes do not fit"


def _no_array(name: str, returned: Value | None) -> str | None:
    wrong = returned is None or returned.shape not in (SEQUENCE, ANY)
    return f"{name}() returns no array over sequences" if wrong else None


def _returns_weights(returned: Value | None) -> str | None:
    if returned is not None and returned.shape == ANY:
        return None
    if returned is None or returned.shape != LIST or len(returned.parts) != 2:
        return "weights() does not return keep and add"
    if any(part.shape not in (SCALAR, INFOSET, ANY) for part in returned.parts):
        return "weights() returns no weight an information set"
    return "weights may become negative" if any(part.low < 0 for part in returned.parts) else None


def _returns_policy(returned: Value | None) -> str | None:
    wrong = _no_array("policy", returned)
    if wrong is None and returned is not None and not returned.policy and returned != TOP:
        return "policy() returns something that need not be a policy"
    return wrong


def sound(module: Module) -> bool:
    """Whether regrets still enter the state, the state the policy, and policies the average."""
    (program,) = module.programs
    observed = program.parameter("observe", 1)
    state = {f"self.{name}" for name in program.state()}
    return (
        any(observed in reads(statement) for statement in program.body("observe"))
        and any(_adds(statement) for _, _, statement in walk_statements(program.body("weights")))
        and any(state & reads(statement) for statement in program.body("policy"))
    )


def _adds(statement: ast.stmt) -> bool:
    """Whether a statement returns weights that may let a policy into the average."""
    if not isinstance(statement, ast.Return):
        return False
    value = statement.value
    return not (isinstance(value, ast.Tuple) and value.elts and literal(value.elts[-1]) == 0)


_T = Value(SCALAR, 1, HORIZON)
_PLAYED = Value(SEQUENCE, 0, 1, policy=True)

RULE = Kind(
    base="RegretMinimizer",
    methods=(
        Method("observe", {"t": _T, "regret": Value(SEQUENCE)}),
        Method(
            "weights",
            {"t": _T, "policy": _PLAYED, "reach": Value(SEQUENCE, 0, 1)},
            returns=_returns_weights,
        ),
        Method("policy", {"t": _T}, returns=_returns_policy),
    ),
    attributes={
        "horizon": Value(SCALAR, HORIZON, HORIZON),
        "infosets.count": Value(SCALAR, 1, INF),
        "infosets.sequences": Value(SCALAR, 1, INF),
        "infosets.sizes": Value(INFOSET, 1, INF),
    },
    objects={"infosets": infosets_helper},
    declarations=frozenset({"scale_free", "first_average"}),
    zeros="self.infosets.zeros()",
    # np.zeros(self.infosets.count) is what rules write; over sequences there is self.infosets.zeros().
    made=INFOSET,
    terms=Terms(
        shapes=(INFOSET, SEQUENCE),
        clock="t",
        schedules=(
            "size",
            "size",
            "t / self.horizon",
            "1 - t / (self.horizon + 1)",
            "1 / (1 + t / time)",
            "t / (t + time)",
            "np.sqrt(t)",
        ),
        factors={INFOSET: (INFOSET, "x"), SEQUENCE: (INFOSET, "self.infosets.spread(x)")},
        centred={SEQUENCE: "x - self.infosets.spread(self.infosets.mean(x))"},
        wrappers={
            SEQUENCE: (
                "x - self.infosets.spread(self.infosets.mean(x))",
                "x - self.infosets.spread(self.infosets.max(x))",
                "x / (self.infosets.spread(self.infosets.max(np.abs(x))) + 1e-9)",
            )
        },
        whole=frozenset({"self.infosets.normalize"}),
    ),
    reordered=("observe",),
    positive=frozenset({"self.infosets.normalize"}),
    update_pattern=find_update,
    update_method="observe",
    exchangeable_parts=EXCHANGEABLE,
)

CFR = Grammar("cfr", "CFR rule", (RULE,), OPERATORS, sound, describe)
