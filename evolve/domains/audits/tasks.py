"""Audits of learners of equilibria: the same games with their actions in another order, and other lengths."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from nashforge.evolve.domains.audits.base import Variant
from nashforge.evolve.domains.audits.games import PERMUTED, GameAuditing
from nashforge.evolve.evaluation.messages import Trial


class TaskAuditing(GameAuditing):
    """Audits of learners, whose payoffs span 1 whatever their scale and origin."""

    scales = False

    def variants(self, trials: Sequence[Trial]) -> Iterator[Variant]:
        """Yield other lengths and faces."""
        for variant in super().variants(trials):
            if variant.name == PERMUTED or not variant.same:
                yield variant

    def numbers(self, trials: Sequence[Trial]) -> Mapping[int, str]:
        """Return how many actions players have, where that tells a game."""
        found: dict[int, str] = {}
        for trial in trials:
            task = self.domain.read(trial)
            for count in task.actions:
                if count > MOST_USUAL_ACTIONS:
                    found.setdefault(count, f"actions in {trial.label}")
        return found


MOST_USUAL_ACTIONS = 4
"""Numbers of actions that many games have."""
