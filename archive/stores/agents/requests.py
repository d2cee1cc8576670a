"""Requests to agents: claimed under a lease by a token, and answered at most once.

An attempt to have a candidate written is a row with a token of its own. It is claimed by a compare-and-set,
answered by its token while it is still the claimer's, and replaced by another attempt when its holder gives
it up or its lease ends, by the database's clock. What is told after that is taken only if nobody else has
claimed the attempt in its place. So no two agents hold one token, and no candidate has two answers.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from nashforge.archive.agents import AgentRequest, Awaited, RequestState
from nashforge.archive.errors import NotFound
from nashforge.archive.hashing import clean_text
from nashforge.archive.records import new_token
from nashforge.archive.storage.database import Store
from nashforge.archive.storage.models import AgentRequestRow, RunRow
from nashforge.archive.storage.rows import (
    CandidateRef,
    RunRef,
    as_stored,
    candidate_id,
    chunks,
    columns,
    run_id,
)
from nashforge.archive.storage.types import db_now, present

REQUEST = columns(AgentRequestRow, AgentRequest)
_LIVE = (RequestState.WAITING, RequestState.CLAIMED, RequestState.TOLD, RequestState.PASSED)
"""States of the attempt that counts; those that were replaced are history."""


class RequestStore(Store):
    """Operations on requests to agents."""

    def open(
        self, run: RunRef, candidate: CandidateRef, *, index: int, kind: str, payload: Mapping[str, Any]
    ) -> AgentRequest:
        """Ask agents for the program of a candidate, unless they are asked for it already.

        Returns
        -------
        AgentRequest
            The one that was opened, or the one that there is.
        """
        with self._database.transaction() as connection:
            known = self._live(connection, candidate_id(candidate))
            if known is not None:
                return known
            values = {
                "token": new_token(),
                "run_id": run_id(run),
                "candidate_id": candidate_id(candidate),
                "index": index,
                "kind": kind,
                "state": RequestState.WAITING,
                "payload": as_stored("the request", dict(payload)),
            }
            row = connection.execute(insert(AgentRequestRow).values(**values).returning(*REQUEST)).one()
            return AgentRequest(*row)

    @staticmethod
    def _live(connection: Connection, candidate: int) -> AgentRequest | None:
        row = connection.execute(
            select(*REQUEST)
            .where(AgentRequestRow.candidate_id == candidate, AgentRequestRow.state.in_(_LIVE))
            .order_by(AgentRequestRow.attempt.desc())
            .limit(1)
        ).one_or_none()
        return None if row is None else AgentRequest(*row)

    def claim(
        self,
        run: RunRef,
        *,
        author: str,
        client: str,
        seconds: float,
        count: int = 1,
        candidate: CandidateRef | None = None,
    ) -> list[AgentRequest]:
        """Claim requests that wait, the oldest first, for so many seconds.

        Parameters
        ----------
        author, client
            Who claims them, and with which program.
        candidate
            Claim only the request for this candidate.

        Returns
        -------
        list of AgentRequest
            At most ``count``; none if nothing waits, or the run is paused.
        """
        wanted = [AgentRequestRow.run_id == run_id(run), AgentRequestRow.state == RequestState.WAITING]
        if candidate is not None:
            wanted.append(AgentRequestRow.candidate_id == candidate_id(candidate))
        with self._database.transaction() as connection:
            waiting = connection.scalars(
                select(AgentRequestRow.id)
                .join(RunRow, RunRow.id == AgentRequestRow.run_id)
                .where(*wanted, RunRow.pause_requested.is_(None))
                .order_by(AgentRequestRow.index)
                .limit(count)
                .with_for_update(of=AgentRequestRow, skip_locked=True)
            ).all()
            if not waiting:
                return []
            now = present(connection)
            rows = connection.execute(
                update(AgentRequestRow)
                .where(AgentRequestRow.id.in_(waiting), AgentRequestRow.state == RequestState.WAITING)
                .values(
                    state=RequestState.CLAIMED,
                    author=clean_text(author),
                    client=clean_text(client),
                    claimed=now,
                    expires=now + timedelta(seconds=seconds),
                )
                .returning(*REQUEST)
            ).all()
        return sorted((AgentRequest(*row) for row in rows), key=lambda request: request.index)

    def get(self, token: str) -> AgentRequest:
        """Return the attempt of a token.

        Raises
        ------
        NotFound
            If there is none.
        """
        with self._database.reading() as connection:
            row = connection.execute(
                select(*REQUEST).where(AgentRequestRow.token == token, AgentRequestRow.claimed.is_not(None))
            ).one_or_none()
        if row is None:
            raise NotFound(f"no request has the token {token[:80]!r}; get one with `nashforge ask RUN`")
        return AgentRequest(*row)

    def tell(self, token: str, answer: Mapping[str, Any]) -> bool:
        """Answer a request; return whether this call did.

        It did not if the request was answered before, or given up, or another agent has it by now.
        """
        values = {
            "state": RequestState.TOLD,
            "answer": as_stored("the answer", dict(answer)),
            "finished": db_now(),
        }
        own = update(AgentRequestRow).where(AgentRequestRow.token == token)
        with self._database.transaction() as connection:
            if connection.execute(
                own.where(AgentRequestRow.state == RequestState.CLAIMED).values(**values)
            ).rowcount:
                return True
            late = connection.execute(
                select(AgentRequestRow.candidate_id, AgentRequestRow.attempt)
                .where(AgentRequestRow.token == token, AgentRequestRow.state == RequestState.EXPIRED)
                .with_for_update()
            ).one_or_none()
            if late is None:
                return False
            # What came late is taken nevertheless where nobody has begun anew.
            instead = update(AgentRequestRow).where(
                AgentRequestRow.candidate_id == late.candidate_id,
                AgentRequestRow.attempt == late.attempt + 1,
                AgentRequestRow.state == RequestState.WAITING,
            )
            withdrawn = instead.values(
                state=RequestState.EXPIRED, reason="the attempt before was told after all", finished=db_now()
            )
            if not connection.execute(withdrawn).rowcount:
                return False
            return bool(connection.execute(own.values(**values)).rowcount)

    def refuse(self, token: str, reason: str) -> AgentRequest:
        """Note that an answer could not be taken; the token goes on to be held, and another may follow.

        Raises
        ------
        NotFound
            If there is no such token.
        """
        with self._database.transaction() as connection:
            connection.execute(
                update(AgentRequestRow)
                .where(AgentRequestRow.token == token)
                .values(refused=AgentRequestRow.refused + 1, reason=clean_text(reason))
            )
            return self.get(token)

    def reserve_seconds(self, token: str, budget: float, most: float = math.inf) -> float:
        """Set aside what is left of a budget of processor time, for measurements by a token that is held.

        Parameters
        ----------
        most
            How many seconds are wanted.

        Returns
        -------
        float
            The seconds that are set aside; 0 if none are left, or other measurements have them now.
        """
        held = (AgentRequestRow.token == token, AgentRequestRow.state == RequestState.CLAIMED)
        with self._database.transaction() as connection:
            taken = connection.scalar(select(AgentRequestRow.measured).where(*held).with_for_update())
            if taken is None or taken >= budget:
                return 0.0
            granted = min(float(budget - taken), max(most, 0.0))
            connection.execute(update(AgentRequestRow).where(*held).values(measured=taken + granted))
            return granted

    def return_seconds(self, token: str, unused: float) -> None:
        """Give back what measurements did not need of the seconds that were set aside."""
        with self._database.transaction() as connection:
            connection.execute(
                update(AgentRequestRow)
                .where(AgentRequestRow.token == token)
                .values(measured=AgentRequestRow.measured - unused)
            )

    def take_back(self, token: str) -> None:
        """Undo a claim of which nobody has heard: the request waits as before, by another token."""
        with self._database.transaction() as connection:
            connection.execute(
                update(AgentRequestRow)
                .where(AgentRequestRow.token == token, AgentRequestRow.state == RequestState.CLAIMED)
                .values(
                    state=RequestState.WAITING,
                    token=new_token(),
                    author=None,
                    client=None,
                    claimed=None,
                    expires=None,
                )
            )

    def give_up(self, token: str, reason: str) -> bool:
        """Give a request back to whoever asks next; return whether it was the token holder's own."""
        with self._database.transaction() as connection:
            return bool(
                self._replace(connection, [AgentRequestRow.token == token], RequestState.GIVEN_UP, reason)
            )

    def sweep(self, run: RunRef) -> int:
        """Take back the requests of a run whose lease has ended; return how many.

        Any process may do so at any time, several at once.
        """
        mine = (AgentRequestRow.run_id == run_id(run), AgentRequestRow.state == RequestState.CLAIMED)
        with self._database.reading() as connection:
            now = present(connection)
            late = connection.scalar(select(func.count()).where(*mine, AgentRequestRow.expires < now))
        if not late:
            return 0
        with self._database.transaction() as connection:
            where = [AgentRequestRow.run_id == run_id(run), AgentRequestRow.expires < present(connection)]
            return self._replace(connection, where, RequestState.EXPIRED, "its lease ended")

    @staticmethod
    def _replace(connection: Connection, where: list[Any], state: RequestState, reason: str) -> int:
        """Close claimed attempts, and open another in the place of each."""
        rows = connection.execute(
            update(AgentRequestRow)
            .where(*where, AgentRequestRow.state == RequestState.CLAIMED)
            .values(state=state, reason=clean_text(reason), finished=db_now())
            .returning(*REQUEST)
        ).all()
        copied = ("run_id", "candidate_id", "index", "kind", "payload", "opened", "measured")
        for closed in (AgentRequest(*row) for row in rows):
            connection.execute(
                insert(AgentRequestRow).values(
                    **{name: getattr(closed, name) for name in copied},
                    token=new_token(),
                    attempt=closed.attempt + 1,
                    state=RequestState.WAITING,
                )
            )
        return len(rows)

    def overdue(self, run: RunRef, seconds: float) -> list[AgentRequest]:
        """Return the requests of a run that wait, and were opened more than so many seconds ago."""
        with self._database.reading() as connection:
            cutoff = present(connection) - timedelta(seconds=seconds)
            rows = connection.execute(
                select(*REQUEST)
                .where(
                    AgentRequestRow.run_id == run_id(run),
                    AgentRequestRow.state == RequestState.WAITING,
                    AgentRequestRow.opened < cutoff,
                )
                .order_by(AgentRequestRow.index)
            ).all()
        return [AgentRequest(*row) for row in rows]

    def pass_by(self, request: AgentRequest, reason: str) -> AgentRequest | None:
        """Take a waiting request away from agents; None if one has claimed it meanwhile."""
        with self._database.transaction() as connection:
            done = connection.execute(
                update(AgentRequestRow)
                .where(AgentRequestRow.id == request.id, AgentRequestRow.state == RequestState.WAITING)
                .values(state=RequestState.PASSED, reason=clean_text(reason), finished=db_now())
            ).rowcount
        return replace(request, state=RequestState.PASSED, reason=reason) if done else None

    def told(self, candidates: Collection[int]) -> list[AgentRequest]:
        """Return the answered requests for some candidates, by index."""
        found = []
        with self._database.reading() as connection:
            for some in chunks(sorted(candidates)):
                rows = connection.execute(
                    select(*REQUEST).where(
                        AgentRequestRow.candidate_id.in_(some), AgentRequestRow.state == RequestState.TOLD
                    )
                )
                found += [AgentRequest(*row) for row in rows]
        return sorted(found, key=lambda request: request.index)

    def counts(self, run: RunRef) -> dict[RequestState, int]:
        """Return the number of a run's requests by state (only those that occur)."""
        grouped = (
            select(AgentRequestRow.state, func.count())
            .where(AgentRequestRow.run_id == run_id(run))
            .group_by(AgentRequestRow.state)
        )
        with self._database.reading() as connection:
            return {row[0]: row[1] for row in connection.execute(grouped)}

    def awaited(self, run: RunRef) -> Awaited | None:
        """Return what a run wants of agents; None if it wants nothing now."""
        counts = self.counts(run)
        open_, held = counts.get(RequestState.WAITING, 0), counts.get(RequestState.CLAIMED, 0)
        if not open_ + held:
            return None
        last = select(func.max(AgentRequestRow.claimed)).where(AgentRequestRow.run_id == run_id(run))
        with self._database.reading() as connection:
            return Awaited(open_, held, connection.scalar(last))

    def of(self, run: RunRef, *, state: RequestState | None = None) -> list[AgentRequest]:
        """Return a run's requests by index and attempt, of any state or of one."""
        statement = select(*REQUEST).where(AgentRequestRow.run_id == run_id(run))
        if state is not None:
            statement = statement.where(AgentRequestRow.state == state)
        with self._database.reading() as connection:
            rows = connection.execute(
                statement.order_by(AgentRequestRow.index, AgentRequestRow.attempt)
            ).all()
        return [AgentRequest(*row) for row in rows]
