"""Arguments of solvers, as people give them from Python: what is wrong with them is told in a sentence."""

from __future__ import annotations

import math
import operator
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from nashforge.errors import USAGE, NashforgeError


class ArgumentError(NashforgeError, ValueError):
    """An argument of a function is none that it can work with."""

    exit_code = USAGE


def count(name: str, value: Any, least: int = 1) -> int:
    """Return a whole number of at least so much, as whatever type of it was given.

    Raises
    ------
    ArgumentError
        If it is none.
    """
    try:
        number = None if isinstance(value, bool) else operator.index(value)
    except TypeError:
        number = None
    if number is None or number < least:
        raise ArgumentError(f"{name} must be a whole number of at least {least}; got {value!r}")
    return number


def counts(name: str, values: Any) -> tuple[int, ...]:
    """Return whole numbers of at least 1, of which there may be any number; errors as for `count`."""
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise ArgumentError(f"{name} must be whole numbers, such as [10, 100]; got {values!r}")
    return tuple(count(f"each of {name}", value) for value in values)


def text(name: str, value: Any) -> str:
    """Return a text as it is.

    Raises
    ------
    ArgumentError
        If it is none.
    """
    if not isinstance(value, str):
        raise ArgumentError(f"{name} must be a text; got {value!r:.60}")
    return value


def file(name: str, value: Any) -> Path:
    """Return the path of a file, which may be given as a text; errors as for `text`."""
    if not isinstance(value, str | os.PathLike) or not str(value):
        raise ArgumentError(f"{name} must be a path; got {value!r:.60}")
    return Path(value)


def limit(name: str, value: Any, *, above: bool = False) -> float | None:
    """Return a finite number of at least 0, or ``None`` as it is.

    Parameters
    ----------
    above
        Whether 0 is too little.

    Raises
    ------
    ArgumentError
        If it is neither.
    """
    if value is None:
        return None
    try:
        number = None if isinstance(value, str | bytes | bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = None
    least = math.ulp(0.0) if above else 0.0
    if number is None or not least <= number < math.inf:
        raise ArgumentError(f"{name} must be a number {'above' if above else 'of at least'} 0; got {value!r}")
    return number
