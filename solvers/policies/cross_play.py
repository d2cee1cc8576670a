"""Cross-play of policies of a dilemma: returns in groups that run several of them.

Who sits where is drawn anew for every seed, so that nothing hangs on the numbers of seats.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from nashforge.games.dilemmas.settings import Setting
from nashforge.solvers.policies.episode import Episode, in_process

Floats: TypeAlias = npt.NDArray[np.float64]
Play: TypeAlias = Callable[[Setting, Sequence[str], int], Episode]
"""Plays an episode with a program for each seat; `in_process` for trusted ones, else the sandbox."""


def cross_play(
    setting: Setting, sources: Sequence[str], seeds: Sequence[int], play: Play = in_process
) -> Floats:
    """Return how each policy fares with each other.

    Returns
    -------
    ndarray of shape (policies, policies)
        Mean return of an agent (and its line, where agents spawn) that runs the row's policy, when half of
        the seats (rounded up) run it and the others the column's; all run it where the two are the same.
    """
    matrix = np.zeros((len(sources), len(sources)))
    half = -(-setting.agents // 2)
    for i, row in enumerate(sources):
        for j, column in enumerate(sources):
            # Two searches may find the same policy: it is no stranger to itself.
            counts = {row: setting.agents} if row == column else {row: half, column: setting.agents - half}
            matrix[i, j] = mixed(setting, counts, seeds, play)[row].mean()
    return matrix


def mixed(setting: Setting, counts: Mapping[str, int], seeds: Sequence[int], play: Play) -> dict[str, Floats]:
    """Return the return of an agent of each policy, mean over its agents, shape ``(seeds,)``.

    Parameters
    ----------
    counts
        How many agents run each policy; those that nobody runs are left out of the answer.
    """
    found = {source: np.zeros(len(seeds)) for source, count in counts.items() if count}
    sources = [source for source, count in counts.items() for _ in range(count)]
    for place, seed in enumerate(seeds):
        order = np.random.default_rng([seed, 2]).permutation(len(sources))
        seated = [sources[k] for k in order]
        returns = play(setting, seated, seed).by_founder
        for seat, source in enumerate(seated):
            found[source][place] += float(returns[seat]) / counts[source]
    return found
