"""What the processes of the durability tests do."""

from __future__ import annotations

from itertools import count as numbers
from typing import TextIO

from nashforge.archive.records import NewEvaluation, Score, Status
from nashforge.archive.store import Archive


def write(archive: Archive, run: int, name: str, count: int | None, told: TextIO) -> None:
    """Propose and finish candidates, without end if no count is given, and report each once it returned."""
    for number in numbers() if count is None else range(count):
        # Every second program is one that all writers add.
        source = f"x = {number}" if number % 2 else f"{name} = {number}"
        program = archive.programs.add(source, "cfr")
        candidate = archive.candidates.add(run, program=program, operator="mutate", proposer=name)
        scores = tuple(Score("kuhn", "exploitability", 1.0, iteration=k) for k in range(20))
        measured = NewEvaluation(program=program.hash, suite="s", status=Status.OK, scores=scores)
        if not archive.candidates.finish(candidate, Status.OK, evaluations=[measured], train=float(number)):
            raise RuntimeError(f"candidate {candidate.index} was finished by somebody else")
        print(candidate.index, measured.token, file=told, flush=True)
