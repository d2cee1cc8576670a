"""The population: islands of good programs, with migration round a ring.

Programs are compared by their *parent fitness*: that on training, or the mean of those on training and on
validation. For the mean, what is not validated has the one that is expected of it: validation is taken to lie
as far below training as it does in the median of the validated programs. So a program that only fits the
training games loses its place to one that does as well on their disguised relatives.

Everything here is a function of the outcomes in the order in which they are told, so that a resumed run
rebuilds it exactly by telling them again.
"""

from __future__ import annotations

from bisect import insort
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Literal

import numpy as np

from nashforge.evolve.proposers.base import Individual
from nashforge.evolve.search.population.pareto import nondominated


@dataclass
class Island:
    """The best programs of one island, best first."""

    size: int
    parent_fitness: Callable[[Individual], float]
    members: list[Individual] = field(default_factory=list)

    def add(self, individual: Individual) -> bool:
        """Add a program unless the island is full of better ones; return whether it was added.

        Where fitness is a sum of several parts, programs that none of the others beats in every part stay
        before those that are better by the sum alone: they show what can be traded for what.
        """
        if any(member.hash == individual.hash for member in self.members):
            return False
        self.members.append(individual)
        self.sort()
        dropped: list[Individual] = []
        while len(self.members) > self.size:
            dropped.append(self.members.pop(self._superfluous()))
        return individual not in dropped

    def sort(self) -> None:
        """Put the best first; ties go to the older program."""
        self.members.sort(key=lambda member: (-self.parent_fitness(member), member.index))

    def _superfluous(self) -> int:
        """Return the place of the worst program that another one beats in every part; else of the worst.

        Never that of the best: where fitness counts validation, too, others may beat it in training alone.
        """
        parts = [member.parts for member in self.members]
        if len({len(values) for values in parts}) > 1 or len(parts[0]) < 2:
            return len(self.members) - 1
        beaten = np.flatnonzero(~nondominated(parts, ["max"] * len(parts[0])))
        return int(beaten[-1]) if len(beaten) and beaten[-1] > 0 else len(self.members) - 1

    def best(self) -> Individual:
        """Return the island's best program."""
        return self.members[0]


class Population:
    """Islands whose best migrate to the next one.

    Parameters
    ----------
    islands
        Number of islands.
    size
        How many programs are kept in all.
    migrate_every
        After so many accepted programs on an island, its best moves on to the next.
    by
        The parent fitness: ``train`` or ``both``, see the module's docstring.
    """

    def __init__(
        self, islands: int, size: int, migrate_every: int, by: Literal["train", "both"] = "train"
    ) -> None:
        if min(islands, size // islands, migrate_every) < 1:
            raise ValueError(
                f"islands, programs per island and migrate_every must be at least 1; got {islands} islands, "
                f"a size of {size} and migrate_every {migrate_every}"
            )
        self.islands = [Island(size // islands, self.parent_fitness) for _ in range(islands)]
        self.children: Counter[str] = Counter()
        self._by = by
        self._validated: set[str] = set()
        self._gaps: list[float] = []  # sorted
        self._gap = 0.0
        self._accepted = [0] * islands
        self._migrate_every = migrate_every

    def parent_fitness(self, individual: Individual) -> float:
        """Return by what programs are compared, see the module's docstring."""
        if self._by == "train":
            return individual.train
        if individual.validation is None:
            return individual.train + self._gap / 2
        return (individual.train + individual.validation) / 2

    def add(self, individual: Individual) -> bool:
        """Add a measured program to its island; return whether it was kept."""
        if individual.validation is not None and individual.hash not in self._validated:
            self._validated.add(individual.hash)
            insort(self._gaps, individual.validation - individual.train)
            self._gap = median(self._gaps)
            for each in self.islands:  # what is not validated has another fitness now
                each.sort()
        place = individual.island % len(self.islands)  # an imported run may name any
        if not self.islands[place].add(individual):
            return False
        self._accepted[place] += 1
        if self._accepted[place] % self._migrate_every == 0 and len(self.islands) > 1:
            self._migrate(place)
        return True

    def members(self) -> list[Individual]:
        """Return the programs of all islands, each once, in the order of asking."""
        found = {member.candidate_id: member for island in self.islands for member in island.members}
        return sorted(found.values(), key=lambda member: member.index)

    def renew(self, measured: Mapping[int, Individual]) -> None:
        """Take in what programs reach on other games, by candidate; the fitness of others is forgotten."""
        known = [one for one in measured.values() if one.validation is not None]
        self._gaps = sorted(one.validation - one.train for one in known if one.validation is not None)
        self._gap = median(self._gaps) if self._gaps else 0.0
        self._validated |= {one.hash for one in known}
        for island in self.islands:
            island.members = [
                replace(
                    measured.get(member.candidate_id, member), island=member.island, migrated=member.migrated
                )
                for member in island.members
            ]
            island.sort()

    def _migrate(self, source: int) -> None:
        native = [member for member in self.islands[source].members if not member.migrated]
        if native:
            target = (source + 1) % len(self.islands)
            self.islands[target].add(replace(native[0], island=target, migrated=True))

    def choose(
        self, island: int, rng: np.random.Generator, exclude: str | None = None, among: int | None = None
    ) -> Individual:
        """Draw a parent: better programs more often, those with many children less.

        The weight is sigmoid(10 (fitness - median) / MAD) / (1 + children), after ShinkaEvolve.

        Parameters
        ----------
        exclude
            Hash of a program that is not to be drawn, if there is another.
        among
            Of so many best programs only; None: of all.
        """
        members = [member for member in self.islands[island].members if member.hash != exclude][:among]
        if not members:
            members = self.islands[island].members
        fitness = np.array([self.parent_fitness(member) for member in members])
        middle = median(fitness.tolist())  # numpy's takes longer than all else here
        deviation = max(median(np.abs(fitness - middle).tolist()), 1e-6)
        z = np.clip(10 * (fitness - middle) / deviation, -50, 50)
        weights = 1 / (1 + np.exp(-z)) / (1 + np.array([self.children[member.hash] for member in members]))
        return members[int(rng.choice(len(members), p=weights / weights.sum()))]

    def inspirations(
        self, island: int, parent: Individual, rng: np.random.Generator, elite: int = 2
    ) -> list[Individual]:
        """Return the island's best programs besides the parent, and one drawn at random for diversity."""
        others = [member for member in self.islands[island].members if member.hash != parent.hash]
        chosen, rest = others[:elite], others[elite:]
        if rest:
            chosen.append(rest[int(rng.integers(len(rest)))])
        return chosen

    def best(self) -> Individual | None:
        """Return the program of the highest parent_fitness."""
        bests = [island.best() for island in self.islands if island.members]
        return max(bests, key=lambda member: (self.parent_fitness(member), -member.index)) if bests else None
