"""Lineages: the ancestors and descendants of a program."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, or_, select

from nashforge.archive.errors import NotFound
from nashforge.archive.records import FAILED, Candidate, Program, Role
from nashforge.archive.storage.database import Store
from nashforge.archive.storage.models import CandidateRow, ParentRow
from nashforge.archive.storage.rows import RunRef, candidate_select, chunks, run_id
from nashforge.archive.stores.candidates import CandidateStore
from nashforge.archive.stores.programs import ProgramStore
from nashforge.archive.stores.views import Edge, Lineage, Relative

_Link: TypeAlias = Row[int, int, int, Role]
"""Child, position, parent, role."""

_MANY = 1000
_RELATIVES = candidate_select(Relative)
_OF_RUN = _RELATIVES.where(CandidateRow.run_id == bindparam("run"))
_AMONG = _RELATIVES.where(CandidateRow.id.in_(bindparam("ids", expanding=True)))
_IDS = select(CandidateRow.id).where(CandidateRow.run_id == bindparam("run"))
_RUN_OF = select(CandidateRow.id, CandidateRow.run_id).where(
    CandidateRow.id.in_(bindparam("ids", expanding=True))
)


class LineageStore(Store):
    """Ancestry: where a candidate comes from, and what became of it."""

    def ancestors(
        self,
        of: Candidate | Program | int | str,
        *,
        run: RunRef | None = None,
        roles: Collection[Role] | None = None,
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
        """
        return self._related(of, run, roles, upward=True)

    def descendants(
        self,
        of: Candidate | Program | int | str,
        *,
        run: RunRef | None = None,
        roles: Collection[Role] | None = None,
    ) -> Lineage:
        """Return a candidate with everything made from it, directly or not; parameters as in `ancestors`."""
        return self._related(of, run, roles, upward=False)

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
        *,
        upward: bool,
    ) -> Lineage:
        with self._database.reading() as connection:
            root = self._root(of, run)
            reached, links = _closure(connection, root, roles, upward=upward)
            found: list[Relative] = []
            for owner, ids in reached.items():
                if len(ids) > _MANY:
                    found += (row for row in _relatives(connection, _OF_RUN, run=owner) if row.id in ids)
                else:
                    for some in chunks(sorted(ids)):
                        found += _relatives(connection, _AMONG, ids=some)
        return Lineage(root, *_in_order(found, links))

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
        shown: ColumnElement[bool] = CandidateRow.train.is_not(None)
        if failed:
            shown = or_(shown, CandidateRow.status.in_(FAILED))
        number = run_id(run)
        with self._database.reading() as connection:
            found = _relatives(connection, _OF_RUN.where(shown), run=number)
            links = connection.execute(_links(roles, upward=True).where(shown), {"run": number}).all()
        return _in_order(found, links)


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


def _links(roles: Collection[Role] | None, *, upward: bool) -> Select[int, int, int, Role]:
    """Select the links that begin in a run, by child and position."""
    near = ParentRow.candidate_id if upward else ParentRow.parent_id
    links = (
        select(ParentRow.candidate_id, ParentRow.position, ParentRow.parent_id, ParentRow.role)
        .join(CandidateRow, CandidateRow.id == near)
        .where(CandidateRow.run_id == bindparam("run"))
        .order_by(ParentRow.candidate_id, ParentRow.position)
    )
    return links if roles is None else links.where(ParentRow.role.in_(roles))


def _closure(
    connection: Connection, root: Candidate, roles: Collection[Role] | None, *, upward: bool
) -> tuple[dict[int, set[int]], Sequence[_Link]]:
    """Return the ids of everything that is reached from a candidate, itself included, by run; and the links.

    The links of whole runs are read and followed here; candidates of other runs are looked up when the
    way leads to them. A recursive query would depend on the planner's statistics: a server without any scans
    the table once a generation, and a sequential search has as many generations as candidates.
    """
    statement = _links(roles, upward=upward)
    following: dict[int, list[int]] = {}
    run_of = {root.id: root.run_id}
    reached: dict[int, set[int]] = {}
    links: list[_Link] = []
    open_ends, strangers = [root.id], set[int]()
    while open_ends or strangers:
        if not open_ends:
            for some in chunks(sorted(strangers)):
                run_of.update((key, owner) for key, owner in connection.execute(_RUN_OF, {"ids": some}))
            # What is not there any more was deleted in the meantime.
            open_ends, strangers = [key for key in strangers if key in run_of], set()
            continue
        candidate = open_ends.pop()
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
            reached[run].add(candidate)
            open_ends += following.get(candidate, ())
    if len(reached) > 1:
        # A child's parents may be in several runs.
        links.sort(key=itemgetter(0, 1))
    return reached, links
