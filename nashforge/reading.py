"""Archives, runs and programs for reading from Python.

>>> import nashforge as nf
>>> with nf.open_archive("nashforge.db") as archive:  # doctest: +SKIP
...     print(archive.run("latest").best.source)
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from nashforge.archive import Archive, Candidate, NotFound
from nashforge.archive import Program as StoredProgram
from nashforge.archive import Run as StoredRun
from nashforge.evolve.measurement.programs import NamedProgram
from nashforge.evolve.results.run_status import run_status
from nashforge.frames import Frame, as_frame
from nashforge.solvers.programs.arguments import count, text
from nashforge.solvers.programs.html import code, table

if TYPE_CHECKING:
    from nashforge.running import Run
    from nashforge.solvers.programs.solution import Solution

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class Program:
    """A program of an archive, and what it was measured to be worth in a run.

    Attributes
    ----------
    name, hash : str
        Its nickname, and the hash of its source.
    domain : str
    source : str
        Python code. It is not trusted: `solve` runs it in the sandbox.
    candidate : Candidate or None
        The step of a run that proposed it, with fitness, note and parents; None where no run is meant.
    """

    name: str
    hash: str
    domain: str
    source: str
    candidate: Candidate | None = None

    @classmethod
    def of(cls, stored: StoredProgram, candidate: Candidate | None = None) -> Program:
        """Return a stored program."""
        return cls(stored.nickname, stored.hash, stored.domain, stored.source, candidate)

    @property
    def fitness(self) -> dict[str, float | None]:
        """Fitness by split, higher is better; None where it was not measured."""
        return {split: getattr(self.candidate, split, None) for split in SPLITS}

    @property
    def note(self) -> str | None:
        """The change that it makes, in words."""
        return None if self.candidate is None else self.candidate.note

    def solve(self, game: Any, iterations: int | None = None, *, tier: str = "strict") -> Solution:
        """Solve a game with it, confined in the sandbox.

        Parameters
        ----------
        game
            As in `nashforge.solvers.solving.solve`.
        tier
            Weakest sandbox tier to accept.

        Raises
        ------
        nashforge.errors.NashforgeError
            If it solves no games, fails, or cannot be confined here.
        """
        from nashforge.evolve.measurement.solve import solve

        if iterations is not None:
            iterations = count("iterations", iterations)  # before a game is compiled for nothing
        named = NamedProgram(self.name, self.source, self.domain, "archive")
        return solve(game, named, iterations, tier=tier)

    def __repr__(self) -> str:
        return f"<program {self.name} of {self.domain}: {_told(self.fitness)}>"

    def _repr_html_(self) -> str:
        note = "" if self.note is None else f" ({self.note})"
        return code(f"{self.name} of {self.domain}: {_told(self.fitness)}{note}", self.source)


class ArchiveReader:
    """An archive that is read: its runs and programs; also while others write to it.

    Made by `open_archive`; a context manager.
    """

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    def runs(self, frame: Frame | None = None) -> Any:
        """Return a row for each run, newest first, as `nashforge.frames.as_frame` makes them."""
        return as_frame([_run_row(self._archive, run) for run in self._archive.runs.newest()], frame)

    def run(self, name: str = "latest") -> Run:
        """Return a run by its name, the beginning of it, or ``latest``.

        Raises
        ------
        nashforge.archive.NotFound, nashforge.archive.AmbiguousReference
            If not exactly one fits.
        """
        from nashforge.running import Run

        return Run(self._archive, find_run(self._archive, name))

    def program(self, name: str) -> Program:
        """Return a program by nickname, hash, or the beginning of either; errors as for `run`."""
        stored = self._archive.programs.get(text("the name of a program", name))
        found = self._archive.candidates.of_program(stored)
        return Program.of(stored, found[0] if found else None)

    def programs(self, frame: Frame | None = None) -> Any:
        """Return a row for each candidate of each run, see `nashforge.running.Run.programs`."""
        rows = [row for run in self._archive.runs.newest() for row in candidate_rows(self._archive, run)]
        return as_frame(rows, frame)

    def close(self) -> None:
        """Close the connections."""
        self._archive.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<archive {self._archive.database.location}: {len(self._archive.runs.newest())} runs>"

    def _repr_html_(self) -> str:
        rows = self.runs("records")
        head = list(rows[0]) if rows else ["run"]
        return table(f"archive {self._archive.database.location}", head, (list(row.values()) for row in rows))


def open_archive(url: str | Path | None = None) -> ArchiveReader:
    """Open an archive for reading.

    Parameters
    ----------
    url
        A file path, ``sqlite:///PATH`` or ``postgresql://USER@HOST/NAME``; without, the environment variable
        ``NASHFORGE_DATABASE``, or else ``nashforge.db`` in the user's data directory.

    Raises
    ------
    nashforge.archive.ArchiveError
        If there is none, it is of another version, or cannot be reached.
    """
    return ArchiveReader(Archive.open(url, create=False))


def find_run(archive: Archive, name: str) -> StoredRun:
    """Return a run by its name, the beginning of it, or ``latest``; errors as for `ArchiveReader.run`."""
    if name != "latest":
        return archive.runs.get(text("the name of a run", name))
    newest = archive.runs.newest(limit=1)
    if not newest:
        raise NotFound(f"there are no runs in {archive.database.location} yet; start one with search()")
    return newest[0]


def candidate_rows(archive: Archive, run: StoredRun) -> list[dict[str, Any]]:
    """Return a row for each candidate of a run, in the order of asking."""
    return [
        {
            "run": run.nickname,
            "index": each.index,
            "program": each.nickname,
            "status": str(each.status),
            **{split: getattr(each, split) for split in SPLITS},
            "operator": each.operator,
            "proposer": each.proposer,
            "note": each.note,
            "reason": each.reason,
            "created": each.created,
            "hash": each.program,
        }
        for each in archive.candidates.of(run)
    ]


def _run_row(archive: Archive, run: StoredRun) -> dict[str, Any]:
    status = run_status(archive, run)
    best = status.result.best
    return {
        "run": run.nickname,
        "domain": run.domain,
        "state": status.state,
        "evaluations": status.result.evaluations,
        "limit": status.limit,
        "best": None if best is None else best.nickname,
        **{split: None if best is None else getattr(best, split) for split in SPLITS},
        "seed": run.seed,
        "created": run.created,
    }


def _told(fitness: dict[str, float | None]) -> str:
    known = [f"{split} {value:.3f}" for split, value in fitness.items() if value is not None]
    return "fitness " + ", ".join(known) if known else "not measured"
