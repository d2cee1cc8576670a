"""Matches of players against each other and against all bots, one by one, for restricted games."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from nashforge.archive.records import Score
from nashforge.evolve.domains.capabilities import Duels
from nashforge.evolve.domains.rrps.populations import GROUPS, PROGRAMS, Population, parse_population
from nashforge.evolve.evaluation.labels import label
from nashforge.evolve.evaluation.messages import Fitness, Opponent, Stage
from nashforge.games.roshambo.bots import BotError

if TYPE_CHECKING:
    from nashforge.evolve.domains.rrps.domain import RRPSDomain

FIRST_SEED = 1_000_003
"""Of all chance in the first match; the others follow."""


class PlayerDuels(Duels):
    """Matches of players; every match is a trial, so that what is measured tells how much it varies."""

    objective = "pop_return"
    unit = "wins less losses"
    outsiders: Mapping[str, tuple[str, ...]] = MappingProxyType(
        {"all bots": GROUPS["all"], "held-out bots": GROUPS["held_out"]}
    )

    def __init__(self, domain: RRPSDomain) -> None:
        self._domain = domain

    def against(self, stage: Stage, opponents: Sequence[Opponent]) -> Stage:
        """Return a stage whose population are programs; for validation throws are relabelled, as always.

        Raises
        ------
        BotError
            If all weights are 0.
        """
        if not sum(each.weight for each in opponents) > 0:
            raise BotError("the weights of all opponents are 0; give one of them a positive weight")
        first = stage.trials[0]
        game = str(Population(PROGRAMS, parse_population(first.game).matches))
        told = label(game, disguised=first.disguise is not None)
        trial = self._domain.trial(game, first.iterations, told, first.disguise)
        return stage.model_copy(
            update={"trials": (trial.model_copy(update={"opponents": tuple(opponents)}),)}
        )

    def stage(self, opponents: Sequence[Opponent], matches: int, horizon: int) -> Stage:
        """Return so many matches with each program, or, without any, with each bot."""
        group = PROGRAMS if opponents else "all"
        seeds = range(FIRST_SEED, FIRST_SEED + matches)
        trials = [self._domain.trial(str(Population(group, 1, seed)), horizon) for seed in seeds]
        split, suite = ("train", "restricted") if opponents else ("test", "outsiders")
        return Stage.model_validate(
            {
                "split": split,
                "suite": suite,
                "trials": [trial.model_copy(update={"opponents": tuple(opponents)}) for trial in trials],
                "fitness": Fitness(kind="objective", objective=self.objective, reference=self._domain.seed),
                "seconds": self._domain.seconds["test"],
            }
        )

    def returns(self, scores: Iterable[Score]) -> Mapping[str, Sequence[float]]:
        """Return what was won in each match, by the name of the program or bot."""
        found: dict[str, list[float]] = {}
        for score in scores:
            if score.metric == "return":
                found.setdefault(score.game.rpartition(": ")[2], []).append(score.value)
            elif score.metric.startswith("vs_"):
                found.setdefault(score.metric.removeprefix("vs_"), []).append(score.value)
        return found
