"""Best of N: every program is made from the seed, independently of the others."""

from __future__ import annotations

import numpy as np

from nashforge.evolve.proposers.base import Failure, Individual, Request

REWRITE_SHARE = 0.5
"""Share of larger steps; single small edits of the seed would soon be exhausted."""


class BestOfN:
    """The baseline that search must beat: many independent attempts, keep the best.

    Parameters
    ----------
    small
        What a small step is called.
    """

    def __init__(self, small: str = "mutate") -> None:
        self._small = small
        self._seed: Individual | None = None

    def tell(self, individual: Individual) -> None:
        """Remember the seed; the rest does not matter."""
        if self._seed is None:
            self._seed = individual

    def ask(
        self, index: int, rng: np.random.Generator, failures: tuple[Failure, ...], island: int | None = None
    ) -> Request:
        """Ask for an edit of the seed."""
        if self._seed is None:
            raise RuntimeError("the seed must be told before anything is asked")
        operator = "rewrite" if rng.random() < REWRITE_SHARE else self._small
        return Request(index=index, operator=operator, parent=self._seed, failures=failures, rng=rng)

    def asked(self, parent: str) -> None:
        """Nothing depends on it."""
