"""Predictors of what one side will throw next, from the rounds so far: the parts of most known players.

Predictors are those of the programming competitions (Billings 2000, ICGA Journal 23(1): 3-8): frequencies,
Markov chains, steps from throw to throw, and longest matches in the history, as in Egnor's Iocaine Powder.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Distribution = npt.NDArray[np.float64]

MOST_ORDER = 8
MOST_PREDICTORS = 64

VIEWS = ("both", "self", "other")
"""What contexts are made of: rounds, the predicted side's own throws, or those of the other side."""


class Predictor(Protocol):
    """Learns from one round after the other."""

    def learn(self, subject: int, other: int) -> None:
        """Take in a round: the throws of the side that is predicted, and of the other."""

    def predict(self) -> Distribution:
        """Return the distribution of the subject's next throw, shape ``(3,)``."""


def _normalised(counts: list[float]) -> Distribution:
    total = counts[0] + counts[1] + counts[2]
    if total <= 0.0:
        return np.full(3, 1 / 3)
    return np.array([counts[0] / total, counts[1] / total, counts[2] / total])


class Frequency:
    """Counts of throws; of those before, ``memory`` is left with each."""

    def __init__(self, memory: float) -> None:
        self.memory, self.counts = memory, [0.0, 0.0, 0.0]

    def learn(self, subject: int, other: int) -> None:
        self.counts = [self.memory * count for count in self.counts]
        self.counts[subject] += 1.0

    def predict(self) -> Distribution:
        return _normalised(self.counts)


class Steps:
    """Counts of steps from the subject's last throw to its next, as `Frequency`; moved to the last throw."""

    def __init__(self, memory: float) -> None:
        self.steps, self.last = Frequency(memory), -1

    def learn(self, subject: int, other: int) -> None:
        if self.last >= 0:
            self.steps.learn((subject - self.last) % 3, 0)
        self.last = subject

    def predict(self) -> Distribution:
        counts, last = self.steps.counts, max(self.last, 0)
        return _normalised([counts[(throw - last) % 3] for throw in range(3)])


class Markov:
    """Counts of what followed the last ``order`` rounds, as seen in a view; those of a context fade alone."""

    def __init__(self, order: int, memory: float, view: str) -> None:
        self.memory, self.view = memory, view
        self.base = 9 if view == "both" else 3
        self.contexts = self.base**order
        self.seen, self.order, self.context = 0, order, 0
        self.counts: dict[int, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])

    def learn(self, subject: int, other: int) -> None:
        if self.seen >= self.order:
            counts = self.counts[self.context]
            for throw in range(3):
                counts[throw] *= self.memory
            counts[subject] += 1.0
        self.seen += 1
        self.context = (self.base * self.context + _symbol(self.view, subject, other)) % self.contexts

    def predict(self) -> Distribution:
        return _normalised(self.counts.get(self.context, [0.0, 0.0, 0.0]))


class Match:
    """The throw after the latest of the longest earlier repetitions of the last rounds, as seen in a view.

    ``longest`` bounds the length: repetitions that agree for so many rounds are equally good.
    """

    def __init__(self, longest: int, view: str) -> None:
        self.longest, self.view = longest, view
        self.symbols, self.lengths = np.zeros(64, np.int8), np.zeros(64, np.int16)
        self.subjects: list[int] = []

    def learn(self, subject: int, other: int) -> None:
        rounds = len(self.subjects)
        if rounds == len(self.symbols):
            self.symbols = np.concatenate([self.symbols, self.symbols])
            self.lengths = np.concatenate([self.lengths, self.lengths])
        symbol = _symbol(self.view, subject, other)
        # How long the rounds up to each earlier one agree with those up to this one.
        before = self.lengths[: rounds - 1].copy() if rounds else self.lengths[:0]
        same = self.symbols[:rounds] == symbol
        self.lengths[:rounds] = same
        self.lengths[1:rounds] += before * same[1:]
        self.symbols[rounds] = symbol
        self.lengths[rounds] = 0
        self.subjects.append(subject)

    def predict(self) -> Distribution:
        rounds = len(self.subjects) - 1
        if rounds < 1:
            return np.full(3, 1 / 3)
        lengths = np.minimum(self.lengths[:rounds], self.longest)
        latest = rounds - 1 - int(lengths[::-1].argmax())
        if lengths[latest] == 0:
            return np.full(3, 1 / 3)
        found = np.zeros(3)
        found[self.subjects[latest + 1]] = 1.0
        return found


def _symbol(view: str, subject: int, other: int) -> int:
    return 3 * subject + other if view == "both" else subject if view == "self" else other


class Side:
    """Predictions of one side's next throw, each a distribution, shape ``(3,)``; uniform without data.

    Predictors are made when they are first asked for, and have then learned from all rounds so far.
    ``memory`` in [0, 1] is what is left of older counts; 1 forgets nothing. ``view`` says what contexts are
    made of: ``both`` players' throws, those of the predicted side its``self``, or those of the ``other``.
    """

    def __init__(self) -> None:
        self._rounds: list[tuple[int, int]] = []
        self._predictors: dict[Any, Predictor] = {}

    def learn(self, subject: int, other: int) -> None:
        """Take in a round; the host does."""
        self._rounds.append((subject, other))
        for predictor in self._predictors.values():
            predictor.learn(subject, other)

    def frequency(self, memory: float = 1.0) -> Distribution:
        """Return the shares of throws so far."""
        memory = _share(memory)
        return self._predict(("frequency", memory), lambda: Frequency(memory))

    def steps(self, memory: float = 1.0) -> Distribution:
        """Return the last throw moved by the usual steps from throw to throw, as of those who rotate."""
        memory = _share(memory)
        return self._predict(("steps", memory), lambda: Steps(memory))

    def markov(self, order: float = 1, memory: float = 1.0, view: str = "both") -> Distribution:
        """Return the shares of what followed the last ``order`` rounds (at most 8) before."""
        order, memory, view = _whole(order, 0, MOST_ORDER), _share(memory), _view(view)
        return self._predict(("markov", order, memory, view), lambda: Markov(order, memory, view))

    def match(self, longest: float = 20, view: str = "both") -> Distribution:
        """Return what followed the longest earlier repetition of the last rounds, of equals the latest."""
        longest, view = _whole(longest, 1, 1000), _view(view)
        return self._predict(("match", longest, view), lambda: Match(longest, view))

    def _predict(self, key: Any, make: Callable[[], Predictor]) -> Distribution:
        predictor = self._predictors.get(key)
        if predictor is None:
            if len(self._predictors) >= MOST_PREDICTORS:
                raise ValueError(
                    f"a player may use at most {MOST_PREDICTORS} predictors a side; do not change their "
                    "parameters from throw to throw"
                )
            predictor = self._predictors[key] = make()
            for subject, other in self._rounds:
                predictor.learn(subject, other)
        return predictor.predict()


def _share(memory: float) -> float:
    return min(max(float(memory), 0.0), 1.0)


def _whole(number: float, low: int, high: int) -> int:
    return round(min(max(float(number), low), high))


def _view(view: str) -> str:
    if view not in VIEWS:
        raise ValueError(f"the view is {view!r}; it must be one of {', '.join(VIEWS)}")
    return view
