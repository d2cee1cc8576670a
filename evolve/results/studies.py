"""The results of a study: fitness over its seeds against evaluations, and which program ships.

Every search has one finalist: its best, as of any run (`nashforge.evolve.search.population.ranking.merit`).
Of the finalists the one of the highest validation fitness is chosen, all of them having been validated on the
same disguised games. Training fitness does not decide between searches: it is what each of them maximised.
Nor does the test: it is made when the choice has been made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from nashforge.archive import Archive, Candidate, RunState, Study
from nashforge.archive.stores.views import Evaluated
from nashforge.evolve.config.run import SETTINGS
from nashforge.evolve.results.run_status import RunStatus, run_status
from nashforge.evolve.search.population.ranking import merit

CONFIDENCE = 0.95
RESAMPLES = 2000
POINTS = 40
"""Counts of evaluations, at most, at which curves are known."""

Curve: TypeAlias = list[tuple[float | None, float | None]]
"""Training and validation fitness of what a search would have chosen after 1, 2, ... evaluations."""


@dataclass(frozen=True)
class Median:
    """A median over seeds with its percentile bootstrap interval; without one for a single seed.

    Source: Efron and Tibshirani (1993), "An Introduction to the Bootstrap", chapter 13.
    """

    value: float
    low: float | None
    high: float | None
    seeds: int


@dataclass(frozen=True)
class Point:
    """A study after so many evaluations of each search.

    Attributes
    ----------
    train, validation : Median or None
        Of what each search would have chosen then; None where not all searches have got so far, or for
        validation, where one had validated nothing.
    """

    evaluations: int
    train: Median | None
    validation: Median | None


@dataclass(frozen=True)
class Finalist:
    """The best program of one search."""

    seed: int
    run: RunStatus
    candidate: Candidate


@dataclass(frozen=True)
class StudyStatus:
    """A study and its outcome so far.

    Attributes
    ----------
    runs : tuple of RunStatus
        In the order of the study.
    finalists : tuple of Finalist
        One a search that has measured something, in the order of the study.
    chosen : Finalist or None
        What ships; None before all searches have ended.
    leading : Finalist or None
        What would ship if all ended now.
    points : tuple of Point
        Fitness against evaluations, as far as all searches have got.
    curves : tuple of Curve
        What each search would have chosen after each of its evaluations, in the order of the study.
    """

    study: Study
    runs: tuple[RunStatus, ...]
    finalists: tuple[Finalist, ...]
    points: tuple[Point, ...]
    curves: tuple[Curve, ...] = ()

    @property
    def finished(self) -> bool:
        """Whether all its searches have ended."""
        return all(run.run.state is RunState.FINISHED for run in self.runs)

    @property
    def state(self) -> str:
        """The state in a word: that of its runs that says most."""
        states = [run.state for run in self.runs]
        for word in ("running", "paused", "failed", "lost", "stopped"):
            if word in states:
                return word
        if set(states) <= {"finished"}:
            return "finished"
        return "created" if set(states) == {"created"} else "stopped"

    @property
    def leading(self) -> Finalist | None:
        """The program that would ship now: of the highest validation fitness, else training."""
        return max(self.finalists, key=_by_validation, default=None)

    @property
    def chosen(self) -> Finalist | None:
        """The program that ships, when all searches have ended."""
        return self.leading if self.finished else None

    @property
    def evaluations(self) -> int:
        """Evaluations of all searches together."""
        return sum(run.result.evaluations for run in self.runs)

    @property
    def limit(self) -> int:
        """Evaluations that all searches may make."""
        return sum(run.limit for run in self.runs)

    @property
    def settings(self) -> dict[str, Any]:
        """The settings that all searches have in common, with what was changed on resuming."""
        now = dict(self.runs[0].settings) if self.runs else {}
        return {**SETTINGS.named(self.study.config), **{k: v for k, v in now.items() if k != "final_test"}}

    def final(self, split: str) -> Median | None:
        """Return the median of the finalists' fitness; None if one has none."""
        values = [getattr(finalist.candidate, split) for finalist in self.finalists]
        known = [value for value in values if value is not None]
        return median_of(known) if known and len(known) == len(self.runs) else None

    def why(self) -> str:
        """Return why a program ships, in a sentence; or what is missing."""
        leading = self.leading
        if leading is None:
            return "no program has been measured yet"
        name, seed = leading.candidate.nickname, leading.seed
        validation = leading.candidate.validation
        if validation is None:
            by = "by training fitness, as no search has validated a program"
        else:
            others = sorted(
                (f.candidate.validation for f in self.finalists if f.candidate.validation is not None),
                reverse=True,
            )
            second = f", the next {others[1]:+.3f}" if len(others) > 1 else ""
            count = len(self.finalists)
            seeds = f"{count} seed{'s' if count != 1 else ''}"
            by = f"by validation over the bests of {seeds} ({validation:+.3f}{second})"
        if self.finished:
            return f"{name} of seed {seed} ships, chosen {by}"
        done = sum(run.run.state is RunState.FINISHED for run in self.runs)
        return f"{name} of seed {seed} leads {by}; {done} of {len(self.runs)} searches have ended"


def _by_validation(finalist: Finalist) -> tuple[bool, float, float, int]:
    candidate = finalist.candidate
    train = -np.inf if candidate.train is None else candidate.train
    if candidate.validation is None:
        return False, -np.inf, train, -finalist.seed
    return True, candidate.validation, train, -finalist.seed


def study_status(archive: Archive, study: Study) -> StudyStatus:
    """Return where a study stands."""
    runs = tuple(run_status(archive, run) for run in archive.studies.runs(study))
    finalists = tuple(
        Finalist(now.run.seed or 0, now, now.result.best) for now in runs if now.result.best is not None
    )
    curves = tuple(best_so_far(archive.studies.evaluated(now.run)) for now in runs)
    return StudyStatus(study, runs, finalists, points_of(curves), curves)


def best_so_far(evaluated: Sequence[Evaluated]) -> Curve:
    """Return training and validation fitness of what a search would choose after each evaluation."""
    best: Evaluated | None = None
    curve: Curve = []
    for item in evaluated:
        if item.train is not None and (best is None or _merit(item) > _merit(best)):
            best = item
        curve.append((None, None) if best is None else (best.train, best.validation))
    return curve


def _merit(item: Evaluated) -> tuple[bool, float]:
    return merit(item)  # type: ignore[arg-type]


def counts_of(length: int) -> list[int]:
    """Return counts of evaluations up to a last one, evenly spread, of which a picture needs no more."""
    return [int(count) for count in np.unique(np.linspace(1, length, min(POINTS, length)).round())]


def points_of(curves: Sequence[Sequence[tuple[float | None, float | None]]]) -> tuple[Point, ...]:
    """Return medians over the curves of several searches, as far as the shortest goes."""
    length = min(map(len, curves), default=0)
    if length == 0:
        return ()
    points = []
    for count in counts_of(length):
        medians: list[Median | None] = []
        for part in (0, 1):
            values = [curve[count - 1][part] for curve in curves]
            known = [value for value in values if value is not None]
            medians.append(median_of(known) if len(known) == len(values) else None)
        points.append(Point(count, *medians))
    return tuple(points)


def median_of(values: Sequence[float]) -> Median:
    """Return the median of values, at least one, with its interval.

    The generator of the bootstrap is made here, so that the same values have the same interval.
    """
    found = float(np.median(values))
    if len(values) < 2:
        return Median(found, None, None, len(values))
    from scipy.stats import bootstrap  # more than a second of processor time to import

    interval = bootstrap(
        (np.asarray(values, dtype=float),),
        np.median,
        confidence_level=CONFIDENCE,
        n_resamples=RESAMPLES,
        method="percentile",
        rng=np.random.default_rng(0),
    ).confidence_interval
    return Median(found, float(interval.low), float(interval.high), len(values))


def difference_of(ours: Sequence[float], theirs: Sequence[float]) -> Median:
    """Return by how much the median of values is above that of others, with its bootstrap interval."""
    found = float(np.median(ours) - np.median(theirs))
    if min(len(ours), len(theirs)) < 2:
        return Median(found, None, None, min(len(ours), len(theirs)))
    from scipy.stats import bootstrap  # more than a second of processor time to import

    interval = bootstrap(
        (np.asarray(ours, dtype=float), np.asarray(theirs, dtype=float)),
        lambda a, b, axis: np.median(a, axis=axis) - np.median(b, axis=axis),
        confidence_level=CONFIDENCE,
        n_resamples=RESAMPLES,
        method="percentile",
        rng=np.random.default_rng(0),
    ).confidence_interval
    return Median(found, float(interval.low), float(interval.high), min(len(ours), len(theirs)))


def median_as_dict(median: Median | None) -> Mapping[str, float | int | None] | None:
    """Return a median as JSON values."""
    if median is None:
        return None
    return {"median": median.value, "low": median.low, "high": median.high, "seeds": median.seeds}
