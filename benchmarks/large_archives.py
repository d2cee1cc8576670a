"""What questions about an archive of 50,000 candidates and 1.6 million scores cost: `benchmarks.service`."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from nashforge.archive import Archive
from tests.archive.measure_scale import fill_at_once

RUN = "scale"
QUESTION = (1.0, 150)
"""Processor seconds and megabytes that a question about a run or a program may take."""
REPORT, TRANSFER = (2.0, None), (30.0, None)
LOOP = 3_000_000

_LAUNCH = """
import os, sys
nowhere = (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=[nowhere])
_, status, usage = os.wait4(child, 0)
print(status, usage.ru_utime + usage.ru_stime, usage.ru_maxrss)
"""
"""A small process between: the memory of a child counts from that of the one that starts it."""


@dataclass(frozen=True)
class Cost:
    """What a command took: processor seconds of its process, its peak memory in megabytes, seconds waited."""

    busy: float
    memory: float
    waited: float


def cost(database: str, *words: str) -> Cost:
    """Do a command in a process of its own, and return what it took.

    Raises
    ------
    RuntimeError
        If it fails.
    """
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", _LAUNCH, sys.executable, "-m", "nashforge", *words],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "NASHFORGE_DATABASE": database},
    )
    status, seconds, kilobytes = (float(number) for number in done.stdout.split())
    if status:
        raise RuntimeError(f"nashforge {' '.join(words)} failed: {done.stderr.strip()}")
    return Cost(seconds, kilobytes / 1024, time.perf_counter() - began)


def speed() -> float:
    """Return the nanoseconds of an addition in a loop of Python: how fast this machine is, and how busy."""
    began, total = time.process_time(), 0
    for number in range(LOOP):
        total += number
    return (time.process_time() - began) / LOOP * 1e9


def large(database: str, empty: str, copy: str, folder: Path, candidates: int) -> bool:
    """Print what commands cost with one large run; return whether all targets are met.

    Parameters
    ----------
    database, empty, copy
        URLs of empty databases: for the run, to import into, and to copy to.
    """
    with Archive.open(database) as archive:
        fill_at_once(archive, candidates, name=RUN)
        run = archive.runs.get(RUN)
        name = archive.candidates.of(run, start=candidates - 1)[0].nickname or ""
        print(f"{archive.database.location}, {candidates:,} candidates, a command each:", flush=True)
    everything = str(folder / "all.jsonl.gz")
    page, program = str(folder / "page.html"), str(folder / "program.py")
    rows: list[tuple[tuple[str, ...], tuple[float, int | None] | None]] = [
        (("--version",), None),
        (("rules",), None),
        (("status", RUN), QUESTION),
        (("best", RUN), QUESTION),
        (("best", RUN, "--pareto"), QUESTION),
        (("show", name), QUESTION),
        (("lineage", name, "--json"), QUESTION),
        (("export", name, "--output", program, "--force"), QUESTION),
        (("report", RUN, "--output", page, "--force", "--no-episode"), REPORT),
        (("export", RUN, "--output", everything, "--force"), TRANSFER),
        (("export", "--output", everything, "--force"), TRANSFER),
        (("db", "copy", database, copy), TRANSFER),
    ]
    good = [_tell(database, words, target) for words, target in rows]
    good.append(_tell(empty, ("import", everything), TRANSFER))
    return all(good)


def _tell(database: str, words: tuple[str, ...], target: tuple[float, int | None] | None) -> bool:
    before = speed()
    took = cost(database, *words)
    busy = (before + speed()) / 2
    met = target is None or (took.busy <= target[0] and took.memory <= (target[1] or took.memory))
    wanted = ""
    if target is not None:
        wanted = f"  (target {target[0]:g} s{f', {target[1]} MB' if target[1] else ''})"
    said = " ".join(word for word in words if "/" not in word and not word.startswith("--o"))
    print(
        f"  {said:28} {took.busy:6.2f} s of processor, {took.memory:4.0f} MB, {took.waited:6.1f} s by the "
        f"clock; an addition {busy:.0f} ns{wanted}{'' if met else ': missed'}",
        flush=True,
    )
    return met
