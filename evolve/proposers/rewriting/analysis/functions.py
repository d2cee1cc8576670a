"""Shapes and bounds of the results of numpy functions and builtins."""

from __future__ import annotations

import math
from collections.abc import Callable
from operator import mul, truediv

from nashforge.evolve.proposers.rewriting.analysis import values as v
from nashforge.evolve.proposers.rewriting.analysis.values import INF, TOP, Issue, Result, Value

NUMPY_CONSTANTS = {
    "np.pi": Value(v.SCALAR, math.pi, math.pi),
    "np.e": Value(v.SCALAR, math.e, math.e),
    "np.inf": Value(v.SCALAR, INF, INF),
}


def builtin(name: str, arguments: list[Value]) -> Result:
    """Return what a builtin function of numbers gives, and what could go wrong."""
    if name in ("min", "max") and len(arguments) > 1:
        if any(x.shape not in (v.SCALAR, v.ANY) for x in arguments):
            return TOP, "shapes do not fit"
        pick = min if name == "min" else max
        return Value(v.SCALAR, pick(x.low for x in arguments), pick(x.high for x in arguments)), None
    if name == "abs" and len(arguments) == 1:
        return _absolute(arguments[0]), None
    if name in ("float", "int", "round") and arguments:
        x = arguments[0]
        if x.shape not in (v.SCALAR, v.ANY):
            return TOP, "shapes do not fit"
        return (x if name == "float" else Value(v.SCALAR, x.low - 1, x.high + 1)), None
    if name == "len":
        return Value(v.SCALAR, 0, INF), None
    return TOP, None


def _absolute(x: Value) -> Value:
    low = 0.0 if x.holds_zero() else min(abs(x.low), abs(x.high))
    return x.within(low, max(abs(x.low), abs(x.high)))


def _monotone(function: Callable[[float], float]) -> Callable[[Value], Value]:
    def bounds(x: Value) -> Value:
        return x.within(_evaluate(function, x.low), _evaluate(function, x.high))

    return bounds


def _evaluate(function: Callable[[float], float], x: float) -> float:
    try:
        return function(x)
    except OverflowError:
        return INF
    except ValueError:
        return -INF


_UNARY: dict[str, Callable[[Value], Value]] = {
    "abs": _absolute,
    "fabs": _absolute,
    "absolute": _absolute,
    "sign": lambda x: x.within(-1 if x.low < 0 else 0 if x.low == 0 else 1, 1 if x.high > 0 else 0),
    "sqrt": _monotone(lambda x: math.sqrt(max(x, 0.0))),
    "exp": _monotone(math.exp),
    "expm1": _monotone(math.expm1),
    "log": _monotone(math.log),
    "log1p": _monotone(math.log1p),
    "tanh": _monotone(math.tanh),
    "square": lambda x: x.within(
        0.0 if x.holds_zero() else min(x.low**2, x.high**2), max(x.low**2, x.high**2)
    ),
    "negative": lambda x: x.within(-x.high, -x.low),
    "isfinite": lambda x: x.within(0, 1),
    "asarray": lambda x: x,
    "array": lambda x: x,
    "copy": lambda x: x,
    "zeros_like": lambda x: x.within(0, 0),
    "ones_like": lambda x: x.within(1, 1),
    "logical_not": lambda x: x.within(0, 1),
}

_BINARY = ("maximum", "minimum", "fmax", "fmin", "divide", "power", "add", "subtract", "multiply")


def numpy_function(name: str, arguments: list[Value], named: set[str | None], made: str) -> Result:
    """Return what ``np.name(...)`` gives, and what could go wrong.

    Parameters
    ----------
    named
        Keywords of the call.
    made
        Shape of new arrays, which cannot be told from bounds.
    """
    arguments = [x if x.shape != v.LIST else Value() for x in arguments]
    match name, arguments:
        case _, [x] if name in _UNARY:
            return _UNARY[name](x), _domain(name, x)
        case (("zeros" | "empty"), [_, *_]):
            return Value(made, 0.0, 0.0), None
        case "ones", [_, *_]:
            return Value(made, 1.0, 1.0), None
        case "full", [_, filled, *_]:
            return Value(made, filled.low, filled.high), None
        case "full_like", [like, filled, *_]:
            return like.within(filled.low, filled.high), None
        case _, [first, second] if name in _BINARY:
            return _two(name, first, second, named)
        case (("where" | "clip"), [x, a, b]):
            low, high = min(a.low, b.low), max(a.high, b.high)
            if name == "clip":
                low, high = min(max(x.low, a.low), b.high), max(min(x.high, b.high), a.low)
            shape = v.join_shapes(x.shape, a.shape, b.shape)
            return Value(shape or v.ANY, low, high), None if shape else "shapes do not fit"
    if "axis" in named:
        return TOP, None
    if name in ("mean", "sum", "max", "min", "any", "all", "dot", "median", "std", "var"):
        return Value(v.SCALAR), None
    return TOP, None


def _domain(name: str, x: Value) -> Issue:
    if name == "sqrt" and x.low < 0:
        return "root of a negative number"
    if (name == "log" and x.low <= 0) or (name == "log1p" and x.low <= -1):
        return "logarithm of a number that need not be positive"
    if name in ("exp", "expm1") and x.high > 600:
        return "overflow"
    return None


def _two(name: str, a: Value, b: Value, named: set[str | None]) -> Result:
    shape = v.join_shapes(a.shape, b.shape)
    if shape is None:
        return TOP, "shapes do not fit"
    if name in ("maximum", "fmax"):
        return Value(shape, max(a.low, b.low), max(a.high, b.high)), None
    if name in ("minimum", "fmin"):
        return Value(shape, min(a.low, b.low), min(a.high, b.high)), None
    if name == "divide" and b.holds_zero():
        # With ``where`` the zeros are left out.
        positive = a.low >= 0 and b.low >= 0
        return Value(shape, 0.0 if positive else -INF), None if "where" in named else "division by zero"
    if name in ("divide", "multiply"):
        low, high = v.corners(truediv if name == "divide" else mul, a, b)
        return Value(shape, low, high), None
    return Value(shape), None
