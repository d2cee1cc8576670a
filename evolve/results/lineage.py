"""Families of programs: the ancestors or descendants of one, or everything in a run."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

from nashforge.archive import Archive, Edge, NotFound, Program, Relative, Role, Run
from nashforge.evolve.domains import domain, domain_names
from nashforge.evolve.search.population.ranking import line_of, merit
from nashforge.games.naming import choice, nearest

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
    complete : bool
        Whether these are all; else the nearest of a program's family, or the best of a run and their lines.
    """

    title: str
    run: Run | None
    members: dict[int, Relative]
    edges: tuple[Edge, ...]
    best: frozenset[int] = frozenset()
    complete: bool = True

    @cached_property
    def _parents(self) -> dict[int, list[int]]:
        """Parents by child, the first one first; everything that is asked about one candidate starts here."""
        found: dict[int, list[int]] = {}
        for edge in self.edges:
            if edge.child in self.members and edge.parent in self.members:
                found.setdefault(edge.child, []).append(edge.parent)
        return found

    def roots(self) -> list[Relative]:
        """Return the candidates without a parent in the family."""
        return [member for key, member in self.members.items() if key not in self._parents]

    @cached_property
    def children(self) -> dict[int, list[Relative]]:
        """Children by id of their first parent, in the order of asking."""
        found: dict[int, list[Relative]] = {}
        for key, parents in self._parents.items():
            found.setdefault(parents[0], []).append(self.members[key])
        return {key: sorted(some, key=lambda item: (item.run_id, item.index)) for key, some in found.items()}

    def parents_of(self, key: int) -> list[int]:
        """Return the ids of a candidate's parents in the family, the first one first."""
        return self._parents.get(key, [])

    def partners(self, candidate: Relative) -> list[Relative]:
        """Return the other parents of a crossover."""
        parents = self._parents.get(candidate.id, [])
        return [self.members[key] for key in parents[1:] if key != parents[0]]

    @cached_property
    def _best_below(self) -> dict[int, tuple[bool, float]]:
        """The highest merit of every candidate and everything made from it."""
        order, waiting = list[Relative](), self.roots()
        while waiting:
            item = waiting.pop()
            order.append(item)
            waiting += self.children.get(item.id, ())
        found: dict[int, tuple[bool, float]] = {}
        for item in reversed(order):
            below = (found[child.id] for child in self.children.get(item.id, ()))
            found[item.id] = max((merit(item), *below))
        return found

    def main_child(self, candidate: Relative) -> Relative | None:
        """Return the child that leads to the best program below a candidate; None without children."""
        return max(
            self.children.get(candidate.id, ()),
            key=lambda child: (child.id in self.best, self._best_below[child.id], -child.index),
            default=None,
        )


def family_of(
    archive: Archive, name: str, *, descendants: bool = False, failed: bool = False, limit: int | None = None
) -> Family:
    """Return the family of a run or a program.

    Parameters
    ----------
    name
        A run's nickname, prefix or ``latest``; or a program's nickname, hash, or prefix.
    descendants
        For a program: what was made from it, instead of what it was made from.
    failed
        For a run: failed candidates, too.
    limit
        At most so many candidates: of a program's family the nearest, of a run the best and their lines.

    Raises
    ------
    nashforge.archive.NotFound, nashforge.archive.AmbiguousReference
        If not exactly one run or program fits.
    """
    root = run_or_program(archive, name)
    if isinstance(root, Run):
        return _family_of_run(archive, root, failed, limit)
    program = root.nickname
    of = archive.lineage.descendants if descendants else archive.lineage.ancestors
    found = of(program, roles=ROLES, limit=limit)
    line = _line(found.edges, found.root.id) if not descendants else frozenset({found.root.id})
    return Family(program, None, found.candidates, found.edges, line, found.complete)


def run_or_program(archive: Archive, name: str) -> Run | Program:
    """Return what a person means: a run (``latest`` is the newest) or, if none fits, a program.

    Raises
    ------
    nashforge.archive.NotFound, nashforge.archive.AmbiguousReference
        If not exactly one run or program fits.
    """
    if name.strip().lower() == "latest":
        newest = archive.runs.newest(limit=1)
        if not newest:
            raise NotFound(
                f"there are no runs in {archive.database.location} yet; start one with `nashforge run cfr`"
            )
        return newest[0]
    try:
        return archive.runs.get(name)
    except NotFound as error:
        runs = error.near
    try:
        return archive.programs.get(name)
    except NotFound as error:
        domains = [one for one in domain_names() if name in domain(one).baselines()]
        if domains:
            raise NotFound(
                f"{name} is a program of the library (domain {', '.join(domains)}), which no search has "
                f"found: no run has it under this name; see `nashforge show {name}`"
            ) from error
        near = nearest(name, [*runs, *error.near])
        remedy = choice(name, near, "see `nashforge runs` and `nashforge best`")
        raise NotFound(f"neither a run nor a program is called {name!r}; {remedy}", near) from error


def _family_of_run(archive: Archive, run: Run, failed: bool, limit: int | None) -> Family:
    counts = archive.candidates.counts(run)
    shown = sum(count for status, count in counts.items() if not status.failed or failed)
    if limit is None or shown <= limit:
        members, edges = archive.lineage.pedigree(run, roles=ROLES, failed=failed)
    else:
        members, edges = archive.lineage.among(_best_lines(archive, run, failed, limit), roles=ROLES)
    # The first of equals, as `ranked` has it; everything measured is here already, or the best of it.
    best = max(members.values(), key=merit, default=None)
    line = frozenset() if best is None or best.train is None else _line(edges, best.id)
    return Family(run.nickname, run, members, edges, line, limit is None or shown <= limit)


def _best_lines(archive: Archive, run: Run, failed: bool, limit: int) -> set[int]:
    """Return the ids of a run's best candidates with what they descend from, one line after the other.

    With ``failed``, a third of them may be those that failed last, and what these were made from.
    """
    last = archive.candidates.failures(run, limit=max(limit // 3, 1)) if failed else []
    best = sorted(archive.candidates.fitted(run), key=merit, reverse=True)[:limit]
    ids = [item.id for item in best]
    wanted = [*ids[:1], *(item.id for item in last), *ids[1:]]
    parents = archive.lineage.lines(wanted)
    chosen: set[int] = set()
    for start in wanted:
        line = [step for step in line_of(parents, start) if step not in chosen]
        if len(chosen) + len(line) > limit:
            # What is near to it, if even the best has come a longer way.
            return chosen or set(line[:limit])
        chosen.update(line)
    return chosen


def _line(edges: Collection[Edge], start: int) -> frozenset[int]:
    parent: dict[int, int] = {}
    for edge in edges:
        parent.setdefault(edge.child, edge.parent)
    line = {start}
    while start in parent and parent[start] not in line:
        start = parent[start]
        line.add(start)
    return frozenset(line)
