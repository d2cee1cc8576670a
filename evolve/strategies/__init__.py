"""How parents are chosen: evolution, best of N, sequential refinement. They differ in nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from evolve.proposal import Failure, Individual, Request

if TYPE_CHECKING:
    from evolve.config import RunConfig


class Strategy(Protocol):
    """Chooses what to ask a proposer for, from the outcomes told so far."""

    def tell(self, individual: Individual) -> None:
        """Take in a measured program; the first is the seed."""

    def ask(self, index: int, rng: np.random.Generator, failures: tuple[Failure, ...]) -> Request:
        """Return the request for one new program; may be called again for the same index."""

    def asked(self, parent: str) -> None:
        """Take in that a candidate was made from the program of this hash."""


def make_strategy(config: RunConfig) -> Strategy:
    """Return the strategy of a configuration."""
    if config.strategy == "best_of_n":
        from evolve.strategies.best_of_n import BestOfN

        return BestOfN()
    if config.strategy == "sequential":
        from evolve.strategies.sequential import Sequential

        return Sequential()
    from evolve.population import Population
    from evolve.strategies.evolution import Evolution

    population = Population(config.islands, config.archive, config.migrate_every)
    return Evolution(population, stagnation=config.stagnation)
