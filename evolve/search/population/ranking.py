"""Ranking of a run's programs, and the descent of the best."""

from __future__ import annotations

from nashforge.archive import Archive, Candidate, Fitted, Lineage, Relative, Role, Run


def merit(candidate: Candidate | Relative | Fitted) -> tuple[bool, float]:
    """Order of measured programs: verified ones before others, then by the mean over both kinds of games.

    A program is verified when it was measured on the disguised games of validation.
    """
    if candidate.train is None:
        return False, float("-inf")
    if candidate.validation is None:
        return False, candidate.train
    return True, (candidate.train + candidate.validation) / 2


def gain(train: float | None, parent: float | None, seed: float | None) -> float:
    """Return by how much a program's fitness exceeds that of its parent and of the seed; at least 0."""
    if train is None:
        return 0.0
    known = [value for value in (parent, seed) if value is not None]
    return max(0.0, train - max(known, default=train))


def ranked(archive: Archive, run: Run, limit: int | None = None) -> list[Candidate]:
    """Return a run's measured programs, each once, best first by `merit`; the earlier of equals first."""
    unique: dict[str | None, int] = {}
    for fitted in sorted(archive.candidates.fitted(run), key=merit, reverse=True):
        unique.setdefault(fitted.program, fitted.id)
    return archive.candidates.by_id(list(unique.values())[:limit])


def first_parent(lineage: Lineage, candidate: int) -> int | None:
    """Return what a candidate was made from in the first place, by their ids; inspirations do not count."""
    for edge in lineage.parents(candidate):
        if edge.role is not Role.INSPIRATION and edge.parent in lineage.candidates:
            return edge.parent
    return None


def line_of_descent(archive: Archive, candidate: Candidate) -> list[Candidate]:
    """Return the candidates from the seed to ``candidate``, following the first parent of each."""
    lineage = archive.lineage.ancestors(candidate, roles=(Role.PARENT, Role.CROSSOVER))
    line = {lineage.root.id: None}
    parent = first_parent(lineage, lineage.root.id)
    while parent is not None and parent not in line:
        line[parent] = None
        parent = first_parent(lineage, parent)
    return archive.candidates.by_id(list(line)[::-1])
