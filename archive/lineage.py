"""Where a program comes from, and what became of it."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select

from archive.candidates import CandidateStore
from archive.errors import NotFound
from archive.models import CandidateRow, ParentRow
from archive.programs import ProgramStore
from archive.records import Candidate, Edge, Lineage, Program, Role
from archive.rows import RunRef, candidate_select, read_candidates


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
        start, end = (
            (ParentRow.candidate_id, ParentRow.parent_id)
            if upward
            else (ParentRow.parent_id, ParentRow.candidate_id)
        )
        followed = [] if roles is None else [ParentRow.role.in_(roles)]
        with self._read() as connection:
            root = self._root(of, run)
            # UNION, not UNION ALL: each candidate once, however many paths lead to it.
            reached = select(CandidateRow.id.label("id")).where(CandidateRow.id == root.id)
            closure = reached.cte("closure", recursive=True)
            closure = closure.union(select(end).where(start == closure.c.id, *followed))
            # Joining is faster than listing thousands of ids, and read_candidates knows the parents already.
            reach = candidate_select().join(closure, closure.c.id == CandidateRow.id)
            found = read_candidates(connection, reach.order_by(CandidateRow.run_id, CandidateRow.index))
        by_id = {candidate.id: candidate for candidate in found}
        edges = tuple(
            Edge(child.id, parent, role)
            for child in found
            for parent, role in child.parents
            if parent in by_id and (roles is None or role in roles)
        )
        return Lineage(root, by_id, edges)
