"""What the service costs: `python -m benchmarks.service`.

Prints, and compares with its targets:

- what Celery adds to an evaluation over the local executor: two runs with the same programs, one worker each,
  after both are warm (at most 20 ms an evaluation);
- how long `best`, `lineage` and `status` take with 10,000 stored candidates, on SQLite and PostgreSQL, each
  as a person calls it, as JSON and as text, without the start of the interpreter (at most 0.5 s); and the
  processor time of this process in it, which counts where other programs run at the same time;
- whether eight processes that write to one SQLite file at the same time lose anything;
- with ``--only large``: what commands cost with 50,000 candidates and 1.6 million scores on both, each in a
  process of its own: processor time, start-up included, and peak memory (`benchmarks/large_archives.py`).

Servers of its own are started from the installed programs. Exit code 1 if a target is missed.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import itertools
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.large_archives import large
from nashforge.archive import Archive
from nashforge.evolve.evaluation.messages import Stage, Task, Trial
from nashforge.evolve.executors.base import Executor, Lost
from nashforge.evolve.executors.local import LocalExecutor
from nashforge.evolve.service.executor import CeleryExecutor, live_slots
from nashforge.evolve.service.servers import PostgreSQL, RabbitMQ, Redis
from nashforge.evolve.service.settings import service_settings
from nashforge.solvers.cfr.rules import rule_source
from tests.archive.measure_scale import fill
from tests.archive.writer import write

MOST_OVERHEAD = 0.020
MOST_SECONDS = 0.5
WRITERS, WRITES = 8, 100


def tasks(count: int, first: int) -> list[Task]:
    """Return distinct evaluations of a moment."""
    made = []
    for number in range(first, first + count):
        trial = Trial(label="kuhn_poker", game="kuhn_poker", iterations=20)
        stage = Stage(split="test", suite="kuhn", trials=(trial,))
        # Distinct, or the queue would take them for one.
        memory = (1 << 30) + 4096 * number
        token, source = f"{number:032x}", rule_source("cfr")
        made.append(Task(token=token, domain="cfr", source=source, stages=(stage,), memory_bytes=memory))
    return made


def seconds_each(executor: Executor, count: int, first: int) -> float:
    """Return seconds of an evaluation, two of which are under way at any time, as in a run."""
    waiting = tasks(count, first)
    under_way = 0
    began = time.perf_counter()
    while waiting or under_way:
        while waiting and under_way < 2:
            executor.submit(waiting.pop())
            under_way += 1
        for answer in executor.wait(60.0):
            if isinstance(answer, Lost):
                raise RuntimeError(answer.reason)
            under_way -= 1
    return (time.perf_counter() - began) / count


def overhead(database: str, broker: str, folder: Path, count: int, rounds: int) -> float:
    """Print and return what Celery adds to an evaluation, in seconds: the median over alternating rounds."""
    environment = {**os.environ, "NASHFORGE_DATABASE": database, "NASHFORGE_BROKER": broker}
    with (folder / "worker.log").open("ab") as log:
        worker = subprocess.Popen(
            [sys.executable, "-m", "nashforge", "worker", "--slots", "1"],
            env=environment,
            stdout=log,
            stderr=log,
        )
    settings = service_settings(broker)
    local = LocalExecutor(1)
    try:
        with Archive.open(database) as archive:
            while not live_slots(archive, settings):
                time.sleep(0.1)
            far = CeleryExecutor(archive, settings, run=archive.runs.create("cfr", {}))
            first = 0
            for executor in (local, far):
                seconds_each(executor, 10, first)
            differences, times = [], []
            for _ in range(rounds):
                first += 1000
                near_seconds, far_seconds = (seconds_each(e, count, first) for e in (local, far))
                differences.append(far_seconds - near_seconds)
                times.append((near_seconds, far_seconds))
            far.close()
    finally:
        local.close()
        worker.terminate()
        worker.wait()
    near_seconds, far_seconds = (statistics.median(column) for column in zip(*times, strict=True))
    added = statistics.median(differences)
    print(
        f"{count} evaluations, {rounds} rounds: local {1000 * near_seconds:.1f} ms, Celery over "
        f"{broker.partition(':')[0]} {1000 * far_seconds:.1f} ms, added {1000 * added:.1f} ms each "
        f"(target: at most {1000 * MOST_OVERHEAD:.0f} ms)",
        flush=True,
    )
    return added


def command(database: str, *words: str) -> Callable[[], object]:
    """Return what calls a command in this process, with its output thrown away."""
    from nashforge.cli.main import app

    def call() -> None:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
            app([*words, "--database", database], prog_name="nashforge")

    return call


def questions(database: str, candidates: int) -> float:
    """Print how long people wait for answers about many candidates; return the longest."""
    with Archive.open(database) as archive:
        with archive.database.transaction():  # one commit is faster than thousands
            number = fill(archive, candidates)
        run = archive.runs.get(number)
        last = archive.candidates.of(run, start=candidates - 1)[0].nickname or ""
        location = archive.database.location
    slowest = 0.0
    asked = (
        ("best", run.nickname),
        ("lineage", last),
        ("lineage", run.nickname),
        ("status", run.nickname),
        ("workers",),
    )
    for words, form in itertools.product(asked, ("--json", "--no-json")):
        call = command(database, *words, form)
        call()
        seconds, busy = [], []
        for _ in range(5):
            began, cpu = time.perf_counter(), time.process_time()
            call()
            seconds.append(time.perf_counter() - began)
            busy.append(time.process_time() - cpu)
        median = statistics.median(seconds)
        slowest = max(slowest, median)
        said = " ".join((*words, form))
        print(
            f"{location}: {said} of {candidates} candidates {median:.3f} s "
            f"({statistics.median(busy):.3f} s of processor time here)",
            flush=True,
        )
    return slowest


def _write(url: str, run: int, number: int, told: Path, start: Any) -> None:
    with Archive.open(url) as archive, told.open("w") as file:
        start.wait()
        write(archive, run, f"writer_{number}", WRITES, file)


def writers(folder: Path) -> int:
    """Print and return how many of the candidates are missing that eight processes stored at once."""
    url = str(folder / "writers.db")
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(WRITERS)
    with Archive.open(url) as archive:
        run = archive.runs.create("cfr", {})
        files = [folder / f"told-{number}" for number in range(WRITERS)]
        processes = [
            context.Process(target=_write, args=(url, run.id, number, files[number], start))
            for number in range(WRITERS)
        ]
        began = time.perf_counter()
        for process in processes:
            process.start()
        for process in processes:
            process.join()
        took = time.perf_counter() - began
        told = [line.split() for file in files for line in file.read_text().splitlines()]
        stored = {c.index: e.token for c, (e,) in archive.candidates.outcomes(run)}
    missing = sum(stored.get(int(index)) != token for index, token in told)
    missing += WRITERS * WRITES - len(told)
    print(
        f"{WRITERS} processes wrote {WRITES} candidates each to one SQLite file in {took:.1f} s: "
        f"{len(stored)} stored, {missing} lost (target: 0)",
        flush=True,
    )
    return missing


def large_on(kind: str, folder: Path, stack: contextlib.ExitStack, candidates: int) -> bool:
    """Print what commands cost with a large archive on a kind of database; return whether targets are met."""
    if kind == "sqlite":
        places = [str(folder / f"{name}.db") for name in ("large", "empty", "copy")]
    else:
        servers = [PostgreSQL(folder / name) for name in ("large", "empty", "copy")]
        places = [stack.enter_context(server).url for server in servers]
    database, empty, copy = places
    return large(database, empty, copy, folder, candidates)


def main(arguments: list[str] | None = None) -> int:
    """Measure; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--evaluations", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--candidates", type=int, help="by default 10,000, and 50,000 of --only large")
    parser.add_argument("--broker", choices=["redis", "rabbitmq"], default="redis")
    parser.add_argument("--only", choices=["overhead", "questions", "writers", "large"])
    parser.add_argument("--on", choices=["sqlite", "postgresql"], help="only this database (of --only large)")
    chosen: Any = parser.parse_args(arguments)
    good = True
    kind = {"redis": Redis, "rabbitmq": RabbitMQ}[chosen.broker]
    with tempfile.TemporaryDirectory(prefix="nashforge-service-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with contextlib.ExitStack() as stack:
            if chosen.only == "large":
                for database in ("sqlite", "postgresql"):
                    if chosen.on in (None, database):
                        good &= large_on(database, folder, stack, chosen.candidates or 50_000)
                print("every target is met" if good else "a target is missed")
                return 0 if good else 1
            database = stack.enter_context(PostgreSQL(folder / "postgresql")).url
            if chosen.only in (None, "overhead"):
                broker = stack.enter_context(kind(folder / "broker")).url
                good &= overhead(database, broker, folder, chosen.evaluations, chosen.rounds) <= MOST_OVERHEAD
            if chosen.only in (None, "questions"):
                for place in (database, str(folder / "many.db")):
                    good &= questions(place, chosen.candidates or 10_000) <= MOST_SECONDS
            if chosen.only in (None, "writers"):
                good &= writers(folder) == 0
    print("every target is met" if good else "a target is missed")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
