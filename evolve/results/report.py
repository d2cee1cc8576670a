"""The contents of a run's report: its outcome, how the best program came about, and what it is compared with.

Everything is read from the archive, while a run is under way or long after; only the episode of a social
dilemma is played anew, in the sandbox.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from nashforge.archive import (
    Archive,
    Candidate,
    Evaluation,
    Fitted,
    Program,
    Run,
    Spending,
    Status,
    program_hash,
)
from nashforge.evolve.challenge.records import ChallengeRecord, challenge_records
from nashforge.evolve.domains import UnknownDomainError, domain
from nashforge.evolve.domains.base import Domain
from nashforge.evolve.evaluation.messages import Fitness, Split, Trial
from nashforge.evolve.measurement.program_results import ProgramResult, measured_in, remembered
from nashforge.evolve.results.model_costs import ModelCosts, model_costs
from nashforge.evolve.results.run_status import RunStatus, run_status
from nashforge.evolve.search.outcomes import identity_in
from nashforge.evolve.search.population.pareto import summary
from nashforge.evolve.search.population.ranking import line_of_descent, milestones
from nashforge.solvers.metrics.registry import Metric

SPLITS: tuple[Split, ...] = ("train", "test")
"""What is compared: validation games are disguised for the run, so nothing else was measured on them."""

FAILURES = 12
"""Failures that are told one by one, the newest."""


STEPS = 40
"""Steps of the way to the best that are told: all, or those that raised the fitness most."""


@dataclass(frozen=True)
class Step:
    """A candidate on the way from the seed to the best.

    Attributes
    ----------
    change : str
        Unified diff from the one it was made from, without its header; empty for the first.
    left_out : int
        Steps before it that are not told.
    """

    candidate: Candidate
    change: str
    left_out: int = 0


@dataclass(frozen=True)
class Comparison:
    """The best program beside the seed and those of the library that were measured on the same games.

    Attributes
    ----------
    labels : tuple of str
        Names of the programs, the best first.
    rows : tuple of ProgramResult
        By program, then by game; a program that was measured in some games only has rows of these.
    """

    split: Split
    suite: str
    games: tuple[str, ...]
    labels: tuple[str, ...]
    rows: tuple[ProgramResult, ...]

    def value(self, label: str, game: str) -> float | None:
        """Return what a program reached in a game, by the domain's metric."""
        return next((row.value for row in self.rows if (row.label, row.game) == (label, game)), None)

    def mean(self, label: str, metric: Metric, floor: float) -> float | None:
        """Return the mean of a metric over the games, if a program was measured in all of them.

        Geometric where the metric spans orders of magnitude. Games in which the metric is undefined for the
        program are left out.
        """
        mine = [row for row in self.rows if row.label == label]
        if len(mine) < len(self.games):
            return None
        means = summary((score for row in mine for score in row.scores), [metric], floor)
        return None if means is None else means[metric.name]


@dataclass(frozen=True)
class RunReport:
    """Everything that a report shows.

    Attributes
    ----------
    domain : Domain or None
        None if it is not installed here; then nothing can be compared.
    fitness : Fitness
        Of the run.
    program : Program or None
        The best, with its source.
    fitted : list of Fitted
        Fitness of what was measured, by the order of asking.
    failures : list of Candidate
        The latest, repetitions of known programs left out.
    total : Spending
        On models.
    challenges : list of ChallengeRecord
        Which games joined the training games, and why.
    """

    status: RunStatus
    domain: Domain | None
    fitness: Fitness
    program: Program | None
    fitted: list[Fitted]
    descent: tuple[Step, ...]
    comparisons: tuple[Comparison, ...]
    failures: list[Candidate]
    models: list[ModelCosts]
    total: Spending
    challenges: list[ChallengeRecord]


def report_of(archive: Archive, run: Run) -> RunReport:
    """Return the report of a run."""
    now = run_status(archive, run)
    work = _domain(run.domain)
    best = now.result.best
    program = None if best is None or best.program is None else archive.programs.get(best.program)
    line = [] if best is None else line_of_descent(archive, best)
    compared: list[Comparison] = []
    if work is not None and best is not None:
        compared = [
            found for split in SPLITS if (found := _comparison(archive, work, now, split)) is not None
        ]
    broken = [
        item
        for item in archive.candidates.failures(run, limit=10 * FAILURES)
        if item.status is not Status.DUPLICATE
    ]
    return RunReport(
        status=now,
        domain=work,
        fitness=Fitness.model_validate(now.settings.get("fitness") or {}),
        program=program,
        fitted=archive.candidates.fitted(run),
        descent=_descent(archive, line),
        comparisons=tuple(compared),
        failures=broken[:FAILURES],
        models=model_costs(archive, run),
        total=archive.calls.spending(run)[""],
        challenges=challenge_records(archive, run),
    )


def _domain(name: str) -> Domain | None:
    try:
        return domain(name)
    except UnknownDomainError:
        return None


def _believed(archive: Archive, program: Program, run: Run) -> list[Evaluation]:
    """Return a program's measurements that were made here; before them, in the report of an imported run,
    those that came with it, which are told as such."""
    rows = archive.evaluations.find(program=program, status=[Status.OK])
    came = [row for row in rows if row.imported is not None and row.run_id == run.id]
    return [*came, *(row for row in rows if row.imported is None)]


def _descent(archive: Archive, line: Sequence[Candidate]) -> tuple[Step, ...]:
    places = milestones(line, STEPS)
    needed = [line[near].program for place in places for near in (max(place - 1, 0), place)]
    programs = archive.programs.by_hash([digest for digest in needed if digest is not None])

    def source(place: int) -> list[str]:
        program = programs.get(line[place].program or "")
        return [] if program is None else program.source.splitlines()

    steps: list[Step] = []
    for before, place in pairwise([-1, *places]):
        # The two lines of a diff's header name files, of which there are none.
        change = difflib.unified_diff(source(place - 1), source(place), lineterm="") if place else ()
        steps.append(Step(line[place], "\n".join([*change][2:]), place - before - 1))
    return tuple(steps)


def _comparison(archive: Archive, work: Domain, now: RunStatus, split: Split) -> Comparison | None:
    """Return how the best does on the games of a split, if it was measured there."""
    best, seed = now.result.best, now.result.seed
    assert best is not None
    measured = archive.evaluations.find(candidate=best, split=split, status=[Status.OK])
    if not measured:
        return None
    latest = measured[-1]
    games = tuple(dict.fromkeys(score.game for score in latest.scores if score.game))
    horizon = int(latest.settings.get("horizon", work.horizon))
    # As the games were when the best was measured: a file may hold another one by now.
    trials = [
        Trial(label=game, game=game, iterations=horizon, identity=identity_in(latest.settings, game))
        for game in games
    ]
    own = archive.programs.get(latest.program)
    rows = [measured_in(work, own.nickname, own, trial, latest) for trial in trials]
    hashes = {name: program_hash(work.source(name), work.name) for name in work.baselines()}
    others = {digest: name for name, digest in hashes.items()}
    if seed is not None and seed.program is not None:
        library = others.pop(seed.program, None)
        title = f"{library or seed.nickname} (start)"
        others = {seed.program: title, **others}
    others.pop(own.hash, None)
    known = archive.programs.by_hash(others)
    for digest, label in others.items():
        if digest in known:
            stored = _believed(archive, known[digest], now.run)
            found = [remembered(work, label, known[digest], trial, stored) for trial in trials]
            rows += [row for row in found if row is not None]
    labels = tuple(dict.fromkeys(row.label for row in rows))
    return Comparison(split, latest.suite, games, labels, tuple(rows))
