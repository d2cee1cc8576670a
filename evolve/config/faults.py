"""Faults of values, as pydantic and our own checks find them, worded for a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def fault_of(problem: Mapping[str, Any]) -> str:
    """Return what pydantic says of a value, to stand behind a colon.

    Parameters
    ----------
    problem
        One of `pydantic.ValidationError.errors`, with its context. What checks of our own raise is told as
        it is: names and paths in it are somebody's.
    """
    own = problem.get("ctx", {}).get("error")
    if isinstance(own, Exception):
        return str(own)
    text = str(problem["msg"])
    return text[:1].lower() + text[1:]
