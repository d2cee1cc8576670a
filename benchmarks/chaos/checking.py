"""What a finished run must be like, whatever was done to it: complete, nothing twice, the same programs."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

from benchmarks.chaos.trial import NAME, run_options, write_suite
from nashforge.archive import Archive, Status
from nashforge.archive.work import AttemptState

Row = tuple[int, str | None, str, float | None, float | None]


def programs(database: str) -> list[Row]:
    """Return what the run proposed and what became of it, in order."""
    with Archive.open(database, create=False) as archive:
        found = archive.candidates.of(archive.runs.get(NAME))
    return [(c.index, c.program, str(c.status), c.train, c.validation) for c in found]


def undisturbed(folder: Path, evaluations: int) -> list[Row]:
    """Do the same run on this machine, and return its programs."""
    write_suite(folder)
    place = str(folder / "undisturbed.db")
    command = [sys.executable, "-m", "nashforge", "run", "cfr", "--name", NAME, "--database", place]
    subprocess.run([*command, *run_options(folder, evaluations)], check=True, capture_output=True)
    return programs(place)


def faults(database: str, evaluations: int, expected: list[Row]) -> list[str]:
    """Return what is wrong with a finished run; nothing, one hopes."""
    found = []
    with Archive.open(database, create=False) as archive:
        run = archive.runs.get(NAME)
        candidates = archive.candidates.of(run)
        finished = [c for c in candidates if c.status.finished and c.status is not Status.DUPLICATE]
        if len(finished) != evaluations:
            found.append(f"{len(finished)} finished evaluations instead of {evaluations}")
        found += [f"#{c.index} is {c.status}" for c in candidates if not c.status.finished]
        found += [f"#{c.index} was lost: {c.reason}" for c in candidates if c.status is Status.INFRASTRUCTURE]
        rows = archive.evaluations.find(run=run)
        twice = Counter((e.candidate_id, e.program, e.split, e.suite_digest) for e in rows)
        found += [f"measured {n} times: {key}" for key, n in twice.items() if n > 1]
        measured = {e.candidate_id for e in rows if e.split == "train" and e.status is Status.OK}
        scored = [c for c in candidates if c.train is not None]
        found += [f"#{c.index} has no measurement" for c in scored if c.id not in measured]
        still = archive.queue.attempts(run=run, state=[AttemptState.QUEUED, AttemptState.RUNNING])
        found += [f"attempt {a.token} is still {a.state}" for a in still]
    if programs(database) != expected:
        differ = next(
            (k for k, (a, b) in enumerate(zip(programs(database), expected, strict=False)) if a != b), None
        )
        found.append(f"the programs differ from those of an undisturbed run, first at {differ}")
    return found


def lost_attempts(database: str) -> int:
    """Return how many attempts were lost and made again."""
    with Archive.open(database, create=False) as archive:
        return len(archive.queue.attempts(run=archive.runs.get(NAME), state=[AttemptState.LOST]))
