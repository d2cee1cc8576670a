"""Evolution: islands, weighted parents, crossover, larger steps when nothing improves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from nashforge.evolve.proposers.base import Failure, Individual, Request
from nashforge.evolve.search.population.islands import Population


@dataclass(frozen=True)
class Steps:
    """The frequencies of the kinds of steps.

    Attributes
    ----------
    usual, stagnant : dict
        Shares by operator, and those when nothing has improved for long.
    repairs : bool
        Whether a program that failed by an error of its own is mended, once.
    fewest : int or None
        Of how many programs the best are parents, at first; later a tenth of all that were measured. For
        programs that are dear, of which there are few. None: all that are kept.
    reducing : tuple of str
        Operators that take out what was added: they are asked for only of programs that were made here.
    """

    usual: Mapping[str, float]
    stagnant: Mapping[str, float]
    repairs: bool = False
    fewest: int | None = None
    reducing: tuple[str, ...] = ()

    @property
    def small(self) -> str:
        """The operator that needs only one parent and stays near it."""
        return next(iter(self.usual))


OFFLINE = Steps(
    {"mutate": 0.60, "rewrite": 0.15, "crossover": 0.20, "simplify": 0.05},
    {"mutate": 0.35, "rewrite": 0.35, "crossover": 0.25, "simplify": 0.05},
)
CROSSING = ("crossover", "combine")
"""Operators with two parents, of those who write without models and of models."""

MODELS = Steps(
    {"edit": 0.40, "design": 0.25, "combine": 0.20, "ablate": 0.08, "simplify": 0.07},
    {"edit": 0.0, "design": 0.60, "combine": 0.30, "ablate": 0.10, "simplify": 0.0},
    repairs=True,
    fewest=3,
    reducing=("ablate", "simplify"),
)


class Evolution:
    """Islands take turns; each evolves on its own but for migrants.

    Parameters
    ----------
    population
        Empty islands.
    stagnation
        After so many outcomes without a better program, larger steps are taken.
    steps
        How often each kind of step is asked for.
    share
        Whether verified programs go to all islands, instead of migrating round the ring.
    """

    def __init__(
        self, population: Population, stagnation: int, steps: Steps = OFFLINE, *, share: bool = False
    ) -> None:
        self.population = population
        self._stagnation, self._steps, self._share = stagnation, steps, share
        self._best = -np.inf
        self._since = self._told = 0
        self._mended: set[int] = set()

    def tell(self, individual: Individual) -> None:
        """Add a program to its island; what the run starts from goes to all islands."""
        everywhere = range(len(self.population.islands))
        if individual.seed or self.population.best() is None:
            for island in everywhere:
                self.population.add(replace(individual, island=island))
        else:
            self.population.add(individual)
            if self._share and individual.validation is not None:
                for island in everywhere:
                    if island != individual.island:
                        self.population.add(replace(individual, island=island, migrated=True))
        self._told += 1
        self._since += 1
        if individual.train > self._best:
            self._best, self._since = individual.train, 0

    def ask(
        self, index: int, rng: np.random.Generator, failures: tuple[Failure, ...], island: int | None = None
    ) -> Request:
        """Draw an island's parent and an operator; or ask for the repair of a failure."""
        if island is None:
            island = index % len(self.population.islands)
        broken = self._to_mend(failures, island) if self._steps.repairs else None
        if broken is not None and broken.parent is not None:
            self._mended.add(broken.index)
            return Request(
                index=index,
                operator="repair",
                parent=broken.parent,
                failures=failures,
                failure=broken,
                rng=rng,
                island=island,
            )
        shares = self._steps.stagnant if self._since >= self._stagnation else self._steps.usual
        operator = str(rng.choice(list(shares), p=list(shares.values())))
        fewest = self._steps.fewest
        among = None if fewest is None else max(fewest, self._told // 10)
        parent = self.population.choose(island, rng, among=among)
        if operator in self._steps.reducing and parent.bare:
            # Nothing was added yet that could be taken out: what is asked for most takes its place.
            operator = max(shares, key=shares.__getitem__)
        partner = None
        if operator in CROSSING:
            partner = self.population.choose(island, rng, exclude=parent.hash, among=among)
            if partner.hash == parent.hash:
                operator, partner = self._steps.small, None
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

    def _to_mend(self, failures: tuple[Failure, ...], island: int) -> Failure | None:
        """Return the newest failure of an island that can be mended, unless that was tried."""
        return next(
            (
                failure
                for failure in failures[::-1]
                if failure.repairable
                and failure.island == island
                and failure.operator != "repair"
                and failure.index not in self._mended
            ),
            None,
        )

    def members(self) -> list[Individual]:
        """Return the programs of all islands, each once."""
        return self.population.members()

    def renew(self, measured: Mapping[int, Individual]) -> None:
        """Take in what programs reach on other training games."""
        self.population.renew(measured)
        self._best = max(individual.train for individual in measured.values())

    def asked(self, parent: str) -> None:
        """Count a child of the program of this hash."""
        self.population.children[parent] += 1
