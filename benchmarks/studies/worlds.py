# mypy: disallow-untyped-decorators=False
"""Many copies of a two-player world, stepped together, for learners that see observations.

All copies begin and end their episodes together. The last feature of an observation is the share of the
episode that is left, so that its end is no surprise: values of a finite horizon depend on it.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from nashforge.games.compiled import kernel
from nashforge.games.dilemmas.cooperation import HORIZON, ONIONS, SIZE, STARTS, STAY, cooperation_step
from nashforge.games.markov import MarkovGame

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Observations = npt.NDArray[np.float32]


class World(Protocol):
    """What learners ask of a world of two agents.

    Attributes
    ----------
    copies
        How many are played at once.
    horizon
        Steps of an episode.
    actions, features
        Number of actions and of features of an observation, for each seat.
    """

    copies: int
    horizon: int
    actions: tuple[int, int]
    features: tuple[int, int]

    def reset(self, rng: np.random.Generator) -> None:
        """Begin an episode in every copy; ``rng`` decides everything random of it."""

    def observe(self) -> tuple[Observations, Observations]:
        """Return what each seat sees, each of shape ``(copies, features)``."""

    def step(self, actions: Ints) -> tuple[Floats, bool]:
        """Let both act (``actions`` has shape ``(2, copies)``).

        Returns
        -------
        rewards : ndarray of shape (2, copies)
            In units of utility.
        done : bool
            Whether the episodes are over; `reset` is due then.
        """


class _Clock:
    """Counts steps, and draws the luck of whole episodes."""

    def __init__(self, copies: int, horizon: int, draws: int) -> None:
        if copies < 1 or horizon < 1:
            raise ValueError(f"a world needs at least 1 copy and 1 step; got {copies} and {horizon}")
        self.copies, self.horizon = copies, horizon
        self._luck = np.zeros((horizon, copies, draws))
        self._now = horizon

    def _begin(self, rng: np.random.Generator) -> None:
        rng.random(out=self._luck)
        self._now = 0

    def _tick(self) -> Floats:
        if self._now >= self.horizon:
            raise RuntimeError("no episode is under way; call reset first")
        self._now += 1
        return np.asarray(self._luck[self._now - 1])

    @property
    def _left(self) -> float:
        return 1.0 - self._now / self.horizon


class MarkovWorld(_Clock):
    """A tabular Markov game (`nashforge.games.markov`), played for some steps; both seats see the state.

    Features are one for each state and the time that is left.
    """

    def __init__(self, game: MarkovGame, copies: int, horizon: int) -> None:
        super().__init__(copies, horizon, 1)
        self.actions = game.actions
        self.features = (game.states + 1, game.states + 1)
        self._rewards = game.rewards
        self._reached = np.cumsum(game.transitions, axis=-1)
        self._first = np.cumsum(game.initial)
        self.states = np.zeros(copies, dtype=np.int64)

    def reset(self, rng: np.random.Generator) -> None:
        """Draw first states."""
        self.states = _inverse(self._first[None], rng.random(self.copies))
        self._begin(rng)

    def observe(self) -> tuple[Observations, Observations]:
        """Return the states, one-hot, and the time that is left."""
        seen = np.zeros((self.copies, self.features[0]), dtype=np.float32)
        seen[np.arange(self.copies), self.states] = 1.0
        seen[:, -1] = self._left
        return seen, seen

    def step(self, actions: Ints) -> tuple[Floats, bool]:
        """Draw next states."""
        luck = self._tick()
        mine, theirs = actions
        rewards = self._rewards[:, self.states, mine, theirs]
        self.states = _inverse(self._reached[self.states, mine, theirs], luck[:, 0])
        return rewards, self._now == self.horizon


def _inverse(cumulative: Floats, uniforms: Floats) -> Ints:
    """Return what falls to each number in [0, 1), by rows of cumulative probabilities."""
    return np.asarray((uniforms[:, None] >= cumulative[:, :-1]).sum(axis=1))


class CooperationWorld(_Clock):
    """The 5 x 5 grid with onions and a pot (`nashforge.games.dilemmas.cooperation`).

    Features: own cell and the other's, one-hot (25 each); whether oneself and the other carry; whether each
    onion is there; the time that is left.
    """

    actions = (STAY + 1, STAY + 1)
    features = (2 * SIZE * SIZE + 5, 2 * SIZE * SIZE + 5)

    def __init__(self, copies: int, horizon: int = HORIZON) -> None:
        super().__init__(copies, horizon, 1 + len(ONIONS))
        self.cells = np.tile(STARTS, (copies, 1))
        self.carrying = np.zeros((copies, 2), dtype=np.int64)
        self.onions = np.ones((copies, len(ONIONS)), dtype=np.int64)
        self.tally = np.zeros((copies, 4, 2), dtype=np.int64)

    def reset(self, rng: np.random.Generator) -> None:
        """Put everything in its place; counts of the last episodes are forgotten."""
        self.cells[:], self.carrying[:], self.onions[:], self.tally[:] = STARTS, 0, 1, 0
        self._begin(rng)

    def observe(self) -> tuple[Observations, Observations]:
        """Return what each agent sees, itself first."""
        seen = np.zeros((2, self.copies, self.features[0]), dtype=np.float32)
        _look(self.cells, self.carrying, self.onions, self._left, seen)
        return seen[0], seen[1]

    def step(self, actions: Ints) -> tuple[Floats, bool]:
        """Make a step in every copy."""
        luck, rewards = self._tick(), np.zeros((self.copies, 2))
        _step(actions.T.copy(), luck, self.cells, self.carrying, self.onions, rewards, self.tally)
        return rewards.T, self._now == self.horizon


@kernel()
def _step(
    actions: Ints, luck: Floats, cells: Ints, carrying: Ints, onions: Ints, rewards: Floats, tally: Ints
) -> None:
    for k in range(len(cells)):
        cooperation_step(actions[k], luck[k], cells[k], carrying[k], onions[k], rewards[k], tally[k])


@kernel()
def _look(cells: Ints, carrying: Ints, onions: Ints, left: float, seen: Observations) -> None:
    board = SIZE * SIZE
    for i in range(2):
        for k in range(len(cells)):
            row = seen[i, k]
            row[cells[k, i]] = 1.0
            row[board + cells[k, 1 - i]] = 1.0
            row[2 * board] = carrying[k, i]
            row[2 * board + 1] = carrying[k, 1 - i]
            row[2 * board + 2] = onions[k, 0]
            row[2 * board + 3] = onions[k, 1]
            row[2 * board + 4] = left
