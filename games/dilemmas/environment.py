"""Gathering and Cleanup as environments: flat arrays, compiled steps.

The state is one array of small integers, laid out so that it can be handed to policies in one copy:
the agents' table (see `nashforge.games.dilemmas.kernels`), then the apples, then the waste.
"""

from __future__ import annotations

import copy
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from nashforge.games.dilemmas import kernels
from nashforge.games.dilemmas.actions import NAMES, STAND, legal_actions
from nashforge.games.dilemmas.maps import load_map
from nashforge.games.dilemmas.paths import Paths, paths
from nashforge.games.dilemmas.rules import PRESETS
from nashforge.games.dilemmas.settings import Setting, parse_setting

_AHEAD = 64
"""Steps for which random numbers are drawn at once."""


class Environment:
    """One episode at a time of a sequential social dilemma, Gathering or Cleanup.

    In Gathering apples always come back, and a beam takes others out of the game; in Cleanup they grow only
    while somebody cleans the river, at a cost.

    Parameters
    ----------
    setting
        What is played; see `make` for a string.

    Attributes
    ----------
    grid : GridMap
        The map.
    step_number : int
        Steps made since `reset`.
    state : ndarray of int16
        Everything that changes: ``table``, ``apples`` and ``waste`` are views of it.
    table : ndarray of int16, shape (5, agents)
        Cell, facing, steps out of the game, hits taken, last action of each agent; -1 for one that was
        not spawned yet, -2 for one that has left.
    apples : ndarray of int16, shape (apple cells,)
        0 where there is an apple. Elsewhere in Gathering the steps until it is back, in Cleanup 99.
    waste : ndarray of int16, shape (river cells,)
        1 where the river is dirty; empty in Gathering.
    rewards : ndarray of float64, shape (agents,)
        Of the last step.
    returns : ndarray of float64, shape (agents,)
        Sum of the rewards of the episode.
    tally : ndarray of int64, shape (10, agents)
        What agents did in the episode, see `nashforge.games.dilemmas.kernels`.
    eaten : ndarray of int64, shape (apple cells,)
        How often an apple was eaten in each cell.
    lived : ndarray of int64, shape (agents,)
        Steps of the episode in which each agent was there.
    """

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.rules = PRESETS[setting.preset]
        self.grid = grid = load_map(setting.map)
        self.paths: Paths = paths(grid)
        self.actions = legal_actions(setting.game, setting.fluid)
        agents, apples = setting.seats, len(grid.apples)
        self._cleanup = setting.game == "cleanup"
        river = len(grid.river) if self._cleanup else 0
        self.state = np.zeros(kernels.AGENT_ROWS * agents + apples + river, dtype=np.int16)
        self._cut()
        self.rewards = np.zeros(agents)
        self.returns = np.zeros(agents)
        self.tally = np.zeros((kernels.TALLY_ROWS, agents), dtype=np.int64)
        self.eaten = np.zeros(apples, dtype=np.int64)
        self.lived = np.zeros(agents, dtype=np.int64)
        self.step_number = 0
        self._apple_at = _index(grid.apples, grid.cells)
        self._river_at = _index(grid.river, grid.cells)
        self._area = np.zeros(grid.cells, dtype=np.int32)
        self._allowed = np.zeros(len(NAMES), dtype=bool)
        self._allowed[list(self.actions)] = True
        self._rng: np.random.Generator | None = None
        self._luck = np.zeros((_AHEAD, agents + (2 + apples if self._cleanup else 0)))

    @property
    def agents(self) -> int:
        """Number of agents; where they spawn and leave, how many may ever play."""
        return self.setting.seats

    @property
    def done(self) -> bool:
        """Whether the episode is over."""
        return self.step_number >= self.setting.horizon

    def reset(self, rng: np.random.Generator) -> None:
        """Begin an episode: shuffled starts and random facings of the founders, all apples there.

        Parameters
        ----------
        rng
            Decides everything random of the episode; it belongs to the environment from now on.
        """
        founders = self.setting.agents
        self.state[:] = 0
        self.table[:, founders:] = kernels.UNBORN
        self.table[kernels.CELL, :founders] = rng.permutation(self.grid.starts)[:founders]
        self.table[kernels.FACING, :founders] = rng.integers(0, 4, size=founders)
        self.table[kernels.LAST, :founders] = STAND
        if self._cleanup:
            self.waste[:] = self.grid.dirty
        for total in (self.rewards, self.returns, self.tally, self.eaten, self.lived):
            total[...] = 0
        self.step_number = 0
        self._rng = rng

    def step(self, actions: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Make a step with an action for every agent and return the rewards, shape ``(agents,)``.

        Raises
        ------
        ValueError
            If there is not one legal action for every agent.
        RuntimeError
            If no episode is under way.
        """
        chosen = np.asarray(actions, dtype=np.int64)
        if chosen.shape != (self.agents,):
            raise ValueError(f"actions have shape {chosen.shape}; give one for each of {self.agents} agents")
        if chosen.min() < 0 or chosen.max() >= len(NAMES) or not self._allowed[chosen].all():
            legal = ", ".join(f"{action} {NAMES[action]}" for action in self.actions)
            raise ValueError(
                f"actions {chosen.tolist()} are not all legal; those of {self.setting} are {legal}"
            )
        if self._rng is None or self.done:
            raise RuntimeError("no episode is under way; call reset first")
        within = self.step_number % _AHEAD
        if within == 0:
            self._rng.random(out=self._luck)
        kernels.step(
            self._cleanup,
            self.step_number,
            chosen,
            self._luck[within],
            self.table,
            self.apples,
            self.waste,
            self.grid.walls,
            self.grid.width,
            self._apple_at,
            self.grid.apples,
            self.grid.river,
            self._river_at,
            self._area,
            self.rules.random_priority,
            self.rules.beams_stop_at_walls,
            self.rewards,
            self.returns,
            self.tally,
            self.eaten,
            self.lived,
            self.setting.agents,
            float(self.setting.spawn_cost),
        )
        self.step_number += 1
        return self.rewards

    def copy(self) -> Self:
        """Return an independent environment in the same state, with the same luck to come."""
        twin = copy.copy(self)
        for name in ("state", "rewards", "returns", "tally", "eaten", "lived", "_area", "_luck"):
            setattr(twin, name, getattr(self, name).copy())
        twin._cut()
        twin._rng = copy.deepcopy(self._rng)
        return twin

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        # The map and its tables are shared: they never change.
        return self.copy()

    def density(self) -> float:
        """Return the share of river cells that are dirty; 0 in Gathering."""
        return float(self.waste.mean()) if len(self.waste) else 0.0

    def _cut(self) -> None:
        """Take the views of the state."""
        agents, apples = self.setting.seats, len(self.grid.apples)
        edges = np.cumsum([kernels.AGENT_ROWS * agents, apples])
        head, self.apples, self.waste = np.split(self.state, edges)
        self.table = head.reshape(kernels.AGENT_ROWS, agents)


def make(setting: Setting | str) -> Environment:
    """Return the environment of a setting, or of a string such as ``cleanup(agents=5,map=cleanup_small)``.

    Raises
    ------
    nashforge.games.GameError
        If it cannot be played.
    """
    return Environment(parse_setting(setting) if isinstance(setting, str) else setting)


def _index(cells: npt.NDArray[np.int32], size: int) -> npt.NDArray[Any]:
    """Return each cell's place in a list of cells; -1 for others."""
    where = np.full(size, -1, dtype=np.int32)
    where[cells] = np.arange(len(cells))
    return where
