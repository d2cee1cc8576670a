"""How much time and CPU the loop itself needs for a candidate, with everything that belongs to it.

A model server on this machine that answers at once, in a process of its own; programs that take a millisecond
in the real sandbox, in two stages and a third for the best, as in any run; every call, program, candidate,
evaluation and score committed to SQLite. 200 candidates are timed around each position; CPU time is that of
the loop, its workers and their sandboxes, without the server's.

    python -m benchmarks.loop [AT ...]
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.loop_domain import install
from nashforge.archive import Archive, Candidate
from nashforge.evolve.config.run import load_config
from nashforge.evolve.executors.local import LocalExecutor
from nashforge.evolve.runs.run import resume_run, start_run
from nashforge.evolve.search.events import Silent

MEASURED = 200
"""Candidates that are timed at each position."""


@dataclass(frozen=True)
class Figures:
    """What was measured at one position.

    Attributes
    ----------
    at : int
        The candidate in the middle of those that were timed.
    rate : float
        Candidates a second.
    loop, workers : float
        CPU seconds a candidate, of the loop and of its workers with their sandboxes.
    """

    at: int
    rate: float
    loop: float
    workers: float


class Stopwatch(Silent):
    """Notes wall and CPU time when a candidate is told."""

    def __init__(self, marks: Sequence[int], executor: LocalExecutor) -> None:
        self._marks = set(marks)
        self._executor = executor
        self.times: dict[int, tuple[float, float, float]] = {}

    def outcome(self, candidate: Candidate, best: bool) -> None:
        """Note the times at the marks."""
        index = candidate.index
        if index in self._marks:
            self.times[index] = (time.perf_counter(), time.process_time(), _children())


def _children() -> float:
    """Return the CPU seconds of all processes below this one, ended ones included."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    ticks = os.sysconf("SC_CLK_TCK")
    total = ended.ru_utime + ended.ru_stime
    parents: dict[int, tuple[int, float]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            # Own time, and that of children that were waited for.
            parents[int(entry.name)] = (int(fields[1]), sum(map(int, fields[11:15])) / ticks)
    below = {os.getpid()}
    grown = True
    while grown:
        grown = False
        for pid, (parent, _) in parents.items():
            if parent in below and pid not in below:
                below.add(pid)
                grown = True
    return total + sum(parents[pid][1] for pid in below - {os.getpid()} if pid in parents)


def measure(positions: Sequence[int], folder: Path, workers: int) -> list[Figures]:
    """Run once through all positions, and time the candidates around each."""
    marks = [edge for at in positions for edge in (at - MEASURED // 2, at + MEASURED // 2)]
    install(folder)
    server = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.model_server"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    url = server.stdout.readline().strip()
    found = []
    try:
        base: Mapping[str, object] = {
            "domain": "loop",
            "proposer": f"anthropic:loop@{url}",
            "price_unknown": "1/5",
            "budget_usd": 0,
            "final_test": False,
            "lookahead": 4 * workers,
            "retries": 0,
        }
        with Archive.open(folder / "loop.db") as archive:
            # Close to each position the run is interrupted and taken up, as if it had been resumed there.
            for number, at in enumerate(positions):
                low, high = marks[2 * number], marks[2 * number + 1]
                executor = LocalExecutor(workers)
                watch = Stopwatch([low, high], executor)
                limit = high + 2 * workers + 2
                try:
                    if number == 0:
                        config = load_config({**base, "max_evaluations": limit})
                        start_run(archive, config, name="loop", listener=watch, executor=executor)
                    else:
                        run = archive.runs.get("loop")
                        changes = {"max_evaluations": limit, "proposer": base["proposer"]}
                        resume_run(archive, run, changes=changes, listener=watch, executor=executor)
                finally:
                    executor.close()
                (w0, c0, k0), (w1, c1, k1) = watch.times[low], watch.times[high]
                found.append(Figures(at, MEASURED / (w1 - w0), (c1 - c0) / MEASURED, (k1 - k0) / MEASURED))
    finally:
        server.communicate("")
    return found


def main() -> None:
    """Measure and print."""
    positions = [int(word) for word in sys.argv[1:]] or [110, 2000]
    workers = 2
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(positions, Path(folder), workers)
    print(f"{workers} workers, load average {os.getloadavg()[0]:.1f}")
    print("at candidate  candidates/s  CPU s each  of these: loop  workers and sandboxes")
    for row in figures:
        both = row.loop + row.workers
        print(f"{row.at:12d}  {row.rate:12.1f}  {both:10.4f}  {row.loop:14.4f}  {row.workers:21.4f}")


if __name__ == "__main__":
    main()
