"""Euclidean projection onto the simplex; numpy only, because programs use it in the sandbox."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def project(x: Array) -> Array:
    """Return the strategies nearest to ``x``, with actions on the last axis.

    Source: Held, Wolfe, Crowder (1974); the threshold is found by sorting. The compiled one of meta-solvers,
    with a least weight, is in `nashforge.solvers.psro.kernels`.
    """
    count = x.shape[-1]
    ordered = np.sort(x)[..., ::-1]
    excess = (np.cumsum(ordered, axis=-1) - 1.0) / np.arange(1, count + 1)
    last = (ordered > excess).sum(axis=-1) - 1
    threshold = excess[last] if x.ndim == 1 else np.take_along_axis(excess, last[..., None], axis=-1)
    return np.asarray(np.maximum(x - threshold, 0.0))
