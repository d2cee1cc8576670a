"""Audits of policies of social dilemmas: other seeds, lengths and maps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from nashforge.evolve.domains.audits.base import Auditing, Variant
from nashforge.evolve.domains.dilemmas.suites import load_dilemma_suite
from nashforge.evolve.domains.dilemmas.trials import parse_trial, seeded_trial
from nashforge.evolve.evaluation.messages import Trial
from nashforge.games.dilemmas.maps import load_map

EPISODES = 3
OTHER_SEEDS, OTHER_MAP, FEWER = "with other seeds", "on the small map", "with other agents"


class DilemmaAuditing(Auditing):
    """Audits of policies in self-play."""

    horizon = 300
    few = 3
    margin = 0.5

    def trials(self) -> Sequence[Trial]:
        """Return a few training episodes."""
        return self._episodes("train")

    def _episodes(self, split: str) -> list[Trial]:
        suite = load_dilemma_suite(self.suite)
        setting = suite.parsed()
        setting = setting.with_horizon(min(setting.horizon, self.horizon))
        seeds = suite.train if split == "train" else suite.validation
        several = [seeds[k % len(seeds)] + len(seeds) * (k // len(seeds)) * 1000 for k in range(EPISODES)]
        return [seeded_trial(setting, seed) for seed in several]

    def variants(self, trials: Sequence[Trial]) -> Iterator[Variant]:
        """Yield other lengths, seeds, maps and numbers of agents."""
        yield from super().variants(trials)
        yield Variant(OTHER_SEEDS, self._episodes("validation"), same=True)
        small = f"{self.domain.name}_small"
        yield Variant(OTHER_MAP, [self._changed(one, map=small, agents=0) for one in trials])
        yield Variant(
            FEWER, [self._changed(one, agents=parse_trial(one.game)[0].agents - 1) for one in trials]
        )

    def lasting(self, trial: Trial, iterations: int) -> Trial:
        """Return an episode of so many steps."""
        return self._changed(trial, horizon=iterations)

    def _changed(self, trial: Trial, **values: object) -> Trial:
        setting, seed = parse_trial(trial.game)
        return seeded_trial(replace(setting, **values), seed)  # type: ignore[arg-type]

    def numbers(self, trials: Sequence[Trial]) -> Mapping[int, str]:
        """Return the sizes of the map, and how long episodes and how many agents there are."""
        found: dict[int, str] = {}
        for trial in trials:
            setting, _ = parse_trial(trial.game)
            grid = load_map(setting.map)
            sizes = {
                setting.agents: "agents",
                setting.horizon: "steps of an episode",
                self.domain.horizon: "steps of an episode",
                grid.height: "rows of the map",
                grid.width: "columns of the map",
                grid.height * grid.width: "cells of the map",
                len(grid.apples): "places of apples on the map",
            }
            found |= {number: f"{what} in {setting}" for number, what in sizes.items()}
        return found

    def references(self) -> Sequence[str]:
        """Return policies of the library that act by rules."""
        return "nearest_apple", "threshold_cleaner", "cooperative_partition"
