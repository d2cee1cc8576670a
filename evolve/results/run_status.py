"""The status of a run, read from the archive alone: while another process works on it, or long after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from nashforge.archive import Archive, Candidate, Run, RunState, Status
from nashforge.archive.agents import Awaited
from nashforge.evolve.config.run import stored_settings
from nashforge.evolve.evaluation.standing import Standing
from nashforge.evolve.executors.identity import has_ended
from nashforge.evolve.proposers.outages import Outage, outages_of
from nashforge.evolve.results.endings import words_behind
from nashforge.evolve.search.events import Counted, Result
from nashforge.evolve.search.measured.progress import waited_for
from nashforge.evolve.search.measured.standings import standing_of
from nashforge.evolve.search.population.ranking import leader, merit, merit_of
from nashforge.evolve.search.population.starts import starts_of, strongest
from nashforge.evolve.search.worked import tried, worked

SILENT_SECONDS = 60.0
"""Without a sign of life for so long, the process that works on a run is taken for dead."""


@dataclass(frozen=True)
class RunStatus:
    """A run and its outcome so far.

    Attributes
    ----------
    result : Result
        As the run itself would report it.
    counts : dict
        Number of candidates by status.
    alive : bool
        Whether a process works on the run.
    limit : int
        Evaluations the run may make.
    settings : dict
        Its configuration, with what was changed on resuming.
    standing : Standing or None
        Of the best, on the games of training and validation.
    outages : tuple of Outage
        The models that it waits for, if a process works on it.
    agents : Awaited or None
        What it wants of agents, if a process works on it.
    measuring : Counted or None
        What it measures before it goes on, if a process works on it: references, or the best in the end.
    """

    run: Run
    result: Result
    counts: dict[Status, int]
    alive: bool
    limit: int
    settings: dict[str, Any]
    standing: Standing | None = None
    outages: tuple[Outage, ...] = ()
    agents: Awaited | None = None
    measuring: Counted | None = None

    @property
    def state(self) -> str:
        """The state in a word; ``lost`` if the process that worked on the run has died."""
        if self.alive and self.run.pause_requested is not None:
            return "paused"
        return "lost" if self.run.state is RunState.RUNNING and not self.alive else str(self.run.state)

    @property
    def why(self) -> str:
        """The reason behind the state: why the run ended, or is about to; empty if there is none."""
        if self.alive:
            return "" if self.run.stop_requested is None else "asked to stop"
        if self.state == "lost":
            return "its process died"
        return words_behind(self.state, self.run.stop_reason)


def run_status(archive: Archive, run: Run) -> RunStatus:
    """Return where a run stands."""
    counts = archive.candidates.counts(run)
    settings = stored_settings(archive, run)
    empty = archive.overview.fruitless(run)  # a proposal that came to nothing is no evaluation
    alive = is_alive(archive, run)
    seconds = worked(archive, run)
    if alive and run.heartbeat is not None and run.pause_requested is None:
        seconds += (archive.database.now() - run.heartbeat).total_seconds()
    ended = sum(count for status, count in counts.items() if status.finished)
    distilled = tried(archive, run)  # of which it keeps those that led to the core
    result = Result(
        run=run.nickname,
        best=leader(archive, run),
        seed=strongest(starts_of(archive, run)),
        evaluations=ended - counts.get(Status.DUPLICATE, 0) - empty if distilled is None else distilled,
        failures={str(status): count for status, count in counts.items() if status.failed},
        stop_reason=run.stop_reason or "",
        seconds=seconds,
        interrupted=run.stop_reason == "interrupted",
    )
    # Archives of earlier versions have runs that were given a limit below what they had.
    limit = max(int(settings.get("max_evaluations", 0)), result.evaluations)
    standing = standing_of(archive, result.best, run.domain)
    outages = outages_of(archive, run) if alive else ()
    agents = archive.requests.awaited(run) if alive else None
    measuring = waited_for(archive, run) if alive else None
    return RunStatus(run, result, counts, alive, limit, settings, standing, outages, agents, measuring)


def has_finished(run: Run) -> bool:
    """Whether a run has come to its own end. Stopped, interrupted or failed, it goes on when it is resumed.

    So it does after an outage of its models' provider, by which it ends, too.
    """
    return run.state is RunState.FINISHED and not (run.stop_reason or "").startswith("outage")


def is_alive(archive: Archive, run: Run) -> bool:
    """Whether a process works on the run and showed a sign of life lately, by the database's clock.

    A process of this machine is looked for itself. A sign of life from the distant future is none: the
    database's clock was set back since.
    """
    if run.state is not RunState.RUNNING or run.heartbeat is None or has_ended(run.owner):
        return False
    return abs((archive.database.now() - run.heartbeat).total_seconds()) < SILENT_SECONDS


def improvements(candidates: list[Candidate]) -> list[Candidate]:
    """Return those candidates that were the best of their run when they came in, the seed first."""
    found: list[Candidate] = []
    for candidate in sorted(candidates, key=lambda item: item.index):
        if candidate.train is not None and (not found or merit(candidate) > merit(found[-1])):
            found.append(candidate)
    return found


def improvements_of(archive: Archive, run: Run) -> list[Candidate]:
    """Return the `improvements` of a run, without reading its other candidates."""
    better: list[int] = []
    best = merit_of(None, None)
    for number, train, validation in archive.overview.records(run):
        if merit_of(train, validation) > best:
            best = merit_of(train, validation)
            better.append(number)
    return archive.candidates.by_id(better)
