"""Families of programs: the ancestors or descendants of one, or everything in a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, TypeVar

from nashforge.archive import Archive, Edge, NotFound, Program, Relative, Role, Run
from nashforge.archive.stores.views import Drawn
from nashforge.evolve.domains import domain, domain_names
from nashforge.evolve.search.population.ranking import line_of, merit
from nashforge.games.naming import choice, nearest

Kin = TypeVar("Kin", Relative, Drawn)
"""A candidate with all that is told about it, or with what a picture shows."""

ROLES = (Role.PARENT, Role.CROSSOVER)
"""Relations that make a family. Inspirations soon reach most of a run."""


@dataclass(frozen=True)
class Family(Generic[Kin]):
    """Candidates and how they descend from each other.

    Attributes
    ----------
    title : str
        Name of the program or the run that was asked for.
    members : dict
        Candidates by id, in the order of runs and of asking.
    parents : dict
        Ids of their parents among them, the first one first; of those that have any.
    best : frozenset of int
        Ids on the way from the seed to the program asked for, or to the best of the run.
    complete : bool
        Whether these are all; else the nearest of a program's family, or the best of a run and their lines.
    edges : tuple of Edge
        The relations with their roles; none in an outline.
    """

    title: str
    run: Run | None
    members: dict[int, Kin]
    parents: Mapping[int, Sequence[int]]
    best: frozenset[int] = frozenset()
    complete: bool = True
    edges: tuple[Edge, ...] = ()

    def roots(self) -> list[Kin]:
        """Return the candidates without a parent in the family."""
        return [member for key, member in self.members.items() if key not in self.parents]

    @cached_property
    def children(self) -> dict[int, list[Kin]]:
        """Children by id of their first parent, in the order of asking."""
        found: dict[int, list[Kin]] = {}
        for key, member in self.members.items():
            parents = self.parents.get(key)
            if parents:
                found.setdefault(parents[0], []).append(member)
        return found

    def partners(self, candidate: Kin) -> list[Kin]:
        """Return the other parents of a crossover."""
        parents = self.parents.get(candidate.id, ())
        return [self.members[key] for key in parents[1:] if key != parents[0]]

    @cached_property
    def main_children(self) -> dict[int, Kin]:
        """The child of each that leads to the best program below it; of those that have any."""
        order, waiting = list[Kin](), self.roots()
        while waiting:
            item = waiting.pop()
            order.append(item)
            waiting += self.children.get(item.id, ())
        highest: dict[int, tuple[bool, float]] = {}  # merit of what was made from a candidate
        ranks: dict[int, tuple[bool, tuple[bool, float], int]] = {}
        found: dict[int, Kin] = {}
        for item in reversed(order):
            key, top = item.id, merit(item)
            if key in highest:
                top = max(top, highest[key])
            parents = self.parents.get(key)
            if parents:
                parent, rank = parents[0], (key in self.best, top, -item.index)
                if parent not in found or rank > ranks[parent]:
                    found[parent], ranks[parent] = item, rank
                if parent not in highest or top > highest[parent]:
                    highest[parent] = top
        return found


def family_of(
    archive: Archive, name: str, *, descendants: bool = False, failed: bool = False, limit: int | None = None
) -> Family[Relative]:
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
    parents = parents_in(found.edges)
    line = _line(parents, found.root.id) if not descendants else frozenset({found.root.id})
    return Family(program, None, found.candidates, parents, line, found.complete, found.edges)


def outline_of(archive: Archive, run: Run, *, failed: bool = False) -> Family[Drawn]:
    """Return a run's whole family with what a picture shows of it; parameters as of `family_of`."""
    members, parents = archive.lineage.outline(run, roles=ROLES, failed=failed)
    return Family(run.nickname, run, members, parents, _line_to_best(members, parents))


def parents_in(edges: Iterable[Edge]) -> dict[int, list[int]]:
    """Return the parents of each child, in the order of the relations."""
    found: dict[int, list[int]] = {}
    for edge in edges:
        found.setdefault(edge.child, []).append(edge.parent)
    return found


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


def _family_of_run(archive: Archive, run: Run, failed: bool, limit: int | None) -> Family[Relative]:
    counts = archive.candidates.counts(run)
    shown = sum(count for status, count in counts.items() if not status.failed or failed)
    if limit is None or shown <= limit:
        members, edges = archive.lineage.pedigree(run, roles=ROLES, failed=failed)
    else:
        members, edges = archive.lineage.among(_best_lines(archive, run, failed, limit), roles=ROLES)
    parents = parents_in(edges)
    line = _line_to_best(members, parents)
    return Family(run.nickname, run, members, parents, line, limit is None or shown <= limit, edges)


def _line_to_best(members: Mapping[int, Kin], parents: Mapping[int, Sequence[int]]) -> frozenset[int]:
    # The first of equals, as `ranked` has it; everything measured is here already, or the best of it.
    best = max(members.values(), key=merit, default=None)
    return frozenset() if best is None or best.train is None else _line(parents, best.id)


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


def _line(parents: Mapping[int, Sequence[int]], start: int) -> frozenset[int]:
    line = {start}
    while start in parents and parents[start][0] not in line:
        start = parents[start][0]
        line.add(start)
    return frozenset(line)
