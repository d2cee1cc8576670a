"""Where a program comes from, and what became of it."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.orm import aliased

from archive.candidates import CandidateStore
from archive.errors import NotFound
from archive.models import CandidateRow, ParentRow
from archive.programs import ProgramStore
from archive.records import Candidate, Program, Role
from archive.rows import RunRef, candidate_select, chunks, read_candidates
from archive.views import Edge, Lineage

_MANY = 1000
_OF_RUN = candidate_select().where(CandidateRow.run_id == bindparam("run"))
_AMONG = candidate_select().where(CandidateRow.id.in_(bindparam("ids", expanding=True)))


class LineageStore(CandidateStore, ProgramStore):
    """Questions about ancestry."""

    def lineage(
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
        """Return a candidate with everything made from it, directly or not; parameters as in `lineage`."""
        return self._related(of, run, roles, upward=False)

    def _root(self, of: Candidate | Program | int | str, run: RunRef | None) -> Candidate:
        if isinstance(of, Candidate | int):
            return self.get_candidate(of)
        program = self.get_program(of)
        found = self.candidates_with(program, run)
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
        with self._read() as connection:
            root = self._root(of, run)
            reached = _closure(connection, root, roles, upward=upward)
            found: list[Candidate] = []
            for owner, ids in reached.items():
                if len(ids) > _MANY:
                    whole = read_candidates(connection, _OF_RUN, {"run": owner}, run=owner)
                    found += [candidate for candidate in whole if candidate.id in ids]
                else:
                    for some in chunks(sorted(ids)):
                        found += read_candidates(connection, _AMONG, {"ids": some})
        found.sort(key=lambda candidate: (candidate.run_id, candidate.index))
        by_id = {candidate.id: candidate for candidate in found}
        edges = tuple(
            Edge(child.id, parent, role)
            for child in found
            for parent, role in child.parents
            if parent in by_id and (roles is None or role in roles)
        )
        return Lineage(root, by_id, edges)


def _closure(
    connection: Connection, root: Candidate, roles: Collection[Role] | None, *, upward: bool
) -> dict[int, set[int]]:
    """Return the ids of everything that is reached from a candidate, itself included, by run.

    The links of whole runs are read and followed here. A recursive query would depend on the planner's
    statistics: a server without any scans the table once a generation, and a sequential search has as many
    generations as candidates.
    """
    near, far = (
        (ParentRow.candidate_id, ParentRow.parent_id)
        if upward
        else (ParentRow.parent_id, ParentRow.candidate_id)
    )
    here, there = aliased(CandidateRow), aliased(CandidateRow)
    links = (
        select(near, far, there.run_id)
        .join(here, here.id == near)
        .join(there, there.id == far)
        .where(here.run_id == bindparam("run"))
    )
    if roles is not None:
        links = links.where(ParentRow.role.in_(roles))
    following: dict[int, list[tuple[int, int]]] = {}
    reached: dict[int, set[int]] = {}
    open_ends = [(root.id, root.run_id)]
    while open_ends:
        candidate, run = open_ends.pop()
        if run not in reached:
            reached[run] = set()
            for start, end, end_run in connection.execute(links, {"run": run}).all():
                following.setdefault(start, []).append((end, end_run))
        if candidate not in reached[run]:
            reached[run].add(candidate)
            open_ends += following.get(candidate, ())
    return reached
