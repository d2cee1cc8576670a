"""Abstract values of expressions: a shape, and bounds on the entries."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

INF = math.inf
SCALAR, ANY, LIST = "scalar", "any", "list"
"""Numbers, what may have any shape, and lists; other shapes are names that a grammar gives to its arrays."""

LARGEST = 1e280
"""Finite bounds beyond this count as overflow."""


@dataclass(frozen=True, slots=True)
class Value:
    """Bounds on a number or on all entries of an array.

    Attributes
    ----------
    shape : str
        ``scalar``, ``any``, or a name such as ``sequence``: arrays of equal names fit together.
    low, high : float
        Bounds, both included.
    policy : bool
        Whether it is known to be normalised: a policy, or a mixed strategy.
    parts : tuple of Value
        Of a list or tuple of known length: its entries.
    """

    shape: str = ANY
    low: float = -INF
    high: float = INF
    policy: bool = False
    parts: tuple[Value, ...] = ()

    @property
    def constant(self) -> float | None:
        """The value, where it is the only possible one."""
        return self.low if self.low == self.high else None

    def holds_zero(self) -> bool:
        """Whether zero is possible."""
        return self.low <= 0 <= self.high

    def within(self, low: float, high: float) -> Value:
        """Return the value with other bounds."""
        return replace(self, low=low, high=high, policy=False)


TOP = Value()

Issue = str | None
"""A mistake that is possible, in words."""
Result = tuple[Value, Issue]


def join_shapes(*shapes: str) -> str | None:
    """Return the shape of an elementwise operation; None if the shapes do not fit."""
    proper = {shape for shape in shapes if shape != SCALAR}
    if proper & {ANY, LIST}:
        return ANY
    return None if len(proper) > 1 else (proper.pop() if proper else SCALAR)


def join(first: Value, second: Value) -> Value:
    """Return what is either of two values."""
    shape = first.shape if first.shape == second.shape else ANY
    policy = first.policy and second.policy
    parts: tuple[Value, ...] = ()
    if len(first.parts) == len(second.parts):
        parts = tuple(join(one, other) for one, other in zip(first.parts, second.parts))
    return Value(shape, min(first.low, second.low), max(first.high, second.high), policy, parts)


def corners(function: Callable[[float, float], float], a: Value, b: Value) -> tuple[float, float]:
    """Return the bounds of a function that is monotone in each argument."""
    results = [_safe(function, x, y) for x in (a.low, a.high) for y in (b.low, b.high)]
    return min(results), max(results)


def _safe(function: Callable[[float, float], float], x: float, y: float) -> float:
    try:
        result = function(x, y)
    except OverflowError:
        return INF
    # inf * 0 and inf / inf: the finite neighbours of the corner give the bound.
    return 0.0 if math.isnan(result) else result


def power(a: Value, b: Value) -> tuple[float, float]:
    """Return the bounds of a power of a non-negative base (positive where the exponent may be negative)."""
    low, high = corners(_power, a, b)
    if a.low <= 1 <= a.high:
        low, high = min(low, 1.0), max(high, 1.0)
    return low, high


def _power(x: float, y: float) -> float:
    if x == 0 and y < 0:
        return INF
    return float(x**y)


def power_bounds(base: Value, exponent: Value) -> tuple[float, float, Issue]:
    """Return the bounds of a power, and what could go wrong."""
    n = exponent.constant
    if n is not None and n == int(n) and n >= 0:
        ends = sorted(power(Value(SCALAR, x, x), exponent)[0] for x in (base.low, base.high))
        low = 0.0 if n % 2 == 0 and base.holds_zero() else ends[0]
        return low, ends[1], None
    if base.low < 0:
        return -INF, INF, "fractional power of a negative number"
    if base.low == 0 and exponent.low < 0:
        return 0.0, INF, "division by zero"
    return *power(base, exponent), None


def widen(before: Value | None, after: Value, round_: int) -> Value:
    """Join the bounds of two rounds; after a few rounds, let what still moves go to infinity."""
    if before is None:
        return after
    joined = join(before, after)
    if round_ < 2:
        return joined
    low = before.low if joined.low >= before.low else -INF
    high = before.high if joined.high <= before.high else INF
    return Value(joined.shape, low, high, joined.policy)
