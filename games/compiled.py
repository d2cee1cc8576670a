"""Kernels compiled by numba, and kept on disk only where nobody else could have put them.

What numba keeps is machine code, and pickles that name it: whoever can write into that folder can run code as
whoever reads it.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numba

from nashforge.games.folders import writable_by_others

logger = logging.getLogger(__name__)


def kernel(
    signature: Any = None, *, error_model: Literal["python", "numpy"] = "python"
) -> Callable[[Callable[..., Any]], Any]:
    """Return a decorator that compiles a function with ``numba.njit`` and keeps it on disk if that is safe.

    Parameters
    ----------
    signature
        As for ``numba.njit``: with one, the function is compiled when it is defined.
    error_model
        What a division by zero does: ``python`` raises, ``numpy`` gives infinity or NaN.
    """

    def decorate(function: Callable[..., Any]) -> Any:
        keep = _kept(Path(inspect.getfile(function)).parent, function)
        return numba.njit(signature, cache=keep, error_model=error_model)(function)

    return decorate


_safe: dict[Path, bool] = {}


def _kept(folder: Path, function: Callable[..., Any]) -> bool:
    """Whether kernels of a folder are read from disk and stored there."""
    if folder not in _safe:
        try:
            # Nothing is read before a signature is known.
            place = numba.njit(cache=True)(function).stats.cache_path
        except RuntimeError:  # no folder can be written
            _safe[folder] = False
        else:
            _safe[folder] = _trusted(place)
    return _safe[folder]


@cache
def _trusted(place: str) -> bool:
    reason = writable_by_others(place)
    if reason is not None:
        logger.warning(
            "compiled kernels are neither read from nor stored in %s, and compiled again in every process: "
            "%s, or set NUMBA_CACHE_DIR to a folder of your own",
            place,
            reason,
        )
    return reason is None
