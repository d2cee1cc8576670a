"""The findings of a benchmark: who wins against whom, by how much, where worst, at which scale and cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nashforge.evolve.benchmarking.plan import Case
from nashforge.evolve.benchmarking.statistics import (
    Record,
    Values,
    largest_difference,
    log_ratios,
    profile,
    record,
)
from nashforge.evolve.evaluation.intervals import Interval, cluster_bootstrap
from nashforge.evolve.evaluation.metrics import LAST_ITERATE
from nashforge.evolve.measurement.program_results import ProgramResult

FACTORS = (1.2, 2.0, 10.0, 100.0)
"""Where profiles are told in numbers."""


@dataclass(frozen=True)
class Standing:
    """One program on the benchmark; ratios are orders of magnitude below the reference, means over games.

    Attributes
    ----------
    record : Record
        Over all games, horizons and other programs.
    ratio : Interval or None
        Over the horizons of each game, then over games, with a 95 % interval over families.
    by_iterations : dict
        The same at each horizon.
    by_family : dict
        Means over the horizons of each game, then over the games of a family.
    worst : tuple or None
        The lowest ratio in any game, the game and the horizon.
    last_iterate : float or None
        The ratio of the policies in play at the end, relative to the reference's average; None if they were
        not measured.
    near_best : tuple of float
        Share of games and horizons within each of `FACTORS` of the best program.
    by_scale : dict
        By factor of the payoffs: by how many orders of magnitude play is better than without it.
    scale_difference : float or None
        The largest relative difference that a factor of the payoffs makes.
    wall_seconds, cpu_seconds : float or None
        An iteration, median over games: in the engine, and in the program's own processes.
    failures : int
        Cases in which it failed.
    """

    label: str
    record: Record
    ratio: Interval | None
    by_iterations: Mapping[int, Interval | None]
    by_family: Mapping[str, float]
    worst: tuple[float, str, int] | None
    last_iterate: float | None
    near_best: tuple[float, ...]
    by_scale: Mapping[float, float]
    scale_difference: float | None
    wall_seconds: float | None
    cpu_seconds: float | None
    failures: int


@dataclass(frozen=True)
class Summary:
    """Programs on the cases that all of them have played.

    Attributes
    ----------
    labels : tuple of str
        The programs.
    reference : str
        The one that orders of magnitude are relative to.
    cases : tuple of Case
        What is compared.
    results : dict
        By program and case.
    planned : int
        Cases of the whole benchmark.
    """

    labels: tuple[str, ...]
    reference: str
    cases: tuple[Case, ...]
    results: Mapping[tuple[str, Case], ProgramResult]
    planned: int

    @classmethod
    def of(
        cls,
        labels: Sequence[str],
        reference: str,
        cases: Sequence[Case],
        results: Mapping[tuple[str, Case], ProgramResult],
    ) -> Summary:
        """Return the summary of the cases in which every program has a result."""
        played = tuple(case for case in cases if all((label, case) in results for label in labels))
        return cls(tuple(labels), reference, played, results, len(cases))

    @cached_property
    def plain(self) -> tuple[Case, ...]:
        """The cases in the games' own units of payoff."""
        return tuple(case for case in self.cases if case.scale == 1.0)

    @cached_property
    def iterations(self) -> tuple[int, ...]:
        """The horizons."""
        return tuple(sorted({case.iterations for case in self.plain}))

    @cached_property
    def families(self) -> tuple[str, ...]:
        """The families, in the order of the suites."""
        return tuple(dict.fromkeys(case.family for case in self.plain))

    @cached_property
    def games(self) -> tuple[str, ...]:
        """The games, in the order of the suites."""
        return tuple(dict.fromkeys(case.game for case in self.plain))

    @cached_property
    def _floored(self) -> dict[tuple[str, Case], float]:
        """Floored values; infinity for failures."""
        return {
            (label, case): float("inf") if value is None else max(value, case.floor)
            for label in self.labels
            for case in self.cases
            for value in [self.results[label, case].value]
        }

    def values(self, cases: Sequence[Case], labels: Sequence[str] | None = None) -> Values:
        """Return floored values, infinity for failures, shape ``(programs, cases)``."""
        chosen = self.labels if labels is None else labels
        found = [[self._floored[label, case] for case in cases] for label in chosen]
        return np.array(found, dtype=float).reshape(len(chosen), len(cases))

    def at(self, iterations: int | None) -> tuple[Case, ...]:
        """Return the plain cases of a horizon; None: of all."""
        return tuple(case for case in self.plain if iterations in (None, case.iterations))

    def pair(self, label: str, other: str, iterations: int | None = None) -> Record:
        """Return wins, ties and losses of a program against another."""
        mine, others = self.values(self.at(iterations), (label, other))
        return record(mine, others)

    def ratios(self, label: str) -> dict[Case, float]:
        """Return orders of magnitude below the reference by plain case, where neither failed."""
        mine, reference = self.values(self.plain, (label, self.reference))
        found = zip(self.plain, log_ratios(mine, reference).tolist(), strict=True)
        return {case: ratio for case, ratio in found if not np.isnan(ratio)}

    def profile(self, factors: Sequence[float], iterations: int | None = None) -> dict[str, list[float]]:
        """Return the share of cases in which each program is within factors of the best of all."""
        cases = self.at(iterations)
        if not cases:
            return {}
        return dict(zip(self.labels, profile(self.values(cases), factors).tolist(), strict=True))

    @cached_property
    def standings(self) -> tuple[Standing, ...]:
        """The programs, the best mean first; those that failed somewhere after those that did not."""
        found = [self._standing(label) for label in self.labels]
        return tuple(sorted(found, key=lambda one: (one.failures > 0, -_or_lowest(one.ratio), one.label)))

    def _standing(self, label: str) -> Standing:
        ratios = self.ratios(label)
        by_game: dict[str, list[float]] = {}
        for case, ratio in ratios.items():
            by_game.setdefault(case.game, []).append(ratio)
        family = {case.game: case.family for case in self.plain}
        means = {game: float(np.mean(several)) for game, several in by_game.items()}
        worst = min(ratios.items(), key=lambda item: item[1], default=None)
        played = [self.results[label, case] for case in self.cases]
        longest = [self.results[label, case] for case in self.plain if case.iterations >= 100] or played
        others = [other for other in self.labels if other != label]
        return Standing(
            label=label,
            record=sum((self.pair(label, other) for other in others), Record(0, 0, 0)),
            ratio=_interval(list(means.values()), [family[game] for game in means]),
            by_iterations={n: self._at(ratios, n) for n in self.iterations},
            by_family={
                name: float(np.mean([mean for game, mean in means.items() if family[game] == name]))
                for name in self.families
                if any(family[game] == name for game in means)
            },
            worst=None if worst is None else (worst[1], worst[0].game, worst[0].iterations),
            last_iterate=self._last_iterate(label),
            near_best=tuple(self.profile(FACTORS)[label]) if self.plain else (),
            by_scale=self._by_scale(label),
            scale_difference=self._scale_difference(label),
            wall_seconds=_median(row.seconds / row.iterations for row in longest if row.seconds is not None),
            cpu_seconds=_median(
                row.cpu_seconds / row.iterations for row in longest if row.cpu_seconds is not None
            ),
            failures=sum(row.value is None for row in played),
        )

    def _at(self, ratios: Mapping[Case, float], iterations: int) -> Interval | None:
        some = {case: ratio for case, ratio in ratios.items() if case.iterations == iterations}
        return _interval(list(some.values()), [case.family for case in some])

    def _last_iterate(self, label: str) -> float | None:
        found = []
        for case in self.plain:
            scores = {score.metric: score.value for score in self.results[label, case].scores}
            reference = self._floored[self.reference, case]
            if LAST_ITERATE.name in scores and np.isfinite(reference):
                found.append(np.log10(reference / max(scores[LAST_ITERATE.name], case.floor)))
        return float(np.mean(found)) if found else None

    def _scaled(self, label: str) -> dict[float, tuple[Values, Values]]:
        """Return values with payoffs multiplied and without, by factor."""
        plain = {(case.game, case.iterations): case for case in self.plain}
        found: dict[float, tuple[Values, Values]] = {}
        for scale in sorted({case.scale for case in self.cases} - {1.0}):
            pairs = [
                (case, plain[case.game, case.iterations])
                for case in self.cases
                if case.scale == scale and (case.game, case.iterations) in plain
            ]
            if pairs:
                scaled, alone = (self.values(some, (label,))[0] for some in zip(*pairs, strict=True))
                found[scale] = scaled, alone
        return found

    def _by_scale(self, label: str) -> dict[float, float]:
        found = {}
        for scale, (scaled, alone) in self._scaled(label).items():
            ratios = log_ratios(scaled, alone)
            if not np.isnan(ratios).all():
                found[scale] = float(np.nanmean(ratios))
        return found

    def _scale_difference(self, label: str) -> float | None:
        differences = [largest_difference(*pair) for pair in self._scaled(label).values()]
        known = [difference for difference in differences if difference is not None]
        return max(known, default=None)


def _interval(values: Sequence[float], families: Sequence[str]) -> Interval | None:
    """Return a mean with an interval over families, the same at every call; of one family, over games."""
    if not values:
        return None
    if len(values) == 1:
        return Interval(values[0], values[0], values[0])
    clusters = families if len(set(families)) > 1 else range(len(values))
    return cluster_bootstrap(values, clusters, np.random.default_rng(0))


def _median(values: Iterable[float]) -> float | None:
    known = list(values)
    return float(np.median(known)) if known else None


def _or_lowest(interval: Interval | None) -> float:
    return -np.inf if interval is None else interval.value
