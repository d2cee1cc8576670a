"""Growing the payoffs from nothing to their full size, with Newton's method at every size on the way.

Cheaper than tracing the curve, and as good where it does not turn back: for best replies always, for
equilibria where the parameters make them unique. Elsewhere it may jump from one branch of equilibria to
another.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from nashforge.solvers.equilibria.risk_averse.problem import FREE_BOTH, WIDE, Growing

Array = npt.NDArray[np.float64]

SHORTEST = 1e-3


def grow(problem: Growing, z: Array, mode: npt.NDArray[np.int64] = FREE_BOTH) -> tuple[bool, int]:
    """Solve a problem in place, from unknowns that are right for payoffs of zero.

    Returns
    -------
    bool
        Whether the full payoffs were reached.
    int
        Newton iterations used.
    """
    smoothing = WIDE if problem.kinked else 0.0
    largest = problem.magnitude(smoothing)
    s, stride, total = (min(math.log(0.1 / largest), 0.0) if largest > 0 else 0.0), 0.0, 0
    while stride > SHORTEST or stride == 0.0:
        trial, ahead = z.copy(), min(s + stride, 0.0)
        done, used = problem.solve(trial, math.exp(ahead), smoothing, mode, iterations=20)
        total += used
        if done:
            z[:], s = trial, ahead
            if s >= 0.0:
                done, used = problem.sharpen(z, mode)
                return done, total + used
            stride = max(1.5 * stride, 0.5)
        else:
            stride *= 0.5
            if stride == 0.0:
                break
    return False, total
