"""Archives to test on: a file of its own, or a PostgreSQL schema of its own, for every test."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, select, text
from sqlalchemy.exc import OperationalError

from nashforge.archive.records import Candidate, NewEvaluation, Program, Run, Score, Status
from nashforge.archive.storage.models import ProgramRow
from nashforge.archive.storage.rows import PROGRAM
from nashforge.archive.store import Archive

SERVER = os.environ.get("NASHFORGE_TEST_POSTGRESQL", "postgresql+psycopg://root@127.0.0.1:5432/test")


@pytest.fixture(autouse=True)
def _no_database_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whatever a test forgets to name must not reach the user's own archive."""
    monkeypatch.setenv("NASHFORGE_DATABASE", str(tmp_path / "default.db"))


@pytest.fixture(scope="session")
def server() -> str:
    """URL of a PostgreSQL server; skips where none is reachable, unless services are required."""
    engine = create_engine(SERVER, connect_args={"connect_timeout": 3})
    try:
        with engine.connect():
            pass
    except OperationalError as error:
        if os.environ.get("NASHFORGE_REQUIRE_SERVICES") == "1":
            raise
        pytest.skip(f"no PostgreSQL server at {SERVER}: {error.orig}")
    finally:
        engine.dispose()
    return SERVER


@pytest.fixture
def postgresql(server: str) -> Iterator[str]:
    """URL of an empty schema, dropped after the test."""
    schema = f"nashforge_{uuid.uuid4().hex[:12]}"
    engine = create_engine(server)
    with engine.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    yield f"{server}?options=-csearch_path%3D{schema}"
    with engine.begin() as connection:
        connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of an empty database of either kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'archive.db'}"
    return str(request.getfixturevalue("postgresql"))


@pytest.fixture
def archive(url: str, new_archive: Callable[[Path], Path]) -> Iterator[Archive]:
    """An open, empty archive of either kind."""
    if url.startswith("sqlite:///"):
        new_archive(Path(url.removeprefix("sqlite:///")))
    with Archive.open(url) as opened:
        yield opened


@pytest.fixture
def run(archive: Archive) -> Run:
    """A run in the archive."""
    return archive.runs.create("cfr", {"max_evaluations": 10}, seed=7)


def all_programs(archive: Archive) -> list[Program]:
    """Return every program, by hash."""
    with archive.database.reading() as connection:
        return [Program(*row) for row in connection.execute(select(*PROGRAM).order_by(ProgramRow.hash))]


class Maker:
    """Short ways to fill an archive."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive

    def program(self, number: int = 0, domain: str = "cfr") -> Program:
        """Store the program of a number."""
        return self.archive.programs.add(f"x = {number}\n", domain)

    def candidate(self, run: Run, number: int = 0, **options: object) -> Candidate:
        """Store a pending candidate with the program of a number."""
        program = self.program(number, run.domain)
        return self.archive.candidates.add(
            run,
            program=program,
            operator="mutate",
            proposer="offline",
            **options,  # type: ignore[arg-type]
        )

    def measured(self, program: Program | str | None, value: float = 0.5, **options: object) -> NewEvaluation:
        """Return a successful measurement with two scores."""
        key = program.hash if isinstance(program, Program) else program
        assert key is not None
        return NewEvaluation(
            program=key,
            suite="cfr-train",
            suite_digest="d1",
            evaluator="1",
            split="train",
            status=Status.OK,
            fitness=value,
            scores=(
                Score("kuhn_poker", "exploitability", value / 10, iteration=10),
                Score("kuhn_poker", "exploitability", value / 100, iteration=20),
            ),
            **options,  # type: ignore[arg-type]
        )

    def finished(self, run: Run, number: int, fitness: float | None, **options: object) -> Candidate:
        """Store a candidate that was measured, or crashed where the fitness is None."""
        candidate = self.candidate(run, number, **options)
        if fitness is None:
            self.archive.candidates.finish(candidate, Status.CRASHED, reason="ValueError: no")
        else:
            evaluation = self.measured(candidate.program, fitness)
            self.archive.candidates.finish(candidate, Status.OK, evaluations=[evaluation], train=fitness)
        return self.archive.candidates.get(candidate)


@pytest.fixture
def make(archive: Archive) -> Maker:
    """Short ways to fill the archive."""
    return Maker(archive)
