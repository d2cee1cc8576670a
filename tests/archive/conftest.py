"""Archives to test on: a file of its own, or a PostgreSQL schema of its own, for every test."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, select, text
from sqlalchemy.exc import OperationalError

from nashforge.archive.calls import CallStatus
from nashforge.archive.records import (
    Candidate,
    NewEvaluation,
    Parent,
    Program,
    Role,
    Run,
    RunState,
    Score,
    Status,
)
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


@pytest.fixture
def second(tmp_path: Path) -> Iterator[Archive]:
    """Another empty archive."""
    with Archive.open(tmp_path / "second.db") as opened:
        yield opened


def rich(archive: Archive, make: Maker, run: Run) -> None:
    """Fill an archive with one of everything."""
    first = make.finished(run, 0, 0.1)
    child = make.finished(
        run, 1, 0.2, parents=[Parent(first.id), Parent(first.id, Role.INSPIRATION)], island=1, data={"a": 1}
    )
    archive.candidates.set_fitness(child, validation=0.3)
    make.finished(run, 2, None)
    archive.candidates.add(run, operator="diff", proposer="x", status=Status.REJECTED, reason="\x00 no")
    make.candidate(run, 3)
    archive.evaluations.add(make.measured(make.program(0), 0.7))
    failure = NewEvaluation(program=make.program(9).hash, suite="cfr-test", status=Status.TIMEOUT, log="slow")
    archive.evaluations.add(failure)
    call = archive.calls.reserve(
        run, provider="p", model="m", request={"text": "\x00"}, reserved_cost=1.0, candidate=child
    )
    archive.calls.settle(call, CallStatus.OK, cost=0.1, response={"text": "ok"}, input_tokens=3)
    archive.runs.set_value(run, "rng", {"state": [1, 2**60]})
    archive.runs.claim(run, "me")
    archive.runs.set_state(run, RunState.FINISHED, "max_evaluations")


def contents(archive: Archive) -> list[Any]:
    """Everything that travels, without the numbers that a database gives, and where it came from."""
    programs = {program.hash: program for program in all_programs(archive)}
    found: list[Any] = [{key: replace(program, imported=None) for key, program in programs.items()}]
    for run in reversed(archive.runs.newest()):
        found.append(replace(run, id=0, imported=None))
        index = {c.id: c.index for c in archive.candidates.of(run)}
        for candidate, evaluations in archive.candidates.outcomes(run):
            parents = [(index[p.candidate_id], p.role) for p in candidate.parents]
            found.append((replace(candidate, id=0, run_id=0, imported=None, parents=()), parents))
            found += [replace(e, id=0, run_id=0, candidate_id=0, imported=None) for e in evaluations]
        for call in archive.calls.find(run=run):
            place = None if call.candidate_id is None else index[call.candidate_id]
            found.append((replace(call, id=0, run_id=0, candidate_id=0, imported=None), place))
        found.append(archive.runs.get_value(run, "rng"))
    alone = [e for e in archive.evaluations.find() if e.run_id is None]
    return [*found, [replace(e, id=0, imported=None) for e in alone]]


def line_of(kind: str, lines: list[dict[str, Any]]) -> dict[str, Any]:
    return next(line for line in lines if line["kind"] == kind)
