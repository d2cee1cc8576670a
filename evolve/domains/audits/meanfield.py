"""Audits of mean-field learners: the same games with other actions first, other lengths and rewards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from nashforge.evolve.domains.audits.base import Variant
from nashforge.evolve.domains.audits.games import PERMUTED, GameAuditing
from nashforge.evolve.evaluation.messages import Trial


class MeanFieldAuditing(GameAuditing):
    """Audits of learners of mean-field games, which have no information sets to add to."""

    scales = False

    def variants(self, trials: Sequence[Trial]) -> Iterator[Variant]:
        """Yield other lengths and orders of actions."""
        for variant in super().variants(trials):
            if variant.name == PERMUTED or not variant.same:
                yield variant

    def numbers(self, trials: Sequence[Trial]) -> Mapping[int, str]:
        """Return how many states each population has in the games."""
        found: dict[int, str] = {}
        for trial in trials:
            for states in self.domain.read(trial).game.states_of:
                found.setdefault(len(states), f"states in {trial.label}")
        return found
