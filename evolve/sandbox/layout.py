"""The layout of arrays in a shared map, and the copying of results out of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from nashforge.solvers.programs.session import ArraySpec

AnyArray: TypeAlias = npt.NDArray[Any]

_ALIGNMENT = 64
_NAN = math.nan


class Layout:
    """Arrays laid out one after another, aligned to cache lines, after a header.

    Parameters
    ----------
    specs
        The arrays. Only plain numbers and booleans: no objects, strings or records.
    header
        Bytes to leave free at the beginning.
    packed
        Align to items rather than to cache lines, so that arrays of one dtype lie in one piece.

    Attributes
    ----------
    size : int
        Bytes needed in all; at least 1.

    Raises
    ------
    ValueError
        On a repeated name, a negative length, or a dtype that is not numeric.
    """

    def __init__(self, specs: Sequence[ArraySpec], header: int = 0, *, packed: bool = False) -> None:
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
            alignment = dtype.itemsize if packed else _ALIGNMENT
            start = -(-end // alignment) * alignment
            self._places[name] = (start, tuple(shape), dtype)
            end = start + int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
        self.size = max(end, 1)

    def views(self, buffer: Any) -> dict[str, AnyArray]:
        """Return the arrays as views on a buffer (read-only where the buffer is)."""
        return {
            name: np.frombuffer(buffer, dtype, int(np.prod(shape, dtype=np.int64)), start).reshape(shape)
            for name, (start, shape, dtype) in self._places.items()
        }

    def block(self, buffer: Any) -> AnyArray | None:
        """Return all arrays as one flat view on a buffer, if they have one dtype and lie in one piece."""
        dtypes = {dtype for _, _, dtype in self._places.values()}
        if len(dtypes) != 1:
            return None
        (dtype,), first = dtypes, min(start for start, _, _ in self._places.values())
        items = sum(view.size for view in self.views(buffer).values())
        if self.size - first != items * dtype.itemsize:
            return None
        return np.frombuffer(buffer, dtype, items, first)


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

    Parameters
    ----------
    views
        The outputs.
    block
        All of them, one after the other, where they lie in one piece (`Layout.block`): then they are copied
        and checked in one go.
    finite
        Tells whether all of a flat vector of float64 is finite, if there is something quicker than numpy.
    """

    def __init__(
        self,
        views: Mapping[str, AnyArray],
        block: AnyArray | None = None,
        finite: Callable[[AnyArray], bool] | None = None,
    ) -> None:
        double = all(view.dtype == np.float64 for view in views.values())
        self._finite = finite if finite is not None and double else _finite
        self._slots = {name: _slot(view.reshape(-1), {name: view}) for name, view in views.items()}
        self._all = tuple(self._slots.values()) if block is None else (_slot(block, views),)

    def slots(self, expect: Iterable[str] | None) -> Sequence[Slot]:
        """Return the outputs that a call must write (all, by default)."""
        return self._all if expect is None else [self._slots[name] for name in expect]

    @staticmethod
    def clear(slots: Sequence[Slot]) -> None:
        """Mark outputs as missing."""
        for slot in slots:
            slot.fill(_NAN)

    def collect(self, slots: Sequence[Slot], into: dict[str, AnyArray]) -> str | None:
        """Copy outputs into a dictionary of fresh arrays; return what is wrong with them, if anything."""
        for _, take, parts in slots:
            copy = take()
            if not self._finite(copy):
                return _what_is_missing(copy, parts)
            for name, place, shape in parts:
                part = copy[place]
                into[name] = part if len(shape) == 1 else part.reshape(shape)
        return None


class Part(NamedTuple):
    """One output in a slot: its name, its place and its shape."""

    name: str
    place: slice
    shape: tuple[int, ...]


class Slot(NamedTuple):
    """Outputs that are copied together: how to fill them, how to copy them out flat, and which they are."""

    fill: Callable[[float], None]
    take: Callable[[], AnyArray]
    parts: Sequence[Part]


def _slot(flat: AnyArray, views: Mapping[str, AnyArray]) -> Slot:
    parts, end = [], 0
    for name, view in views.items():
        parts.append(Part(name, slice(end, end + view.size), view.shape))
        end += view.size
    return Slot(flat.fill, flat.copy, parts)


def _finite(x: AnyArray) -> bool:
    return bool(np.isfinite(x).all())


def _what_is_missing(copy: AnyArray, parts: Sequence[Part]) -> str:
    name, x = next(
        (name, x) for name, place, shape in parts if not np.isfinite(x := copy[place].reshape(shape)).all()
    )
    bad = np.argwhere(~np.isfinite(x))
    if len(bad) == x.size and np.isnan(x).all():
        return f"output {name!r} is missing: the program did not write it, or wrote only NaN"
    where = ", ".join(str(int(i)) for i in bad[0])
    return (
        f"output {name!r} has {len(bad)} of {x.size} entries that are not finite, "
        f"the first ({x[tuple(bad[0])]}) at [{where}]"
    )
