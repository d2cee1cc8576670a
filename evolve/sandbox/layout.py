"""Where arrays lie in a shared map, and how results are taken out of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from solvers.session import ArraySpec

AnyArray: TypeAlias = npt.NDArray[Any]

_ALIGNMENT = 64
_NAN = math.nan
_finite = np.isfinite
_every = np.logical_and.reduce
"""What the method ``all`` calls, at half the cost."""


class Layout:
    """Arrays laid out one after another, aligned to cache lines, after a header.

    Parameters
    ----------
    specs
        The arrays. Only plain numbers and booleans: no objects, strings or records.
    header
        Bytes to leave free at the beginning.

    Attributes
    ----------
    size : int
        Bytes needed in all; at least 1.

    Raises
    ------
    ValueError
        On a repeated name, a negative length, or a dtype that is not numeric.
    """

    def __init__(self, specs: Sequence[ArraySpec], header: int = 0) -> None:
        self._places: dict[str, tuple[int, tuple[int, ...], np.dtype[Any]]] = {}
        end = header
        for name, shape, code in specs:
            dtype = np.dtype(code)
            if name in self._places:
                raise ValueError(f"array name {name!r} occurs twice; names must be unique")
            if dtype.kind not in "biuf":
                raise ValueError(
                    f"array {name!r} has dtype {code!r}; only booleans, integers and floats can be shared"
                )
            if any(n < 0 for n in shape):
                raise ValueError(f"array {name!r} has shape {tuple(shape)}; lengths cannot be negative")
            start = -(-end // _ALIGNMENT) * _ALIGNMENT
            self._places[name] = (start, tuple(shape), dtype)
            end = start + int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
        self.size = max(end, 1)

    def views(self, buffer: Any) -> dict[str, AnyArray]:
        """Return the arrays as views on a buffer (read-only where the buffer is)."""
        return {
            name: np.frombuffer(buffer, dtype, int(np.prod(shape, dtype=np.int64)), start).reshape(shape)
            for name, (start, shape, dtype) in self._places.items()
        }


def require_floats(specs: Sequence[ArraySpec]) -> None:
    """Check that outputs are floating-point: only those can be marked as missing (by NaN).

    Raises
    ------
    ValueError
        Naming the first output that is not.
    """
    for name, _, code in specs:
        if np.dtype(code).kind != "f":
            raise ValueError(f"output {name!r} has dtype {code!r}; outputs must be floating-point")


class Outbox:
    """The outputs as the trusted side sees them: marked missing before a call, copied out after it.

    A program may write at any time, so values are copied first and checked on the copy.
    """

    def __init__(self, views: Mapping[str, AnyArray]) -> None:
        self._slots = {name: _slot(name, view) for name, view in views.items()}
        self._all = tuple(self._slots.values())

    def slots(self, expect: Iterable[str] | None) -> Sequence[Slot]:
        """Return the outputs that a call must write (all, by default)."""
        return self._all if expect is None else [self._slots[name] for name in expect]

    @staticmethod
    def clear(slots: Sequence[Slot]) -> None:
        """Mark outputs as missing."""
        for slot in slots:
            slot.fill(_NAN)

    @staticmethod
    def collect(slots: Sequence[Slot], into: dict[str, AnyArray]) -> str | None:
        """Copy outputs into a dictionary of fresh arrays; return what is wrong with them, if anything."""
        for name, shape, _, take in slots:
            copy = take()
            if not _every(_finite(copy)):
                return _what_is_missing(name, copy.reshape(shape))
            into[name] = copy if len(shape) == 1 else copy.reshape(shape)
        return None


class Slot(NamedTuple):
    """One output: its name and shape, how to fill it and how to copy it out flat."""

    name: str
    shape: tuple[int, ...]
    fill: Callable[[float], None]
    take: Callable[[], AnyArray]


def _slot(name: str, view: AnyArray) -> Slot:
    flat = view.reshape(-1)
    return Slot(name, view.shape, flat.fill, flat.copy)


def _what_is_missing(name: str, x: AnyArray) -> str:
    bad = np.argwhere(~np.isfinite(x))
    if len(bad) == x.size and np.isnan(x).all():
        return f"output {name!r} is missing: the program did not write it, or wrote only NaN"
    where = ", ".join(str(int(i)) for i in bad[0])
    return (
        f"output {name!r} has {len(bad)} of {x.size} entries that are not finite, "
        f"the first ({x[tuple(bad[0])]}) at [{where}]"
    )
