"""Measurements that are submitted and asked for again: one at a time, in a thread, on training games only."""

from __future__ import annotations

import secrets
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from nashforge.archive import Archive, NotFound
from nashforge.errors import NashforgeError
from nashforge.evolve.agents.answers.base import AgentError
from nashforge.evolve.agents.answers.verbs import GameValue
from nashforge.evolve.agents.mcp.answers import Measured
from nashforge.evolve.agents.mcp.open_games import open_games
from nashforge.evolve.domains.base import Domain
from nashforge.evolve.executors.local import LocalExecutor
from nashforge.evolve.measurement.program_results import ProgramResult
from nashforge.evolve.measurement.request import Measurements, Request, plan
from nashforge.evolve.sandbox import Tier, probe

MOST = 32
"""Measurements that are remembered."""


@dataclass
class _Job:
    name: str
    done: int = 0
    of: int | None = None
    found: Measurements | None = None
    reason: str | None = None
    ended: threading.Event = field(default_factory=threading.Event)


class Jobs:
    """The measurements of one server.

    Parameters
    ----------
    archive
        Where they are stored.
    """

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._thread = ThreadPoolExecutor(1, "measuring")
        self._jobs: dict[str, _Job] = {}

    def submit(
        self,
        program: str,
        games: list[str] | None = None,
        iterations: int | None = None,
        *,
        run: str | None = None,
        domain_name: str | None = None,
    ) -> str:
        """Begin a measurement; return its name.

        Parameters
        ----------
        program
            A source, or the name of a library program or of one in the archive.
        games, iterations
            None: all that are open, see `open_games`, and as many as the search takes.
        run, domain_name
            As there.

        Raises
        ------
        AgentError
            If a game is not open, nothing is called what was given, or too many measurements are under way.
        """
        known = open_games(self._archive, run, domain_name)
        chosen = list(known.games) if games is None else games
        for game in chosen:
            if game not in known.games:
                raise AgentError(
                    f"{game!r} is no training game of {known.of}; choose from {', '.join(known.games)}"
                )
        if not chosen:
            raise AgentError(f"give at least one game, or none at all for those of {known.of}")
        if iterations is not None and not 1 <= iterations <= known.horizon:
            raise AgentError(
                f"iterations = {iterations}: between 1 and {known.horizon}, the horizon of {known.of}"
            )
        source = program if "\n" in program else self._source(known.work, program)
        if sum(not job.ended.is_set() for job in self._jobs.values()) >= MOST // 4:
            raise AgentError("too many measurements are under way; ask for their outcomes first")
        job = _Job(secrets.token_hex(6))
        for old in [name for name, done in self._jobs.items() if done.ended.is_set()][: -(MOST // 2)]:
            del self._jobs[old]
        self._jobs[job.name] = job
        steps = iterations or known.horizon
        self._thread.submit(self._measure, job, known.work.name, source, chosen, steps)
        return job.name

    def _source(self, work: Domain, name: str) -> str:
        """Return the source of a program by its name: no file is read, whatever is called so."""
        if name in work.baselines():
            return work.source(name)
        try:
            stored = self._archive.programs.get(name)
        except NotFound as error:
            raise AgentError(
                f"no program of {work.name} is called {name[:80]!r}, and files are not read here; give the "
                "whole source, or a name, as best tells it"
            ) from error
        if stored.domain != work.name:
            raise AgentError(f"{stored.nickname} is a program of {stored.domain}, and not of {work.name}")
        return stored.source

    def _measure(self, job: _Job, domain_name: str, source: str, games: list[str], iterations: int) -> None:
        try:
            with tempfile.TemporaryDirectory(prefix="nashforge-") as folder:
                file = Path(folder, "program.py")
                file.write_text(source, errors="replace")
                programs = [str(file)]
                request = Request(programs=programs, domain=domain_name, games=games, iterations=iterations)
                self._run(job, request)
        except NashforgeError as error:
            job.reason = str(error)
        except BaseException as error:
            job.reason = f"the server failed ({type(error).__name__})"
            raise
        finally:
            job.ended.set()

    def _run(self, job: _Job, request: Request) -> None:
        probe().require(Tier.STRICT)

        def tell(measured: ProgramResult, done: int, total: int) -> None:
            job.done, job.of = done, total

        planned = plan(request, self._archive)
        with closing(LocalExecutor(1)) as executor:
            job.found = planned.measure(self._archive, executor, tier=Tier.STRICT.value, on_measured=tell)

    def wait(self, name: str, seconds: float) -> Measured:
        """Return a measurement, as it stands when it has ended or after so many seconds.

        Raises
        ------
        AgentError
            If there is none of the name.
        """
        job = self._jobs.get(name)
        if job is None:
            raise AgentError(f"there is no measurement {name[:80]!r}; it may be of another server process")
        job.ended.wait(seconds)
        if not job.ended.is_set():
            return Measured(
                job=name, state="running", done=job.done, of=job.of, message="ask again by the job's name"
            )
        if job.found is None:
            return Measured(
                job=name, state="failed", done=job.done, of=job.of, reason=job.reason, message="it failed"
            )
        [label] = job.found.labels
        rows = job.found.of(label)
        return Measured(
            job=name,
            state="done",
            done=job.done,
            of=job.of,
            fitness=job.found.total(label) if job.found.judged else None,
            games={
                row.game: GameValue(value=row.value, reference=row.reference_value)
                for row in rows
                if row.value is not None
            },
            failures={row.game: row.reason or str(row.status) for row in rows if row.value is None},
            message="measured on training games; it cost the budget of no run",
        )
