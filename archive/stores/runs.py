"""Runs: their creation, their state, who works on them, and small values they remember."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, delete, func, insert, or_, select, update

from nashforge.archive.errors import Conflict, NicknameTaken, NotFound, RunBusy
from nashforge.archive.hashing import clean_text
from nashforge.archive.nicknames import LANDSCAPES, candidates, check_nickname
from nashforge.archive.records import Run, RunState
from nashforge.archive.storage.database import Store
from nashforge.archive.storage.models import CandidateRow, RunRow, RunStateRow, StudyRow
from nashforge.archive.storage.rows import (
    RUN,
    RunRef,
    check_json,
    is_taken,
    nicknames,
    one_match,
    run_id,
)
from nashforge.archive.storage.types import db_now, present

# Statements on the path of every candidate are built once: building one costs more than running it.
_STOP_REQUESTED = select(RunRow.stop_requested).where(RunRow.id == bindparam("run"))
_SET_STATE = (
    update(RunStateRow)
    .where(RunStateRow.run_id == bindparam("run"), RunStateRow.key == bindparam("name"))
    .values(updated=db_now())
)
_INSERT_STATE = insert(RunStateRow)
_HEARTBEAT = (
    update(RunRow)
    .where(
        RunRow.id == bindparam("run"),
        RunRow.owner == bindparam("holder"),
        RunRow.state == RunState.RUNNING,
    )
    .values(heartbeat=db_now())
)

_ENDED = (RunState.STOPPED, RunState.FINISHED, RunState.FAILED)


class RunStore(Store):
    """Runs: their state, who works on them, and the values they remember."""

    def create(
        self,
        domain: str,
        config: Mapping[str, Any],
        *,
        seed: int | None = None,
        nickname: str | None = None,
        versions: Mapping[str, Any] | None = None,
        host: Mapping[str, Any] | None = None,
        uid: str | None = None,
    ) -> Run:
        """Store a new run, in the state ``created``.

        Parameters
        ----------
        domain
            Name of the domain.
        config
            The complete configuration, as plain JSON values.
        seed
            The run's seed, below 2**63.
        nickname
            A name to give it; without, two words that no other run has.
        versions, host
            Package versions and facts about the machine.
        uid
            Identity across databases; without, a random one.

        Raises
        ------
        NicknameTaken
            If another run has that name.
        ValueError
            If the name is not allowed or the configuration is not JSON.
        """
        if seed is not None and not 0 <= seed < 2**63:
            raise ValueError(f"the seed {seed} is outside 0 ... 2**63 - 1; choose a smaller one")
        if nickname is not None:
            check_nickname(nickname)
        values = {
            "uid": uid or uuid.uuid4().hex,
            "domain": domain,
            "config": check_json("the run's configuration", dict(config)),
            "seed": seed,
            "state": RunState.CREATED,
            "versions": check_json("the package versions", dict(versions or {})),
            "host": check_json("the host information", dict(host or {})),
        }
        with self._database.transaction() as connection:
            if nickname is not None and _is_taken(connection, nickname):
                raise NicknameTaken(
                    f"another run or study is called {nickname!r}; choose another name, or continue that one "
                    f"with `nashforge resume {nickname}`"
                )
            names = [nickname] if nickname is not None else candidates(str(values["uid"]), LANDSCAPES)
            chosen = next(name for name in names if nickname or not _is_taken(connection, name))
            row = connection.execute(insert(RunRow).values(**values, nickname=chosen).returning(*RUN)).one()
            return Run(*row)

    def get(self, reference: RunRef | str) -> Run:
        """Return a run by number, nickname, uid, or an unambiguous prefix of nickname or uid.

        Raises
        ------
        NotFound, AmbiguousReference
            If not exactly one run fits.
        """
        with self._database.reading() as connection:
            row = connection.execute(
                select(*RUN).where(RunRow.id == self._find_run(connection, reference))
            ).one_or_none()
        if row is None:
            raise NotFound(f"there is no run number {reference}; see `nashforge runs`")
        return Run(*row)

    def _find_run(self, connection: Connection, reference: RunRef | str) -> int:
        if not isinstance(reference, str):
            return run_id(reference)
        name = reference.strip().lower()
        exact = connection.scalar(
            select(RunRow.id).where(or_(func.lower(RunRow.nickname) == name, RunRow.uid == name))
        )
        if exact is not None:
            return exact
        if name.isascii() and name.isdigit() and len(name) < 10:
            numbered = connection.scalar(select(RunRow.id).where(RunRow.id == int(name)))
            if numbered is not None:
                return numbered
        fits: ColumnElement[bool] = func.lower(RunRow.nickname).startswith(name, autoescape=True)
        if len(name) >= 4:
            # Shorter, it is more likely a mistyped number.
            fits = or_(fits, RunRow.uid.startswith(name, autoescape=True))
        found = connection.execute(
            select(RunRow.id, RunRow.nickname).where(fits).order_by(RunRow.id.desc()).limit(11)
        )
        names = [(row[0], row[1]) for row in found] if name else []
        return int(
            one_match("run", reference, names, "nashforge runs", lambda: nicknames(connection, RunRow))
        )

    def claim(
        self, run: RunRef, owner: str, *, stale_after: float = 60.0, instead_of: str | None = None
    ) -> Run:
        """Make a process the one that works on a run, and set the run's state to ``running``.

        A request to stop or to pause from before is cleared. The claim lasts while `heartbeat` is called
        more often than ``stale_after`` seconds and until the state is set to anything but ``running``.

        Parameters
        ----------
        stale_after
            An owner that was not heard of for so many seconds is taken for dead; so is one that was last
            heard of in so distant a future, as the database's clock was set back since.
        instead_of
            The owner that was found dead: the run is taken from that one at once, and from no other. Of
            several processes that found it dead at the same time, one gets the run.

        Raises
        ------
        RunBusy
            If another owner's heartbeat is fresh.
        """
        with self._database.transaction() as connection:
            now = present(connection)
            free = or_(
                RunRow.state != RunState.RUNNING,
                RunRow.owner.is_(None),
                RunRow.owner == owner,
                RunRow.heartbeat.is_(None),
                RunRow.heartbeat <= now - timedelta(seconds=stale_after),
                RunRow.heartbeat > now + timedelta(seconds=stale_after),
                *([] if instead_of is None else [RunRow.owner == instead_of]),
            )
            changed = connection.execute(
                update(RunRow)
                .where(RunRow.id == run_id(run), free)
                .values(
                    state=RunState.RUNNING,
                    stop_reason=None,
                    started=func.coalesce(RunRow.started, now),
                    finished=None,
                    owner=owner,
                    heartbeat=now,
                    stop_requested=None,
                    pause_requested=None,
                )
            ).rowcount
            current = self.get(run)
            if not changed:
                raise RunBusy.of(current.nickname, current.worked_on_by, stale_after)
            return current

    def heartbeat(self, run: RunRef, owner: str) -> bool:
        """Say that the owner is alive; return whether the run is still its own."""
        with self._database.transaction() as connection:
            return connection.execute(_HEARTBEAT, {"run": run_id(run), "holder": owner}).rowcount == 1

    def set_state(
        self, run: RunRef, state: RunState, reason: str | None = None, *, owner: str | None = None
    ) -> Run:
        """Set where a run stands, and why. Any state but ``running`` gives the claim on it up.

        With an ``owner``, nothing is changed unless the run is its own: it may have been taken over.
        """
        ended = state in _ENDED
        values: dict[str, Any] = {"state": state, "stop_reason": clean_text(reason)}
        values["finished"] = db_now() if ended else None
        if state is RunState.RUNNING:
            values["started"] = func.coalesce(RunRow.started, db_now())
        else:
            values |= {"owner": None, "heartbeat": None}
        mine = [RunRow.id == run_id(run)]
        if owner is not None:
            mine += [RunRow.owner == owner, RunRow.state == RunState.RUNNING]
        with self._database.transaction() as connection:
            connection.execute(update(RunRow).where(*mine).values(**values))
            return self.get(run)

    def request_stop(self, run: RunRef) -> None:
        """Ask whoever works on a run to stop; they see it through `stop_requested`."""
        with self._database.transaction() as connection:
            connection.execute(update(RunRow).where(RunRow.id == run_id(run)).values(stop_requested=db_now()))

    def stop_requested(self, run: RunRef) -> bool:
        """Return whether somebody asked the run to stop since it was last claimed."""
        with self._database.reading() as connection:
            return connection.scalar(_STOP_REQUESTED, {"run": run_id(run)}) is not None

    def request_pause(self, run: RunRef, *, paused: bool = True) -> None:
        """Pause a run, or let it go on: workers claim nothing of it, and its owner asks for no candidates."""
        value = db_now() if paused else None
        with self._database.transaction() as connection:
            mine = update(RunRow).where(RunRow.id == run_id(run))
            connection.execute(mine.values(pause_requested=value))

    def pause_requested(self, run: RunRef) -> bool:
        """Return whether a run is to pause."""
        with self._database.reading() as connection:
            held = select(RunRow.pause_requested).where(RunRow.id == run_id(run))
            return connection.scalar(held) is not None

    def rename(self, run: RunRef, nickname: str) -> Run:
        """Give a run another name."""
        check_nickname(nickname)
        with self._database.transaction() as connection:
            taken = select(RunRow.id).where(func.lower(RunRow.nickname) == nickname.lower())
            other = connection.scalar(taken.where(RunRow.id != run_id(run)))
            if other is not None or is_taken(connection, StudyRow, nickname):
                raise NicknameTaken(f"another run or study is called {nickname!r}; choose another name")
            connection.execute(update(RunRow).where(RunRow.id == run_id(run)).values(nickname=nickname))
            return self.get(run)

    def newest(self, limit: int | None = None) -> list[Run]:
        """Return runs, newest first."""
        statement = select(*RUN).order_by(RunRow.id.desc()).limit(limit)
        with self._database.reading() as connection:
            return [Run(*row) for row in connection.execute(statement)]

    def proposers(self, run: RunRef) -> set[str]:
        """Return who proposed candidates of a run."""
        of_run = CandidateRow.run_id == run_id(run)
        with self._database.reading() as connection:
            return set(connection.scalars(select(CandidateRow.proposer).where(of_run).distinct()))

    def set_value(self, run: RunRef, key: str, value: Any) -> None:
        """Remember a JSON value for a run (random state, bandit state), replacing the one before."""
        with self._database.transaction() as connection:
            set_values(connection, run_id(run), {key: value})

    def get_value(self, run: RunRef, key: str, default: Any = None) -> Any:
        """Return what `set_value` stored last, or ``default``."""
        with self._database.reading() as connection:
            row = connection.execute(
                select(RunStateRow.value).where(RunStateRow.run_id == run_id(run), RunStateRow.key == key)
            ).one_or_none()
        return default if row is None else row[0]

    def delete(self, run: RunRef) -> None:
        """Delete a run with its candidates, evaluations, scores and model calls. Programs stay.

        Raises
        ------
        Conflict
            If the run is being worked on.
        """
        with self._database.transaction() as connection:
            current = self.get(run)
            if current.state is RunState.RUNNING:
                raise Conflict(
                    f"the run {current.nickname} is running; stop it first with "
                    f"`nashforge stop {current.nickname}`"
                )
            connection.execute(delete(RunRow).where(RunRow.id == current.id))


def _is_taken(connection: Connection, nickname: str) -> bool:
    return is_taken(connection, RunRow, nickname) or is_taken(connection, StudyRow, nickname)


def set_values(connection: Connection, run: int, values: Mapping[str, Any]) -> None:
    """Remember JSON values for a run, within a transaction."""
    for key, value in values.items():
        check_json(f"the state {key!r} of the run", value)
        changed = connection.execute(_SET_STATE, {"run": run, "name": key, "value": value}).rowcount
        if not changed:
            connection.execute(_INSERT_STATE, {"run_id": run, "key": key, "value": value})
