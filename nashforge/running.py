"""Runs from Python: worked on in the background, watched, stopped, resumed and asked."""

from __future__ import annotations

import atexit
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from nashforge.archive import Archive, Candidate, RunState
from nashforge.archive import Run as StoredRun
from nashforge.errors import USAGE, NashforgeError
from nashforge.evolve.agents.answers.verbs import Asked, GivenUp, Told
from nashforge.evolve.agents.asking import Who
from nashforge.evolve.agents.core import LocalCore
from nashforge.evolve.config.run import given
from nashforge.evolve.results.run_status import RunStatus, is_alive, run_status
from nashforge.evolve.runs.resuming import nothing_left
from nashforge.evolve.runs.run import Parts, begin_resume, resumed_config
from nashforge.evolve.runs.stopping import stop_run
from nashforge.evolve.search.events import Result
from nashforge.evolve.search.population.ranking import ranked
from nashforge.frames import Frame, as_frame
from nashforge.reading import SPLITS, Program, candidate_rows
from nashforge.solvers.programs.arguments import count as whole
from nashforge.solvers.programs.arguments import file, limit, text
from nashforge.solvers.programs.html import table
from nashforge.wording import in_python

LOOK_SECONDS = 0.2
"""So often the archive is looked at for what is new."""

END_SECONDS = 60.0
"""So long the end of Python waits for searches in the background to stop."""

CLIENT = "Python"
"""What asks and tells, as the archive names it."""


class RunError(NashforgeError, RuntimeError):
    """A run cannot do what was asked of it."""

    exit_code = USAGE


@dataclass(frozen=True)
class Event:
    """A candidate of a run that was measured, or failed.

    Attributes
    ----------
    candidate : Candidate
        With its fitness on the training games, status, note and parents.
    best : bool
        Whether no earlier event of the same iteration had as high a training fitness.
    """

    candidate: Candidate
    best: bool

    def __str__(self) -> str:
        done = self.candidate
        value = str(done.status) if done.train is None else f"{done.train:.3f}"
        mark = " (best so far)" if self.best else ""
        return f"{done.index:>5}  {done.nickname or 'no program':<24} {value}{mark}"


class Run:
    """A search: one that works in the background, or any that is stored.

    Made by `nashforge.searching.search` and by `nashforge.reading.ArchiveReader.run`. What it tells is read
    from the archive, so that it is the same for a run of this process, of another one, and for one that has
    ended.
    """

    def __init__(self, archive: Archive, stored: StoredRun) -> None:
        self._archive, self._id = archive, stored.id
        self._thread: threading.Thread | None = None
        self._error: BaseException | None = None

    @property
    def stored(self) -> StoredRun:
        """The run as the archive holds it, with its configuration."""
        return self._archive.runs.get(self._id)

    @property
    def name(self) -> str:
        """Its name."""
        return self.stored.nickname

    @property
    def status(self) -> RunStatus:
        """Its state, counts by status, limits, and the result so far."""
        return run_status(self._archive, self.stored)

    @property
    def result(self) -> Result:
        """Its outcome, final or so far."""
        return self.status.result

    @property
    def running(self) -> bool:
        """Whether somebody works on it."""
        return self._works or is_alive(self._archive, self.stored)

    @property
    def best(self) -> Program | None:
        """The best program so far: verified ones before others; None while there is none."""
        return next(iter(self.top(1)), None)

    def top(self, count: int = 5) -> list[Program]:
        """Return the best programs, the best first, each once."""
        found = ranked(self._archive, self.stored, whole("the number of programs", count, least=0))
        programs = self._archive.programs.by_hash([each.program for each in found if each.program])
        return [Program.of(programs[each.program], each) for each in found if each.program in programs]

    def programs(self, frame: Frame | None = None) -> Any:
        """Return a row for each candidate, in the order of asking: program, status, fitness, operator, note.

        Parameters
        ----------
        frame
            ``pandas``, ``polars`` or ``records``; None: whichever is installed, in this order.
        """
        return as_frame(candidate_rows(self._archive, self.stored), frame)

    def events(self, seconds: float | None = None) -> Iterator[Event]:
        """Yield every candidate that has an outcome, those that have one already first, until the run ends.

        Parameters
        ----------
        seconds
            End after so long, also where the run goes on.

        Raises
        ------
        nashforge.errors.NashforgeError
            What ended the run in the background, if it was an error.
        """
        deadline = _deadline(seconds)
        told: set[int] = set()
        first, best = 0, float("-inf")
        while True:
            over = not self.running  # asked before looking, so that nothing is missed
            for candidate in self._archive.candidates.of(self._id, start=first):
                if candidate.status.finished and candidate.id not in told:
                    told.add(candidate.id)
                    better = candidate.train is not None and candidate.train > best
                    best = max(best, candidate.train) if candidate.train is not None else best
                    yield Event(candidate, better)
                if candidate.index == first and candidate.id in told:
                    first += 1
            if over or (deadline is not None and time.monotonic() >= deadline):
                self._raise()
                return
            time.sleep(LOOK_SECONDS)

    def watch(self, seconds: float | None = None) -> Self:
        """Print what becomes better, until the run ends or the time is over; errors as for `events`."""
        for event in self.events(seconds):
            if event.best:
                print(event)
        return self

    def wait(self, seconds: float | None = None) -> Self:
        """Wait until the run ends, or the time is over; what interrupts the waiting does not end the run.

        Raises
        ------
        nashforge.errors.NashforgeError
            What ended the run in the background, if it was an error.
        """
        deadline = _deadline(seconds)
        while self.running and (deadline is None or time.monotonic() < deadline):
            time.sleep(LOOK_SECONDS)
        self._raise()
        return self

    def stop(self, seconds: float | None = None) -> Self:
        """Ask the run to stop, and wait until it has: it finishes what it is measuring, and can be resumed.

        Parameters
        ----------
        seconds
            Wait at most so long.
        """
        if self._ask_to_stop():
            self.wait(seconds)
        return self

    def _ask_to_stop(self) -> bool:
        """Ask the run to stop; return whether anybody works on it."""
        self._wait_for_claim()
        return bool(stop_run(self._archive, self.stored))

    def _wait_for_claim(self) -> None:
        """Wait while the run is about to be claimed, by which what was asked of it before is forgotten."""
        while self._works and self.stored.state is RunState.CREATED:
            time.sleep(LOOK_SECONDS)

    def pause(self, paused: bool = True) -> Self:
        """Have the run wait, or go on: what workers have in hand is finished, and nothing new begun.

        Raises
        ------
        RunError
            If nobody works on it.
        """
        self._wait_for_claim()
        if not self.running:
            raise RunError(f"nobody works on the run {self.name}; resume() continues it")
        self._archive.runs.request_pause(self._id, paused=paused)
        return self

    @in_python()
    def resume(self, **changes: Any) -> Self:
        """Continue a run in the background, from what is stored.

        Parameters
        ----------
        changes
            New settings, such as ``max_evaluations=200``; ``evaluations`` is short for that. See
            `nashforge.evolve.runs.run.resume_run` for what may be changed.

        Raises
        ------
        nashforge.errors.NashforgeError
            If it cannot be continued so, or has nothing left to do.
        """
        # Of several objects of one run, one may have begun and not yet told the archive.
        if any(run._works and run._place == self._place for run in _at_work):
            raise RunError(f"the run {self.name} works already; stop() it first")
        if "evaluations" in changes:
            changes["max_evaluations"] = changes.pop("evaluations")
        # As they are understood, so that "200" is the number that it would be in a file.
        understood = resumed_config(self._archive, self.stored, changes).settings()
        changes = {name: understood.get(name, value) for name, value in given(changes).items()}
        nothing = nothing_left(self._archive, self.stored, changes)
        if nothing is not None:
            raise RunError(nothing)
        self.begin(begin_resume(self._archive, self.stored, changes, Parts()))
        return self

    def report(self, path: str | Path | None = None, *, episode: bool = False) -> str:
        """Return the report of the run: one HTML page; see ``nashforge report``.

        Parameters
        ----------
        path
            Also write it to this file.
        episode
            Whether the best policy of a social dilemma is played for it, in the sandbox.

        Raises
        ------
        nashforge.errors.NashforgeError
            If the file cannot be written.
        """
        from nashforge.cli.options.files import writing
        from nashforge.cli.report.whole import report_page

        target = None if path is None else file("the path of a report", path)
        page = report_page(self._archive, self.stored, tier="strict" if episode else None)[0]
        if target is not None:
            with writing(target):
                target.write_text(page, encoding="utf-8")
        return page

    def ask(self, seconds: float = 60.0, *, count: int = 1, author: str = CLIENT) -> Asked:
        """Ask for programs to write, of a run with ``proposer="agent"``; see docs/howto-agents.md.

        Parameters
        ----------
        seconds
            Wait so long for a request, if none is open.
        count
            Ask for so many at most.
        author
            Who writes them.

        Returns
        -------
        Asked
            ``tasks``, each with a ``token`` and a ``prompt``; none where nothing is wanted. ``state`` says
            what to do next: ``finished`` once nothing will be wanted, ``interrupted`` until it is resumed.
        """
        wait = limit("the seconds to wait", seconds) or 0.0
        return self._agent(author).ask(self.name, count=whole("the number of tasks", count), wait=wait)

    def tell(
        self, token: str, source: str, note: str | None = None, *, seconds: float = 60.0, author: str = CLIENT
    ) -> Told:
        """Hand a program over, and wait for its outcome.

        Parameters
        ----------
        token
            Of the task that it answers.
        source
            The whole program.
        note
            What was changed, in words.
        seconds
            Wait so long for the outcome; told afterwards, it is ``evaluating``.
        author
            Who wrote it.
        """
        note = None if note is None else text("the note", note)
        wait = limit("the seconds to wait", seconds) or 0.0
        token, source = text("the token of a task", token), text("the program", source)
        return self._agent(author).tell(token, source, note=note, wait=wait)

    def give_up(self, token: str) -> GivenUp:
        """Give a task back that nobody will write."""
        return self._agent(CLIENT).give_up(text("the token of a task", token))

    def __repr__(self) -> str:
        now = self.status
        best = "" if now.result.best is None else f", best {now.result.best.nickname}"
        return (
            f"<run {now.run.nickname} of {now.run.domain}: {now.state}, "
            f"{now.result.evaluations} of {now.limit} evaluations{best}>"
        )

    def _repr_html_(self) -> str:
        now = self.status
        title = (
            f"{now.run.nickname}, a search of {now.run.domain}: {now.state}, {now.result.evaluations} of "
            f"{now.limit} evaluations"
        )
        rows = [(each.name, *each.fitness.values(), each.note) for each in self.top(10)]
        return table(title, ("program", *SPLITS, "note"), rows, now.result.stop_reason)

    @property
    def _place(self) -> tuple[str, int]:
        return self._archive.database.uid, self._id

    @property
    def _works(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def _agent(self, author: str) -> LocalCore:
        return LocalCore(self._archive, Who(text("the author", author), CLIENT), only=self._id)

    def begin(self, work: Callable[[], Result]) -> None:
        """Work on the run in the background, until it ends or Python does."""
        self._error = None
        self._thread = threading.Thread(target=self._work, args=(work,), name=f"run {self.name}", daemon=True)
        if not _at_work:
            atexit.register(_stop_all)
        _at_work.add(self)
        self._thread.start()

    def _work(self, work: Callable[[], Result]) -> None:
        with ExitStack() as stack:
            stack.push(self._keep)
            work()

    def _keep(self, kind: object, error: BaseException | None, trace: object) -> bool:
        """Keep an error of the background: it is raised where somebody waits for the run."""
        self._error = error
        return True

    def _raise(self) -> None:
        error, self._error = self._error, None
        if error is not None:
            with in_python():
                raise error


_at_work: weakref.WeakSet[Run] = weakref.WeakSet()


def _deadline(seconds: Any) -> float | None:
    """Return when so many seconds are over, by the monotonic clock; None: never."""
    told = limit("the seconds to wait", seconds)
    return None if told is None else time.monotonic() + told


def _stop_all() -> None:
    """Stop what works in the background before Python ends, so that all of it can be resumed.

    All are asked before the first is waited for, and what becomes of one keeps no other from it.
    """
    deadline = time.monotonic() + END_SECONDS
    at_work = [run for run in _at_work if run._works]
    with ExitStack() as last_first:
        for run in at_work:
            last_first.callback(_wait_until, run, deadline)
        for run in at_work:
            last_first.callback(run._ask_to_stop)


def _wait_until(run: Run, deadline: float) -> None:
    run.wait(max(deadline - time.monotonic(), 0.0))
