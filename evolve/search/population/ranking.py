"""Ranking of a run's programs, and the descent of the best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nashforge.archive import Archive, Candidate, Fitted, Relative, Run
from nashforge.archive.stores.views import Drawn, Told
from nashforge.evolve.config.run import stored_settings


def merit(candidate: Candidate | Relative | Drawn | Fitted | Told) -> tuple[bool, float]:
    """Order of measured programs: verified ones before others, then by the mean over both kinds of games.

    A program is verified when it was measured on the disguised games of validation.
    """
    return merit_of(candidate.train, candidate.validation)


def merit_of(train: float | None, validation: float | None) -> tuple[bool, float]:
    """Return the `merit` of a program with this fitness; the archive sorts by the same."""
    if train is None:
        return False, float("-inf")
    if validation is None:
        return False, train
    return True, (train + validation) / 2


def gain(train: float | None, parent: float | None, seed: float | None) -> float:
    """Return by how much a program's fitness exceeds that of its parent and of the seed; at least 0."""
    if train is None:
        return 0.0
    known = [value for value in (parent, seed) if value is not None]
    return max(0.0, train - max(known, default=train))


def ranked(archive: Archive, run: Run, limit: int | None = None) -> list[Candidate]:
    """Return a run's measured programs, each once, best first by `merit`; the earlier of equals first.

    Where a run has a gate, programs that an audit flagged come after all others.
    """
    barred = barred_in(archive, run)
    if not barred:
        return archive.candidates.by_id(archive.overview.leading(run, limit))
    more = None if limit is None else limit + len(barred)
    found = archive.candidates.by_id(archive.overview.leading(run, more))
    return sorted(found, key=lambda item: item.program in barred)[:limit]


def barred_in(archive: Archive, run: Run) -> frozenset[str]:
    """Return the hashes of those programs of a run that may not be called the best: its audits flagged them.

    None where the run has no gate. What others say of programs counts for nothing.
    """
    if stored_settings(archive, run).get("audit") != "gate":
        return frozenset()
    found = archive.verdicts.in_run(run)
    return frozenset(program for program, record in found.items() if record.verdict.flagged)


def leader(archive: Archive, run: Run) -> Candidate | None:
    """Return the best program of a run; None where nothing was measured, or nothing passed the gate."""
    barred = barred_in(archive, run)
    return next((one for one in ranked(archive, run, 1) if one.program not in barred), None)


def line_of_descent(archive: Archive, candidate: Candidate) -> list[Candidate]:
    """Return the candidates from the seed to ``candidate``, following the first parent of each."""
    return archive.candidates.by_id(line_of(archive.lineage.lines([candidate.id]), candidate.id)[::-1])


def line_of(first_parents: Mapping[int, int | None], start: int) -> list[int]:
    """Return the ids from a candidate back to where its line begins."""
    line: dict[int, None] = {}
    step: int | None = start
    while step is not None and step not in line:
        line[step] = None
        step = first_parents.get(step)
    return list(line)


def milestones(line: Sequence[Candidate | Told], most: int) -> list[int]:
    """Return the places of those steps of a line that tell most about it, in order; all if they are few.

    Begin and end belong to them, and the steps that raised the best fitness on the way most; of equals, the
    latest.
    """
    if len(line) <= most:
        return list(range(len(line)))
    last = len(line) - 1
    rises: list[tuple[float, int]] = []
    best = line[0].train
    for place, step in enumerate(line[:last]):
        known = best if best is not None else step.train
        rises.append((0.0 if step.train is None or known is None else max(0.0, step.train - known), place))
        best = max((value for value in (best, step.train) if value is not None), default=None)
    told = sorted(rises[1:], reverse=True)[: max(most - 2, 0)]
    return sorted({0, last, *(place for _, place in told)})
