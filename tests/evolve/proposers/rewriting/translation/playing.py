"""Plays rules of both interfaces on the same random regrets and reach, and returns their averages."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from nashforge.solvers.cfr.interface import Infosets, RegretMinimizer
from nashforge.solvers.programs.session import find_class, load_module

STARTS = (0, 2, 5, 6, 9)


def averages(source: str, iterations: int = 40, seed: int = 0) -> npt.NDArray[Any]:
    """Return the cumulative average after every iteration, shape (iterations, sequences).

    A rule with ``accumulate`` forms it itself, as the engine of ``cfr-1`` let it; for one with ``weights`` it
    is ``keep * average + add * reach * policy``. Rules of that time import the package by its former name,
    which means the same in the sandbox.
    """
    source = source.replace("\nfrom solvers.", "\nfrom nashforge.solvers.")
    sets = Infosets(np.array(STARTS))
    rule: Any = find_class(load_module(source), RegretMinimizer)(sets, iterations)
    rng = np.random.default_rng(seed)
    policy, average, found = sets.uniform(), sets.zeros(), []
    for t in range(1, iterations + 1):
        # Some information sets are not reached, and regrets are of several sizes.
        reach = sets.spread(rng.random(sets.count) * (rng.random(sets.count) < 0.9))
        rule.observe(t, rng.standard_normal(sets.sequences) * rng.choice([0.01, 1.0, 30.0]))
        if hasattr(rule, "accumulate"):
            average = np.asarray(rule.accumulate(t, policy.copy(), reach.copy(), average), dtype=float)
        else:
            keep, add = (_spread(sets, value) for value in rule.weights(t, policy.copy(), reach.copy()))
            average = keep * average + add * reach * policy
        policy = np.array(rule.policy(t))
        found.append(average.copy())
    return np.array(found)


def _spread(sets: Infosets, value: Any) -> Any:
    given = np.asarray(value, dtype=float)
    assert given.shape in ((), (sets.count,))
    return sets.spread(given) if given.shape else given
