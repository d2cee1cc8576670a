"""Choice of parents: evolution, best of N, sequential refinement. They differ in nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

import numpy as np

from nashforge.evolve.proposers.base import Failure, Individual, Request

if TYPE_CHECKING:
    from nashforge.evolve.config.run import RunConfig


class Strategy(Protocol):
    """Chooses what to ask a proposer for, from the outcomes told so far."""

    def tell(self, individual: Individual) -> None:
        """Take in a measured program; the first ones are those that the run starts from."""

    def ask(
        self, index: int, rng: np.random.Generator, failures: tuple[Failure, ...], island: int | None = None
    ) -> Request:
        """Return the request for one new program; may be called again for the same index.

        Parameters
        ----------
        island
            Where the parents shall come from, in a population that has islands; None: take turns.
        """

    def members(self) -> list[Individual]:
        """Return the programs that parents are chosen from, each once."""

    def renew(self, measured: Mapping[int, Individual]) -> None:
        """Take in what programs reach on other training games, by candidate."""

    def asked(self, parent: str) -> None:
        """Take in that a candidate was made from the program of this hash."""


def make_strategy(config: RunConfig) -> Strategy:
    """Return the strategy of a configuration."""
    small, large = ("mutate", "rewrite") if config.models.offline else ("edit", "design")
    if config.strategy != "evolution":
        from nashforge.evolve.search.strategies.from_one import FromOne

        return FromOne(small, large, climb=config.strategy == "sequential")
    from nashforge.evolve.search.population.islands import Population
    from nashforge.evolve.search.strategies.evolution import MODELS, OFFLINE, Evolution

    options = config.population
    population = Population(config.islands, options.size, options.migrate_every, by=options.parent_fitness)
    steps = OFFLINE if config.models.offline else MODELS
    return Evolution(population, options.stagnation, steps, share=options.model_islands)
