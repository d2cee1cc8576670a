"""Evolution: islands, weighted parents, crossover, larger steps when nothing improves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from evolve.population import Population
from evolve.proposal import Failure, Individual, Request

SHARES = {"mutate": 0.60, "rewrite": 0.15, "crossover": 0.20, "simplify": 0.05}
STAGNANT_SHARES = {"mutate": 0.35, "rewrite": 0.35, "crossover": 0.25, "simplify": 0.05}


class Evolution:
    """Islands take turns; each evolves on its own but for migrants.

    Parameters
    ----------
    population
        Empty islands.
    stagnation
        After so many outcomes without a better program, larger steps are taken.
    """

    def __init__(self, population: Population, stagnation: int) -> None:
        self.population = population
        self._stagnation = stagnation
        self._best = -np.inf
        self._since = 0

    def tell(self, individual: Individual) -> None:
        """Add a program to its island; the seed goes to all islands."""
        if self.population.best() is None:
            for island in range(len(self.population.islands)):
                self.population.add(replace(individual, island=island))
        else:
            self.population.add(individual)
        self._since += 1
        if individual.train > self._best:
            self._best, self._since = individual.train, 0

    def ask(self, index: int, rng: np.random.Generator, failures: tuple[Failure, ...]) -> Request:
        """Draw an island's parent and an operator."""
        island = index % len(self.population.islands)
        shares = STAGNANT_SHARES if self._since >= self._stagnation else SHARES
        operator = str(rng.choice(list(shares), p=list(shares.values())))
        parent = self.population.choose(island, rng)
        partner = None
        if operator == "crossover":
            partner = self.population.choose(island, rng, exclude=parent.hash)
            if partner.hash == parent.hash:
                operator, partner = "mutate", None
        return Request(
            index=index,
            operator=operator,
            parent=parent,
            partner=partner,
            inspirations=tuple(self.population.inspirations(island, parent, rng)),
            failures=failures,
            rng=rng,
            island=island,
        )

    def asked(self, parent: str) -> None:
        """Count a child of the program of this hash."""
        self.population.children[parent] += 1
