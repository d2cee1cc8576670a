"""Many processes at once, processes that are killed, processes that fork: nothing that returned is lost."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from nashforge.archive import DatabaseUnavailable, NewEvaluation, Parent, Score, Status
from nashforge.archive.records import Run
from nashforge.archive.store import Archive

from .writer import write

ROOT = Path(__file__).parents[2]

VICTIM = """
import sys
from nashforge.archive.store import Archive
from tests.archive.writer import write

write(Archive.open(sys.argv[1]), int(sys.argv[2]), "victim", None, sys.stdout)
"""


def _write(url: str, run: int, number: int, count: int, told: Path, start: Any) -> None:
    with Archive.open(url) as archive, told.open("w") as file:
        start.wait()
        write(archive, run, f"writer_{number}", count, file)


def test_eight_writers_lose_nothing(url: str, tmp_path: Path) -> None:
    count = 12
    context = multiprocessing.get_context("fork")
    start = context.Barrier(8, timeout=120)
    with Archive.open(url) as archive:
        run = archive.runs.create("cfr", {})
        files = [tmp_path / f"told_{i}" for i in range(8)]
        writers = [
            context.Process(target=_write, args=(url, run.id, i, count, files[i], start)) for i in range(8)
        ]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join(240)
        assert [writer.exitcode for writer in writers] == [0] * 8
        told = [line.split() for file in files for line in file.read_text().splitlines()]
        stored = list(archive.candidates.outcomes(run))
        assert len(told) == len(stored) == 8 * count
        assert [c.index for c, _ in stored] == list(range(8 * count))
        assert {c.index: e.token for c, (e,) in stored} == {int(index): token for index, token in told}
        assert all(c.status is Status.OK and len(e.scores) == 20 for c, (e,) in stored)
        programs = archive.programs.of(run)
        assert len(programs) == 8 * count // 2 + count // 2
        assert len({p.nickname for p in programs.values()}) == len(programs)


@pytest.mark.parametrize("attempt", range(3))
def test_what_a_killed_process_reported_is_there(url: str, attempt: int) -> None:
    with Archive.open(url) as archive:
        run = archive.runs.create("cfr", {})
        writer = subprocess.Popen(
            [sys.executable, "-c", VICTIM, url, str(run.id)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        told = [writer.stdout.readline().split() for _ in range(5 + 3 * attempt)]
        # Let it be anywhere in the next transaction.
        time.sleep(0.003 * attempt)
        writer.send_signal(signal.SIGKILL)
        rest, _ = writer.communicate(timeout=240)
        # A last line may be cut in the middle; what has its line ending was reported.
        told += [line.split() for line in rest.splitlines(keepends=True) if line.endswith("\n")]
        stored = {c.index: (c, evaluations) for c, evaluations in archive.candidates.outcomes(run)}
        for index, token in told:
            candidate, (evaluation,) = stored[int(index)]
            assert (candidate.status, evaluation.token) == (Status.OK, token)
            assert len(evaluation.scores) == 20
        # At most one more was begun; it is whole or it is open.
        assert len(told) <= len(stored) <= len(told) + 1
        for candidate, evaluations in stored.values():
            assert (candidate.status is Status.OK) == (len(evaluations) == 1)
        # Nobody is left holding a lock.
        archive.candidates.add(run, operator="after", proposer="us")
    if url.startswith("sqlite"):
        with sqlite3.connect(url.removeprefix("sqlite:///")) as raw:
            assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        raw.close()


def _open_first(url: str, start: Any) -> None:
    start.wait()
    with Archive.open(url) as archive:
        archive.runs.create("cfr", {})


def test_simultaneous_first_opening(url: str) -> None:
    context = multiprocessing.get_context("fork")
    start = context.Barrier(5, timeout=120)
    openers = [context.Process(target=_open_first, args=(url, start)) for _ in range(5)]
    for opener in openers:
        opener.start()
    for opener in openers:
        opener.join(120)
    assert [opener.exitcode for opener in openers] == [0] * 5
    with Archive.open(url, create=False) as archive:
        assert len(archive.runs.newest()) == 5


def _child(archive: Archive, run: Run, number: int) -> None:
    for step in range(5):
        program = archive.programs.add(f"child_{number} = {step}", "cfr")
        archive.candidates.add(run, program=program, operator="m", proposer=f"child {number}")
    archive.close()


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_children_use_the_archive_of_their_parent(url: str, method: str) -> None:
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"this platform cannot {method}")
    context = multiprocessing.get_context(method)
    with Archive.open(url) as archive:
        run = archive.runs.create("cfr", {})
        count = 3 if method == "fork" else 1
        children = [context.Process(target=_child, args=(archive, run, i)) for i in range(count)]
        for child in children:
            child.start()
        _child(archive, run, 9)
        for child in children:
            child.join(120)
        assert [child.exitcode for child in children] == [0] * count
        assert [c.index for c in archive.candidates.of(run)] == list(range(5 + 5 * count))


def _report(archive: Archive, pipe: Any) -> None:
    try:
        pipe.send(len(archive.runs.newest()))
    except DatabaseUnavailable as error:
        pipe.send(str(error))


def test_a_fork_in_the_middle_of_a_transaction_is_refused_in_the_child(url: str) -> None:
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    with Archive.open(url) as archive:
        with archive.database.transaction():
            archive.runs.create("cfr", {})
            child = context.Process(target=_report, args=(archive, theirs))
            child.start()
            said = ours.recv() if ours.poll(60) else None
        child.join(60)
        assert "forked in the middle of a transaction" in str(said)
        assert len(archive.runs.newest()) == 1
        child = context.Process(target=_report, args=(archive, theirs))
        child.start()
        assert ours.poll(60)
        assert ours.recv() == 1
        child.join(60)


def test_forks_wait_for_the_transactions_of_other_threads(url: str) -> None:
    """A thread writes without pause while the main thread forks children that write, too."""
    context = multiprocessing.get_context("fork")
    with Archive.open(url) as archive:
        run = archive.runs.create("cfr", {})
        done = threading.Event()
        written: list[int] = []

        def work() -> None:
            while not done.is_set():
                written.append(archive.candidates.add(run, operator="m", proposer="thread").id)

        thread = threading.Thread(target=work)
        thread.start()
        children = []
        for number in range(4):
            child = context.Process(target=_child, args=(archive, run, number))
            child.start()
            children.append(child)
        for child in children:
            child.join(120)
        done.set()
        thread.join(120)
        assert [child.exitcode for child in children] == [0] * 4
        stored = archive.candidates.of(run)
        assert [c.index for c in stored] == list(range(len(written) + 20))
        assert {c.id for c in stored if c.proposer == "thread"} == set(written)


def test_threads_share_an_archive(url: str) -> None:
    with Archive.open(url) as archive:
        run = archive.runs.create("cfr", {})
        failures: list[BaseException] = []

        def work(number: int) -> None:
            try:
                _child_without_close(archive, run, number)
            except AssertionError as error:
                failures.append(error)

        threads = [threading.Thread(target=work, args=(i,)) for i in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
        assert failures == []
        assert [c.index for c in archive.candidates.of(run)] == list(range(30))
        assert sorted({c.proposer for c in archive.candidates.of(run)}) == [f"thread {i}" for i in range(6)]


def _child_without_close(archive: Archive, run: Run, number: int) -> None:
    previous: list[Parent] = []
    for step in range(5):
        with archive.database.transaction():
            program = archive.programs.add(f"thread_{number} = {step}", "cfr")
            candidate = archive.candidates.add(
                run, program=program, operator="m", proposer=f"thread {number}", parents=previous
            )
        measured = NewEvaluation(
            program=program.hash, suite="s", status=Status.OK, scores=(Score("g", "m", 1.0),)
        )
        assert archive.candidates.finish(candidate, Status.OK, evaluations=[measured], train=float(step))
        previous = [Parent(candidate.id)]


def test_closing_is_not_the_end(url: str) -> None:
    archive = Archive.open(url)
    run = archive.runs.create("cfr", {})
    archive.close()
    archive.close()
    assert archive.runs.get(run) == run
    archive.close()
    assert os.getpid() == archive.database._pid
