"""A queue of commands that pages have asked for: what waits, what is being done, and what became of it."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import signal
import sys
import threading
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from nashforge.cli.dashboard.errors import ControlError
from nashforge.cli.rendering import output

State = Literal["queued", "running", "done", "failed", "stopped"]

MOST_WAITING = 12
KEPT = 60
"""Jobs that are remembered, the newest."""

END_SECONDS = 8.0
"""A command that is asked to end has so long to put things in order."""

TELL_SECONDS = 1.0
"""Between two tellings of how far a command is."""

LONGEST = 400
"""Characters of what is told of a job."""

LOUDEST = 20_000
"""Characters of standard error that are kept, the last."""


@dataclass(frozen=True)
class Work:
    """A command to be run.

    Attributes
    ----------
    title : str
        What is done, for people.
    subject : str
        Hash of the program that it is done with.
    words : tuple of str
        Of the command line, which prints JSON.
    tell : callable
        Returns what became of it in a sentence, and the page that shows it or nothing, given that JSON.
    """

    title: str
    subject: str
    words: tuple[str, ...]
    tell: Callable[[Any], tuple[str, str]]


@dataclass
class Job:
    """A command that was asked for.

    Attributes
    ----------
    said : str
        How far it is, or what became of it.
    link : str
        The page that shows what it has made; empty: none.
    """

    number: int
    work: Work
    state: State = "queued"
    said: str = ""
    link: str = ""
    asked: datetime = field(default_factory=lambda: datetime.now(UTC))
    started: datetime | None = None
    finished: datetime | None = None

    @property
    def open(self) -> bool:
        """Whether it waits or is being done."""
        return self.state in ("queued", "running")


class Jobs:
    """A queue of commands on one archive, one of which runs at a time.

    Parameters
    ----------
    database
        Address of the archive.
    changed
        Called when there is news of a job.
    common
        Words that every command line ends with.
    """

    def __init__(
        self, database: str, changed: Callable[[], Awaitable[None]], common: Sequence[str] = ()
    ) -> None:
        self._database, self._changed = database, changed
        self._common = (*common, "--json")
        self._numbers = itertools.count(1)
        self._jobs: list[Job] = []
        self._lock = threading.Lock()
        self._wake = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._process: Process | None = None
        self._ending: asyncio.Future[None] | None = None

    def submit(self, work: Work) -> Job:
        """Append a command to the queue, from any thread; the same again is the one that waits already.

        Raises
        ------
        ControlError
            If too many wait.
        """
        with self._lock:
            same = next((job for job in self._jobs if job.open and job.work.words == work.words), None)
            if same is not None:
                return same
            if sum(job.open for job in self._jobs) >= MOST_WAITING:
                raise ControlError(
                    f"{MOST_WAITING} jobs wait or are being done already; ask again when one has ended"
                )
            job = Job(next(self._numbers), work)
            # Newest first; those that are open are never forgotten.
            self._jobs = [job, *(old for k, old in enumerate(self._jobs) if old.open or k < KEPT)]
        self._loop.call_soon_threadsafe(self._wake.set)
        return job

    def stop(self, number: int) -> Job:
        """End a job, from any thread.

        Raises
        ------
        ControlError
            If there is none of the number, or it has ended.
        """
        with self._lock:
            job = next((one for one in self._jobs if one.number == number), None)
            if job is None or not job.open:
                raise ControlError(f"no job {number} waits or is being done; load the page again")
            was, job.state = job.state, "stopped"
            job.said, job.finished = "stopped from a page", datetime.now(UTC)
        if was == "running":
            self._loop.call_soon_threadsafe(self._ask_to_end)
        return job

    def all(self) -> list[Job]:
        """Return the jobs, newest first."""
        with self._lock:
            return list(self._jobs)

    def of(self, subject: str) -> list[Job]:
        """Return the jobs that were asked for with a program, newest first."""
        return [job for job in self.all() if job.work.subject == subject]

    async def work(self) -> None:
        """Do one job after the other; to be cancelled, which ends the one that is being done."""
        while True:
            self._wake.clear()
            job = self._next()
            if job is None:
                await self._wake.wait()
                continue
            await self._changed()
            try:
                await self._do(job)
            except (
                OSError
            ) as error:  # the machine has no process or no memory to give; the next may have luck
                with self._lock:
                    if job.state == "running":
                        job.state, job.finished = "failed", datetime.now(UTC)
                        job.said = f"its process could not be started: {error.strerror or error}"
            await self._changed()

    def _next(self) -> Job | None:
        with self._lock:
            job = next((one for one in reversed(self._jobs) if one.state == "queued"), None)
            if job is not None:
                job.state, job.started, job.said = "running", datetime.now(UTC), ""
            return job

    async def _do(self, job: Job) -> None:
        # The address of the archive may hold a password, which everybody could read on a command line.
        environment = {**os.environ, "NASHFORGE_DATABASE": self._database}
        # What it says is read by lines: without colours, and not broken.
        environment |= {"NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "1000"}
        environment.pop("FORCE_COLOR", None)
        self._process = process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "nashforge.cli.dashboard.jobs.child", *job.work.words, *self._common),
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            env=environment,
            start_new_session=True,
        )
        try:
            if not job.open:  # it was stopped while its process started
                self._ask_to_end()
            assert process.stdout is not None
            printed, said = await asyncio.gather(process.stdout.read(), self._listen(process, job))
            code = await process.wait()
        finally:
            await _end(process)
            self._process = None
        with self._lock:
            if job.state == "running":
                job.state, job.said, job.link = _outcome(job.work, code, printed, said)
                job.finished = datetime.now(UTC)

    async def _listen(self, process: Process, job: Job) -> str:
        """Keep what a command says on standard error, the last line as how far it is."""
        text, told = "", 0.0
        while process.stderr is not None and (part := await process.stderr.read(4096)):
            text = (text + part.decode("utf-8", "replace"))[-LOUDEST:]
            lines = [line for line in text.rpartition("\n")[0].splitlines() if line.strip()]
            if lines and job.state == "running":
                job.said = output.shorten(lines[-1], LONGEST)
                if self._loop.time() - told >= TELL_SECONDS:
                    told = self._loop.time()
                    await self._changed()
        return text

    def _ask_to_end(self) -> None:
        if self._process is not None:
            self._ending = asyncio.ensure_future(_end(self._process))


async def _end(process: Process) -> None:
    """End a process: with time to put things in order, and without, if it takes too long."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.terminate()
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(process.wait()), END_SECONDS)
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


def _outcome(work: Work, code: int, printed: bytes, said: str) -> tuple[State, str, str]:
    """Return what became of a command: its state, a sentence, and the page that shows more."""
    try:
        answer = json.loads(printed)
    except ValueError:
        return "failed", output.shorten(_reason(said, code), LONGEST), ""
    sentence, link = work.tell(answer)
    return "failed" if code else "done", output.shorten(sentence, LONGEST), link


def _reason(said: str, code: int) -> str:
    """Return why a command ended with an error: with ``--json`` it says so as JSON, else in a line."""
    last = said.strip().rpartition("\n")[2]
    try:
        return str(json.loads(last)["error"]["message"])
    except (ValueError, TypeError, KeyError):
        return last.removeprefix("Error: ") or f"the process ended with exit code {code}"
