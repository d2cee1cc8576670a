"""Sequential refinement: every program is made from the best so far (hill climbing)."""

from __future__ import annotations

import numpy as np

from nashforge.evolve.proposers.base import Failure, Individual, Request

REWRITE_SHARE = 0.25
"""Share of larger steps, which leave local optima."""


class Sequential:
    """One line of descent: a child that is at least as good replaces its parent.

    Parameters
    ----------
    small
        What a small step is called.
    """

    def __init__(self, small: str = "mutate") -> None:
        self._small = small
        self._current: Individual | None = None

    def tell(self, individual: Individual) -> None:
        """Move on if the program is at least as good."""
        if self._current is None or individual.train >= self._current.train:
            self._current = individual

    def ask(
        self, index: int, rng: np.random.Generator, failures: tuple[Failure, ...], island: int | None = None
    ) -> Request:
        """Ask for an edit of the current program."""
        if self._current is None:
            raise RuntimeError("the seed must be told before anything is asked")
        operator = "rewrite" if rng.random() < REWRITE_SHARE else self._small
        return Request(index=index, operator=operator, parent=self._current, failures=failures, rng=rng)

    def asked(self, parent: str) -> None:
        """Nothing depends on it."""
