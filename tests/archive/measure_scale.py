"""Measure the archive at 10,000 candidates: ``python tests/archive/measure_scale.py [URL] [CANDIDATES]``.

Not a test: it prints seconds, which depend on the machine. The database must be empty or new.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import func, insert, select, text

from nashforge.archive.hashing import program_hash
from nashforge.archive.nicknames import ANIMALS
from nashforge.archive.nicknames import candidates as nicknames
from nashforge.archive.records import NewEvaluation, Parent, Role, Score, Status
from nashforge.archive.storage.models import (
    Base,
    CandidateRow,
    EvaluationRow,
    ParentRow,
    ProgramRow,
    ScoreRow,
)
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


def fill_at_once(archive: Archive, candidates: int, *, name: str = "scale") -> int:
    """Store one run of so many candidates, as a search leaves it, in few statements; return its number.

    As `fill`, but every tenth score is a cost, so that there is something to trade off. Lines of descent have
    thousands of steps, as those of a search that works on one program.
    """
    rng = np.random.default_rng(0)
    config = {"domain": "cfr", "max_evaluations": candidates}
    run = archive.runs.create("cfr", config, nickname=name)
    body = "\n".join(f"    line_{i} = {i}" for i in range(80))
    now = archive.database.now()
    roles = (Role.PARENT, Role.CROSSOVER, Role.INSPIRATION, Role.INSPIRATION)
    with archive.database.transaction() as connection:
        first = (connection.scalar(select(func.max(CandidateRow.id))) or 0) + 1
        taken = set(connection.scalars(select(ProgramRow.nickname)))
        first_evaluation = (connection.scalar(select(func.max(EvaluationRow.id))) or 0) + 1
        for start in range(0, candidates, 1000):
            rows: dict[type[Base], list[dict[str, Any]]] = {
                model: [] for model in (ProgramRow, CandidateRow, ParentRow, EvaluationRow, ScoreRow)
            }
            for index in range(start, min(start + 1000, candidates)):
                source = f"class {name}{index}:\n{body}\n"
                digest, key = program_hash(source, "cfr"), first + index
                failed = bool(rng.random() < 0.2)
                nickname = next(word for word in nicknames(digest, ANIMALS) if word not in taken)
                taken.add(nickname)
                rows[ProgramRow].append(
                    {"hash": digest, "nickname": nickname, "domain": "cfr", "source": source}
                )
                rows[CandidateRow].append(
                    {
                        "id": key,
                        "run_id": run.id,
                        "index": index,
                        "program": digest,
                        "operator": "mutate" if index else "seed",
                        "proposer": "offline",
                        "status": Status.CRASHED if failed else Status.OK,
                        "reason": "ZeroDivisionError: division by zero" if failed else None,
                        "note": f"changed line {index}",
                        "train": None if failed else float(rng.normal()) / 10 + index / candidates,
                        "finished": now,
                        "data": {},
                    }
                )
                picks = rng.integers(max(0, index - 50), index, 4) if index else []
                rows[ParentRow] += [
                    {"candidate_id": key, "position": place, "parent_id": first + int(p), "role": role}
                    for place, (p, role) in enumerate(zip(picks, roles, strict=False))
                ]
                if failed:
                    continue
                evaluation = first_evaluation + index
                rows[EvaluationRow].append(
                    {
                        "id": evaluation,
                        "token": f"{name}-{index:08d}",
                        "program": digest,
                        "run_id": run.id,
                        "candidate_id": key,
                        "split": "train",
                        "suite": "cfr-train",
                        "suite_digest": "0" * 64,
                        "evaluator": "0",
                        "status": Status.OK,
                        "finished": now,
                        "seeds": [],
                        "settings": {"horizon": 90},
                    }
                )
                values = rng.random((4, 10))
                for game in range(4):
                    curve = [("exploitability", 10 * step, float(values[game, step])) for step in range(9)]
                    for metric, iteration, value in [*curve, ("seconds", None, float(values[game, 9]))]:
                        rows[ScoreRow].append(
                            {
                                "evaluation_id": evaluation,
                                "game": f"game_{game}",
                                "metric": metric,
                                "iteration": iteration,
                                "value": value,
                                "direction": "min",
                                "final": iteration in (None, 80),
                            }
                        )
            for model, some in rows.items():
                if some:
                    connection.execute(insert(model), some)
        if connection.dialect.name == "postgresql":
            for table in ("candidates", "evaluations"):
                highest = f"(SELECT max(id) FROM {table})"
                connection.execute(text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {highest})"))
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
