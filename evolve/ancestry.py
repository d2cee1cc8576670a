"""Families of programs: the ancestors or descendants of one, or everything in a run."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from archive import Archive, Candidate, Edge, NotFound, Role, Run
from evolve.ranking import merit, ranked

ROLES = (Role.PARENT, Role.CROSSOVER)
"""Relations that make a family. Inspirations soon reach most of a run."""


@dataclass(frozen=True)
class Family:
    """Candidates and how they descend from each other.

    Attributes
    ----------
    title : str
        Name of the program or the run that was asked for.
    members : dict
        Candidates by id, in the order of runs and of asking.
    edges : tuple of Edge
        Relations among them.
    best : frozenset of int
        Ids on the way from the seed to the program asked for, or to the best of the run.
    """

    title: str
    run: Run | None
    members: dict[int, Candidate]
    edges: tuple[Edge, ...]
    best: frozenset[int] = frozenset()
    _parent: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for edge in self.edges:
            if edge.parent in self.members and edge.child in self.members:
                self._parent.setdefault(edge.child, edge.parent)

    def roots(self) -> list[Candidate]:
        """Return the candidates without a parent in the family."""
        return [member for key, member in self.members.items() if key not in self._parent]

    def children(self) -> dict[int, list[Candidate]]:
        """Return children by id of their first parent, in the order of asking."""
        found: dict[int, list[Candidate]] = {}
        for key, parent in self._parent.items():
            found.setdefault(parent, []).append(self.members[key])
        return {key: sorted(some, key=lambda item: (item.run_id, item.index)) for key, some in found.items()}

    def partners(self, candidate: Candidate) -> list[Candidate]:
        """Return the other parents of a crossover."""
        return [
            self.members[edge.parent]
            for edge in self.edges
            if edge.child == candidate.id
            and edge.parent in self.members
            and edge.parent != self._parent.get(candidate.id)
        ]


def family_of(archive: Archive, name: str, *, descendants: bool = False, failed: bool = False) -> Family:
    """Return the family of a run or a program.

    Parameters
    ----------
    name
        A run's nickname, prefix or ``latest``; or a program's nickname, hash, or prefix.
    descendants
        For a program: what was made from it, instead of what it was made from.
    failed
        For a run: failed candidates, too.

    Raises
    ------
    archive.NotFound, archive.AmbiguousReference
        If not exactly one run or program fits.
    """
    run = _run(archive, name)
    if run is not None:
        return _family_of_run(archive, run, failed)
    program = _program(archive, name)
    found = (
        archive.descendants(program, roles=ROLES) if descendants else archive.lineage(program, roles=ROLES)
    )
    line = _line(found.edges, found.root.id) if not descendants else frozenset({found.root.id})
    return Family(program, None, found.candidates, found.edges, line)


def _run(archive: Archive, name: str) -> Run | None:
    if name.strip().lower() == "latest":
        newest = archive.list_runs(limit=1)
        if not newest:
            raise NotFound(f"there are no runs in {archive.location} yet; start one with `nashforge run cfr`")
        return newest[0].run
    try:
        return archive.get_run(name)
    except NotFound:
        return None


def _program(archive: Archive, name: str) -> str:
    try:
        return archive.get_program(name).nickname
    except NotFound as error:
        raise NotFound(
            f"neither a run nor a program is called {name!r}; see `nashforge runs` and `nashforge best`"
        ) from error


def _family_of_run(archive: Archive, run: Run, failed: bool) -> Family:
    members = {
        candidate.id: candidate
        for candidate in archive.candidates(run)
        if candidate.train is not None or (failed and candidate.status.failed)
    }
    edges = tuple(
        Edge(candidate.id, parent.candidate_id, parent.role)
        for candidate in members.values()
        for parent in candidate.parents
        if parent.role in ROLES and parent.candidate_id in members
    )
    best = ranked(archive, run, 1)
    return Family(run.nickname, run, members, edges, _line(edges, best[0].id) if best else frozenset())


def _line(edges: Collection[Edge], start: int) -> frozenset[int]:
    parent: dict[int, int] = {}
    for edge in edges:
        parent.setdefault(edge.child, edge.parent)
    line = [start]
    while line[-1] in parent and parent[line[-1]] not in line:
        line.append(parent[line[-1]])
    return frozenset(line)


def main_child(family: Family, children: dict[int, list[Candidate]], key: int) -> Candidate | None:
    """Return the child that leads to the best program below a candidate; None without children."""
    some = children.get(key, [])
    if not some:
        return None
    return max(some, key=lambda child: (child.id in family.best, best_below(children, child), -child.index))


def best_below(children: dict[int, list[Candidate]], candidate: Candidate) -> tuple[bool, float]:
    """Return the highest merit of a candidate and everything made from it."""
    top, waiting = merit(candidate), list(children.get(candidate.id, []))
    while waiting:
        item = waiting.pop()
        top = max(top, merit(item))
        waiting += children.get(item.id, [])
    return top
