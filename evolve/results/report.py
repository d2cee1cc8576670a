"""The contents of a run's report: its outcome, how the best program came about, and what it is compared with.

Everything is read from the archive, while a run is under way or long after; only the episode of a social
dilemma is played anew, in the sandbox.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from nashforge.archive import Archive, Candidate, Fitted, Program, Run, Spending, Status
from nashforge.archive.stores.agents.verdicts import AuditRecord
from nashforge.evolve.challenge.records import ChallengeRecord, challenge_records
from nashforge.evolve.domains import UnknownDomainError, domain
from nashforge.evolve.domains.base import Domain
from nashforge.evolve.evaluation.messages import Fitness, Split
from nashforge.evolve.results.comparison import Comparison, comparison
from nashforge.evolve.results.model_costs import ModelCosts, model_costs
from nashforge.evolve.results.run_status import RunStatus, run_status
from nashforge.evolve.search.population.ranking import line_of_descent, milestones

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
    audits : dict
        The newest audit of each program that has one, by hash.
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
    audits: Mapping[str, AuditRecord]


def report_of(archive: Archive, run: Run) -> RunReport:
    """Return the report of a run."""
    now = run_status(archive, run)
    work = domain_of(run)
    best = now.result.best
    program = None if best is None or best.program is None else archive.programs.get(best.program)
    line = [] if best is None else line_of_descent(archive, best)
    compared: list[Comparison] = []
    if work is not None and best is not None:
        compared = [
            found
            for split in SPLITS
            if (found := comparison(archive, work, run, best, now.result.seed, split)) is not None
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
        audits=archive.verdicts.in_run(run, imported=True),
    )


def domain_of(run: Run) -> Domain | None:
    """Return the domain of a run; None if it is not installed here."""
    try:
        return domain(run.domain)
    except UnknownDomainError:
        return None


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
