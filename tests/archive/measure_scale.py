"""Measure the archive at 10,000 candidates: ``python tests/archive/measure_scale.py [URL] [CANDIDATES]``.

Not a test: it prints seconds, which depend on the machine. The database must be empty or new.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from nashforge.archive.records import NewEvaluation, Parent, Role, Score, Status
from nashforge.archive.store import Archive


def fill(archive: Archive, candidates: int) -> int:
    """Store one run of so many candidates with 40 scores each; return its number."""
    rng = np.random.default_rng(0)
    run = archive.runs.create("cfr", {"max_evaluations": candidates})
    ids: list[int] = []
    body = "\n".join(f"    line_{i} = {i}" for i in range(80))
    for index in range(candidates):
        with archive.database.transaction():
            program = archive.programs.add(f"class Rule{index}:\n{body}\n", "cfr", ast_hash=f"{index:064x}")
            parents = []
            if ids:
                near = max(0, index - 50)
                picks = rng.integers(near, index, 4)
                roles = (Role.PARENT, Role.CROSSOVER, Role.INSPIRATION, Role.INSPIRATION)
                parents = [Parent(ids[int(p)], role) for p, role in zip(picks, roles, strict=True)]
            candidate = archive.candidates.add(
                run, program=program, operator="mutate", proposer="offline", index=index, parents=parents
            )
        ids.append(candidate.id)
        if rng.random() < 0.2:
            archive.candidates.finish(candidate, Status.CRASHED, reason="ZeroDivisionError: division by zero")
            continue
        scores = tuple(
            Score(f"game_{game}", "exploitability", float(rng.random()), iteration=10 * step)
            for game in range(4)
            for step in range(10)
        )
        measured = NewEvaluation(
            program=program.hash, suite="cfr-train", split="train", status=Status.OK, scores=scores
        )
        train = float(rng.normal())
        archive.candidates.finish(candidate, Status.OK, evaluations=[measured], train=train)
    return run.id


def main() -> None:
    """Fill an archive and time what people ask of it."""
    url = sys.argv[1] if len(sys.argv) > 1 else str(Path(tempfile.mkdtemp()) / "scale.db")
    candidates = int(sys.argv[2]) if len(sys.argv) > 2 else 10_000
    with Archive.open(url) as archive:
        started, cpu = time.perf_counter(), time.process_time()
        run = fill(archive, candidates)
        each = (time.perf_counter() - started) / candidates, (time.process_time() - cpu) / candidates
        print(
            f"{archive.database.location}: {candidates} candidates, {each[0]:.5f} s each ({each[1]:.5f} CPU)"
        )
        last = archive.candidates.of(run, start=candidates - 1)[0]
        first = archive.candidates.of(run, limit=1)[0]
        known = archive.programs.get(last.program or "")
        questions: dict[str, Callable[[], object]] = {
            "fitness of all": lambda: archive.candidates.fitted(run),
            "counts": lambda: archive.candidates.counts(run),
            "list of runs": lambda: archive.runs.newest(),
            "lineage of the last (one parent)": lambda: archive.lineage.ancestors(last, roles=(Role.PARENT,)),
            "lineage of the last (two parents)": lambda: archive.lineage.ancestors(
                last, roles=(Role.PARENT, Role.CROSSOVER)
            ),
            "lineage of the last (all roles)": lambda: archive.lineage.ancestors(last),
            "descendants of the first": lambda: archive.lineage.descendants(first),
            "failures": lambda: archive.candidates.failures(run),
            "program by prefix": lambda: archive.programs.get(known.hash[:8]),
            "candidates": lambda: archive.candidates.of(run),
            "outcomes (everything, for resume)": lambda: list(archive.candidates.outcomes(run)),
        }
        for name, question in questions.items():
            seconds, cpu_seconds = [], []
            for _ in range(3):
                started, cpu = time.perf_counter(), time.process_time()
                question()
                seconds.append(time.perf_counter() - started)
                cpu_seconds.append(time.process_time() - cpu)
            print(f"{name:36} {sorted(seconds)[1]:8.4f} s  ({sorted(cpu_seconds)[1]:.4f} s of CPU here)")


if __name__ == "__main__":
    main()
