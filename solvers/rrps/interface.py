"""The interface of evolvable players of repeated rock, paper, scissors.

A program defines one subclass of `Player` with a method ``act(own, theirs, t)``. It plays matches of
``self.throws`` throws against one opponent each; every match has an instance of its own, in a process of its
own. Throws are 0 rock, 1 paper, 2 scissors: paper beats rock, scissors beat paper, rock beats scissors, so
``(throw + 1) % 3`` beats ``throw``. A win counts 1, a loss -1.

A *strategy* is an array of three weights, not negative and not all zero: the engine draws the throw from
them, so programs need no random numbers. A *prediction* is the distribution of somebody's next throw.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from nashforge.solvers.rrps.predictors import Side

__all__ = ["PAPER", "ROCK", "SCISSORS", "Player", "Side"]

ROCK, PAPER, SCISSORS = 0, 1, 2

Strategy = npt.NDArray[np.float64]
Throws = npt.NDArray[np.int8]

_UP, _DOWN = np.array([2, 0, 1]), np.array([1, 2, 0])
_GAINS = np.array([[0.0, 1.0, -1.0], [-1.0, 0.0, 1.0], [1.0, -1.0, 0.0]])
"""What each own throw gains, by the other's throw: shape ``(theirs, own)``."""


class Player:
    """A player of one match. Override `act`, and `start` for state.

    Attributes
    ----------
    throws : int
        Of the match.
    score : float
        What the own throws have won so far, less what they have lost.
    them, me : Side
        Predictions of the opponent's next throw, and of the own one as the opponent could make them:
        ``self.them.frequency(memory)``, ``steps(memory)``, ``markov(order, memory, view)``,
        ``match(longest, view)``.
    """

    def __init__(self, throws: int) -> None:
        self.throws = throws
        self.score = 0.0
        self.them, self.me = Side(), Side()
        self._last = -1
        self._races: list[_Race] = []
        self._calls = 0
        self.start()

    def start(self) -> None:
        """Set up state, before the first throw."""

    def act(self, own: Throws, theirs: Throws, t: int) -> Any:
        """Return the strategy of the next throw, or a throw: 0, 1 or 2.

        Parameters
        ----------
        own, theirs
            All throws so far, shape ``(t,)``; they cannot be written to.
        t
            How many these are.
        """
        raise NotImplementedError("a player must define act(self, own, theirs, t)")

    def uniform(self) -> Strategy:
        """Return the strategy of the Nash equilibrium, which nobody can exploit and which exploits nobody."""
        return np.full(3, 1 / 3)

    def beat(self, strategy: Strategy) -> Strategy:
        """Return what beats each throw of a strategy: its weights, moved to the throw above."""
        return np.asarray(strategy, dtype=np.float64).take(_UP)

    def cede(self, strategy: Strategy) -> Strategy:
        """Return what loses to each throw of a strategy: its weights, moved to the throw below."""
        return np.asarray(strategy, dtype=np.float64).take(_DOWN)

    def reply(self, prediction: Strategy) -> Strategy:
        """Return the best reply to a prediction: all weight on the best throw, equal weights on several."""
        gains = np.asarray(prediction, dtype=np.float64) @ _GAINS
        best = gains >= gains.max() - 1e-12
        return np.asarray(best / np.count_nonzero(best))

    def lead(self, memory: float, *options: Strategy) -> Strategy:
        """Return the strategy among some that would have gained most so far.

        Calls are told apart by their order within ``act``, each with gains of its own; ``memory`` in [0, 1]
        is what is left of older gains with each throw.
        """
        race = self._race(memory, options)
        return np.array(race.strategies[int(race.gains.argmax())])

    def hedge(self, rate: float, memory: float, *options: Strategy) -> Strategy:
        """Return a mixture of some strategies with weights exponential in what each would have gained.

        As Freund and Schapire (1997); see `lead` for ``memory``, ``rate`` multiplies the gains.
        """
        race = self._race(memory, options)
        exponents = np.clip(rate * (race.gains - race.gains.max()), -700.0, 0.0)
        weights = np.exp(exponents)
        mixed: Strategy = weights @ race.strategies / weights.sum()
        return mixed

    def outguess(self, memory: float, strategy: Strategy) -> Strategy:
        """Return a strategy, what beats it, or what it beats: `lead` among these.

        An opponent who foresees a strategy throws what beats it, which ``cede`` beats; and so on in a circle
        of three, Egnor's "Sicilian reasoning" (2000).
        """
        return self.lead(memory, strategy, self.beat(strategy), self.cede(strategy))

    def _observe(self, own: int, theirs: int) -> None:
        """Take in the last round; the host does before it asks."""
        self.score += _GAINS[theirs, own]
        self._last = theirs
        self.them.learn(theirs, own)
        self.me.learn(own, theirs)
        self._calls = 0

    def _race(self, memory: float, options: tuple[Strategy, ...]) -> _Race:
        if not options:
            raise ValueError("lead() and hedge() need at least one strategy to choose from")
        strategies = np.array(options, dtype=np.float64)
        if strategies.shape != (len(options), 3):
            raise ValueError("lead() and hedge() choose from strategies, arrays of three weights each")
        totals = strategies.sum(axis=1, keepdims=True)
        strategies = np.divide(strategies, totals, out=np.full_like(strategies, 1 / 3), where=totals > 0)
        if self._calls == len(self._races):
            self._races.append(_Race())
        race = self._races[self._calls]
        self._calls += 1
        race.go_on(min(max(float(memory), 0.0), 1.0), strategies, self._last)
        return race


class _Race:
    """Gains of the strategies that one call chose from."""

    __slots__ = ("gains", "strategies")

    def __init__(self) -> None:
        self.gains, self.strategies = np.zeros(0), np.zeros((0, 3))

    def go_on(self, memory: float, strategies: npt.NDArray[np.float64], theirs: int) -> None:
        """Credit the strategies of the last throw, and keep those of this one."""
        if len(strategies) != len(self.strategies):
            self.gains = np.zeros(len(strategies))
        elif theirs >= 0:
            self.gains = memory * self.gains + self.strategies @ _GAINS[theirs]
        self.strategies = strategies
