"""Feedback about the last policy to its writer: sparse and dense as in the paper, or what happened.

Source: Gallego, "LLM policy synthesis" (2026, arXiv 2603.19453). *Sparse*: the average reward. *Dense*: also
the four social metrics, with their definitions. *Rich*, ours: also what happened.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from nashforge.games.dilemmas import kernels
from nashforge.games.dilemmas.maps import load_map
from nashforge.solvers.policies.episode import Episode
from nashforge.solvers.policies.metrics import summaries

Level = Literal["sparse", "dense", "rich"]
LEVELS: tuple[Level, ...] = get_args(Level)

DENSE = ("efficiency", "equality", "sustainability", "peace")
"""The metrics of the paper."""

_ROWS, _COLUMNS = ("north", "middle", "south"), ("west", "centre", "east")


@dataclass(frozen=True)
class Entry:
    """Feedback of one iteration.

    Attributes
    ----------
    reward : float
        Return of an agent, mean over agents and episodes.
    metrics : dict or None
        Means over the episodes; None where they are not told.
    events : tuple of str
        What happened, in sentences.
    """

    iteration: int
    reward: float
    metrics: dict[str, float | None] | None
    events: tuple[str, ...]


def entry(iteration: int, episodes: Sequence[Episode], level: Level) -> Entry:
    """Return what is told about episodes of a group of copies of one program."""
    reward = float(np.mean([episode.by_founder.mean() for episode in episodes]))
    metrics = None
    if level != "sparse":
        means = summaries([episode.metrics for episode in episodes])
        metrics = {name: means[name].mean for name in DENSE}
    return Entry(iteration, reward, metrics, tuple(events(episodes)) if level == "rich" else ())


def events(episodes: Sequence[Episode]) -> list[str]:
    """Return sentences about what happened, with means over episodes."""
    setting = episodes[0].setting
    tally = np.mean([episode.tally for episode in episodes], axis=0)
    told = [
        "return by agent: " + _numbers(np.mean([episode.returns for episode in episodes], axis=0)),
        "apples eaten by agent: " + _numbers(tally[kernels.APPLES]),
        "apples eaten by region: " + _by_region(episodes),
        f"steps idle by agent (standing, or against a wall): {_numbers(tally[kernels.IDLE])}",
        f"beams fired: {tally[kernels.BEAMS].sum():.0f}, hits: {tally[kernels.HITS_MADE].sum():.0f}, "
        f"agents tagged: {tally[kernels.TAGGED].sum():.0f}, "
        f"steps out of the game: {tally[kernels.FROZEN].sum():.0f}",
    ]
    if setting.game == "cleanup":
        told += [
            "cleanings by agent (each costs 1): " + _numbers(tally[kernels.CLEANINGS]),
            f"dirty cells cleared: {tally[kernels.CLEANED].sum():.0f}, "
            f"{tally[kernels.CLEANED].sum() / max(tally[kernels.CLEANINGS].sum(), 1):.2f} a cleaning",
        ]
    invalid = sum(episode.invalid for episode in episodes)
    raised = sum(episode.raised for episode in episodes)
    if invalid or raised:
        told.append(f"invalid actions: {invalid}, exceptions: {raised}; those agents stood")
    return told


def _by_region(episodes: Sequence[Episode]) -> str:
    """Return apples eaten in each ninth of the map that has any."""
    grid = load_map(episodes[0].setting.map)
    eaten = np.mean([episode.eaten for episode in episodes], axis=0)
    rows, columns = np.divmod(grid.apples, grid.width)
    regions = 3 * (rows * 3 // grid.height) + columns * 3 // grid.width
    sums = np.bincount(regions, eaten, minlength=9)
    places = np.bincount(regions, minlength=9)
    return ", ".join(f"{_ROWS[k // 3]} {_COLUMNS[k % 3]} {sums[k]:.0f}" for k in range(9) if places[k])


def _numbers(values: npt.NDArray[np.float64]) -> str:
    return " ".join(f"{value:.0f}" for value in values)
