"""Lineages: the ancestors and descendants of a program."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Sequence
from itertools import chain, islice
from operator import itemgetter
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Connection, Row, ScalarSelect, Select, bindparam, or_, select

from nashforge.archive.errors import NotFound
from nashforge.archive.records import FAILED, Candidate, Program, Role
from nashforge.archive.storage.database import Store
from nashforge.archive.storage.models import CandidateRow, ParentRow
from nashforge.archive.storage.rows import RunRef, candidate_select, chunks, run_id
from nashforge.archive.stores.candidates import CandidateStore
from nashforge.archive.stores.programs import ProgramStore
from nashforge.archive.stores.views import Drawn, Edge, Lineage, Relative

_Link: TypeAlias = Row[int, int, int, Role]
"""Child, position, parent, role."""

_MANY = 1000
_RELATIVES = candidate_select(Relative)
_OF_RUN = _RELATIVES.where(CandidateRow.run_id == bindparam("run"))
_AMONG = _RELATIVES.where(CandidateRow.id.in_(bindparam("ids", expanding=True)))
_IDS = select(CandidateRow.id).where(CandidateRow.run_id == bindparam("run"))
_DRAWN = candidate_select(Drawn).where(CandidateRow.run_id == bindparam("run")).order_by(CandidateRow.index)
_RUN_OF = select(CandidateRow.id, CandidateRow.run_id).where(
    CandidateRow.id.in_(bindparam("ids", expanding=True))
)


def _first_parent(child: ColumnElement[Any]) -> ScalarSelect[Any]:
    """Select what a candidate was made from in the first place; inspirations do not count."""
    first = select(ParentRow.parent_id).where(ParentRow.candidate_id == child)
    return (
        first.where(ParentRow.role != Role.INSPIRATION)
        .order_by(ParentRow.position)
        .limit(1)
        .scalar_subquery()
    )


def _lines() -> Select[*tuple[Any, ...]]:
    """Select candidates and their first parents, from some candidates on until there is no parent.

    A subquery for every row looks into the index, whatever the planner knows about the tables; and pairs that
    were met are not followed again, so that a circle of imported runs ends, too.
    """
    begun = select(CandidateRow.id.label("child"), _first_parent(CandidateRow.__table__.c.id).label("parent"))
    way = begun.where(CandidateRow.id.in_(bindparam("ids", expanding=True))).cte("way", recursive=True)
    further = select(way.c.parent, _first_parent(way.c.parent)).where(way.c.parent.is_not(None))
    way = way.union(further)
    return select(way.c.child, way.c.parent)


_LINES = _lines()


class LineageStore(Store):
    """Ancestry: where a candidate comes from, and what became of it."""

    def ancestors(
        self,
        of: Candidate | Program | int | str,
        *,
        run: RunRef | None = None,
        roles: Collection[Role] | None = None,
        limit: int | None = None,
    ) -> Lineage:
        """Return a candidate with all its ancestors.

        Parameters
        ----------
        of
            A candidate (record or number), or a program (record, nickname or hash): then the first candidate
            that proposed it.
        run
            For a program: the run whose candidate is meant.
        roles
            Follow only these relations; None for all. Inspirations soon reach most of a run.
        limit
            At most so many candidates, generation by generation from the one asked for.
        """
        return self._related(of, run, roles, limit, upward=True)

    def descendants(
        self,
        of: Candidate | Program | int | str,
        *,
        run: RunRef | None = None,
        roles: Collection[Role] | None = None,
        limit: int | None = None,
    ) -> Lineage:
        """Return a candidate with everything made from it, directly or not; parameters as in `ancestors`."""
        return self._related(of, run, roles, limit, upward=False)

    def lines(self, of: Collection[int]) -> dict[int, int | None]:
        """Return the first parent of candidates, of these parents, and so on to where each line begins.

        Only what is on the way is read, in one query: most of what crossovers descend from is not.

        Parameters
        ----------
        of
            Numbers of candidates.

        Returns
        -------
        dict of int to int or None
            First parents by candidate; None where a line begins. Inspirations are no parents.
        """
        found: dict[int, int | None] = {}
        with self._database.reading() as connection:
            for some in chunks(list(of), _MANY):
                found.update((row[0], row[1]) for row in connection.execute(_LINES, {"ids": some}))
        return found

    def among(
        self, ids: Collection[int], *, roles: Collection[Role] | None = None
    ) -> tuple[dict[int, Relative], tuple[Edge, ...]]:
        """Return candidates by their numbers, in order of run and index, and the relations among them."""
        with self._database.reading() as connection:
            return _in_order(*_read(connection, ids, roles))

    def _root(self, of: Candidate | Program | int | str, run: RunRef | None) -> Candidate:
        if isinstance(of, Candidate | int):
            return CandidateStore(self._database).get(of)
        program = ProgramStore(self._database).get(of)
        found = CandidateStore(self._database).of_program(program, run)
        if not found:
            raise NotFound(
                f"the program {program.nickname} was not proposed in {'that' if run is not None else 'any'} "
                "run, so it has no lineage; see `nashforge runs`"
            )
        return found[0]

    def _related(
        self,
        of: Candidate | Program | int | str,
        run: RunRef | None,
        roles: Collection[Role] | None,
        limit: int | None,
        *,
        upward: bool,
    ) -> Lineage:
        with self._database.reading() as connection:
            root = self._root(of, run)
            if limit is not None and limit <= _MANY:
                ids, complete = _nearest(connection, root.id, roles, limit, upward=upward)
                return Lineage(root, *_in_order(*_read(connection, ids, roles)), complete)
            reached, links, complete = _closure(connection, root, roles, limit, upward=upward)
            found: list[Relative] = []
            for owner, some_ids in reached.items():
                if len(some_ids) > _MANY:
                    found += (row for row in _relatives(connection, _OF_RUN, run=owner) if row.id in some_ids)
                else:
                    for some in chunks(sorted(some_ids)):
                        found += _relatives(connection, _AMONG, ids=some)
        return Lineage(root, *_in_order(found, links), complete)

    def pedigree(
        self, run: RunRef, *, roles: Collection[Role] | None = None, failed: bool = False
    ) -> tuple[dict[int, Relative], tuple[Edge, ...]]:
        """Return everything that was measured in a run, and how it descends from each other.

        Parameters
        ----------
        roles
            Only these relations; None for all.
        failed
            Candidates that failed, too.

        Returns
        -------
        dict of int to Relative, tuple of Edge
            Candidates by id, in the order of asking, and the relations among them.
        """
        shown, number = _shown(failed), run_id(run)
        with self._database.reading() as connection:
            found = _relatives(connection, _OF_RUN.where(shown), run=number)
            links = connection.execute(_links(roles, upward=True).where(shown), {"run": number}).all()
        return _in_order(found, links)

    def outline(
        self, run: RunRef, *, roles: Collection[Role], failed: bool = False
    ) -> tuple[dict[int, Drawn], dict[int, list[int]]]:
        """Return what a picture shows of a run's `pedigree`: quick for thousands.

        Returns
        -------
        dict of int to Drawn, dict of int to list of int
            Candidates by id, in the order of asking, and the ids of the parents of those that have any.
        """
        number = run_id(run)
        links = (
            select(ParentRow.candidate_id, ParentRow.parent_id)
            .where(ParentRow.candidate_id.in_(_IDS), ParentRow.role.in_(roles))
            .order_by(ParentRow.candidate_id, ParentRow.position)
        )
        with self._database.reading() as connection:
            rows = connection.execute(_DRAWN.where(_shown(failed)), {"run": number}).all()
            relations = connection.execute(links, {"run": number}).all()
        found = {row[0]: Drawn._make(row) for row in rows}
        parents: dict[int, list[int]] = {}
        for child, parent in relations:
            if child in found and parent in found:
                if child in parents:
                    parents[child].append(parent)
                else:
                    parents[child] = [parent]
        return found, parents


def _shown(failed: bool) -> ColumnElement[bool]:
    """Select what was measured, and with ``failed`` what failed."""
    measured: ColumnElement[bool] = CandidateRow.train.is_not(None)
    return or_(measured, CandidateRow.status.in_(FAILED)) if failed else measured


def _relatives(
    connection: Connection, statement: Select[*tuple[Any, ...]], **parameters: Any
) -> list[Relative]:
    return [Relative._make(row) for row in connection.execute(statement, parameters).all()]


def _in_order(found: list[Relative], links: Sequence[_Link]) -> tuple[dict[int, Relative], tuple[Edge, ...]]:
    """Return candidates in order of run and index, and the links among them by child and position."""
    found.sort(key=itemgetter(Relative._fields.index("run_id"), Relative._fields.index("index")))
    parents: dict[int, list[Edge]] = {candidate.id: [] for candidate in found}
    for child, _, parent, role in links:
        if child in parents and parent in parents:
            parents[child].append(Edge(child, parent, role))
    return {candidate.id: candidate for candidate in found}, tuple(chain.from_iterable(parents.values()))


def _read(
    connection: Connection, ids: Collection[int], roles: Collection[Role] | None
) -> tuple[list[Relative], list[_Link]]:
    """Return some candidates, and the links to their parents."""
    found: list[Relative] = []
    links: list[_Link] = []
    for some in chunks(sorted(ids)):
        found += _relatives(connection, _AMONG, ids=some)
        links += connection.execute(_all_links(roles).where(ParentRow.candidate_id.in_(some))).all()
    return found, links


def _all_links(roles: Collection[Role] | None) -> Select[int, int, int, Role]:
    """Select links by child and position."""
    links = select(ParentRow.candidate_id, ParentRow.position, ParentRow.parent_id, ParentRow.role).order_by(
        ParentRow.candidate_id, ParentRow.position
    )
    return links if roles is None else links.where(ParentRow.role.in_(roles))


def _links(roles: Collection[Role] | None, *, upward: bool) -> Select[int, int, int, Role]:
    """Select the links that begin in a run, by child and position."""
    near = ParentRow.candidate_id if upward else ParentRow.parent_id
    mine = _all_links(roles).join(CandidateRow, CandidateRow.id == near)
    return mine.where(CandidateRow.run_id == bindparam("run"))


def _nearest(
    connection: Connection, root: int, roles: Collection[Role] | None, limit: int, *, upward: bool
) -> tuple[set[int], bool]:
    """Return the ids of so many candidates, a generation after the other, and whether these are all."""
    near, far = ParentRow.candidate_id, ParentRow.parent_id
    if not upward:
        near, far = far, near
    statement = select(far).where(near.in_(bindparam("ids", expanding=True)))
    if roles is not None:
        statement = statement.where(ParentRow.role.in_(roles))
    reached = generation = {root}
    while generation:
        new: set[int] = set()
        for some in chunks(sorted(generation)):
            new.update(connection.scalars(statement, {"ids": some}))
        new -= reached
        # Of a generation that is too many, those that were made last are told.
        generation = set(islice(sorted(new, reverse=True), limit - len(reached)))
        reached = reached | generation
        if len(generation) < len(new):
            return reached, False
    return reached, True


def _closure(
    connection: Connection,
    root: Candidate,
    roles: Collection[Role] | None,
    limit: int | None,
    *,
    upward: bool,
) -> tuple[dict[int, set[int]], Sequence[_Link], bool]:
    """Return the ids of everything that is reached from a candidate, itself included, by run; the links; and
    whether these are all.

    The links of whole runs are read and followed here; candidates of other runs are looked up when the
    way leads to them. A recursive query would depend on the planner's statistics: a server without any scans
    the table once a generation, and a sequential search has as many generations as candidates.
    """
    statement = _links(roles, upward=upward)
    following: dict[int, list[int]] = {}
    run_of = {root.id: root.run_id}
    reached: dict[int, set[int]] = {}
    links: list[_Link] = []
    open_ends, strangers, count = deque([root.id]), set[int](), 0
    while open_ends or strangers:
        if not open_ends:
            for some in chunks(sorted(strangers)):
                run_of.update((key, owner) for key, owner in connection.execute(_RUN_OF, {"ids": some}))
            # What is not there any more was deleted in the meantime.
            open_ends, strangers = deque(key for key in strangers if key in run_of), set()
            continue
        candidate = open_ends.popleft()
        run = run_of.get(candidate)
        if run is None:
            strangers.add(candidate)
            continue
        if run not in reached:
            reached[run] = set()
            run_of.update(dict.fromkeys(connection.scalars(_IDS, {"run": run}), run))
            new = connection.execute(statement, {"run": run}).all()
            for child, _, parent, _ in new:
                start, end = (child, parent) if upward else (parent, child)
                following.setdefault(start, []).append(end)
            links += new
        if candidate not in reached[run]:
            if count == limit:
                return reached, links, False
            count += 1
            reached[run].add(candidate)
            open_ends += following.get(candidate, ())
    if len(reached) > 1:
        # A child's parents may be in several runs.
        links.sort(key=itemgetter(0, 1))
    return reached, links, True
