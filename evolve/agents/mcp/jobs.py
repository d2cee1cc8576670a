"""Measurements that are submitted and asked for again: one at a time, in a thread, on training games only."""

from __future__ import annotations

import secrets
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from nashforge.archive import Archive
from nashforge.errors import NashforgeError
from nashforge.evolve.agents.answers.base import AgentError
from nashforge.evolve.agents.answers.verbs import GameValue
from nashforge.evolve.agents.mcp.answers import Measured
from nashforge.evolve.domains import domain
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

    def submit(self, domain_name: str, program: str, games: list[str] | None, iterations: int | None) -> str:
        """Begin a measurement; return its name.

        Parameters
        ----------
        program
            A source, or the name of a library program or of one in the archive.

        Raises
        ------
        AgentError
            If a game is none of the domain's training games, or too many measurements are under way.
        """
        work = domain(domain_name)
        open_games = work.games(work.suites["train"])
        chosen = list(open_games) if games is None else games
        for game in chosen:
            if game not in open_games:
                raise AgentError(
                    f"{game!r} is no training game of {work.name}; choose from {', '.join(open_games)}"
                )
        if not chosen or (iterations is not None and not 1 <= iterations <= work.horizon):
            raise AgentError(
                f"give at least one game, and between 1 and {work.horizon} iterations, the domain's horizon"
            )
        is_source = "\n" in program
        if not is_source and (program.endswith(".py") or "/" in program):
            raise AgentError("files are not read here; give the source of the program, or a program's name")
        if sum(not job.ended.is_set() for job in self._jobs.values()) >= MOST // 4:
            raise AgentError("too many measurements are under way; ask for their outcomes first")
        job = _Job(secrets.token_hex(6))
        for old in [name for name, known in self._jobs.items() if known.ended.is_set()][: -(MOST // 2)]:
            del self._jobs[old]
        self._jobs[job.name] = job
        request = Request(programs=[program], domain=work.name, games=chosen, iterations=iterations)
        self._thread.submit(self._measure, job, request, is_source)
        return job.name

    def _measure(self, job: _Job, request: Request, is_source: bool) -> None:
        try:
            with tempfile.TemporaryDirectory(prefix="nashforge-") as folder:
                if is_source:
                    file = Path(folder, "program.py")
                    file.write_text(request.programs[0], errors="replace")
                    request = replace(request, programs=[str(file)])
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
