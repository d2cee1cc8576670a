"""Model calls and the ledger: money is set aside before a call and settled after it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, bindparam, case, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from nashforge.archive.calls import CallStatus, ModelCall
from nashforge.archive.errors import BudgetExceeded, NotFound, TokensExceeded
from nashforge.archive.hashing import clean_text
from nashforge.archive.records import new_token
from nashforge.archive.storage.database import Store
from nashforge.archive.storage.models import ModelCallRow, RunRow
from nashforge.archive.storage.rows import CandidateRef, RunRef, as_stored, candidate_id, columns, run_id
from nashforge.archive.storage.types import db_now
from nashforge.archive.stores.views import Spending

if TYPE_CHECKING:
    from sqlalchemy.orm import InstrumentedAttribute

CALL = columns(ModelCallRow, ModelCall)
_OPEN = ModelCallRow.status == CallStatus.RESERVED
_ALL_TOKENS = (
    ModelCallRow.input_tokens
    + ModelCallRow.cached_tokens
    + ModelCallRow.cache_write_tokens
    + ModelCallRow.output_tokens
)

# Statements on the path of every call are built once: building one costs more than running it.
_MINE = ModelCallRow.run_id == bindparam("run")
_LOCK_RUN = select(RunRow.id).where(RunRow.id == bindparam("run")).with_for_update(key_share=True)
_MONEY = select(
    func.coalesce(func.sum(ModelCallRow.cost), 0.0),
    func.coalesce(func.sum(case((_OPEN, ModelCallRow.reserved_cost), else_=0.0)), 0.0),
).where(_MINE)
_TOKENS = select(
    func.coalesce(func.sum(case((_OPEN, 0), else_=_ALL_TOKENS)), 0),
    func.coalesce(func.sum(case((_OPEN, _ALL_TOKENS), else_=0)), 0),
).where(_MINE)
_NO_RUN = "there is no run number {}; see `nashforge runs`"
_INSERT = insert(ModelCallRow).returning(ModelCallRow.id, ModelCallRow.created)
_BY_TOKEN = select(*CALL).where(ModelCallRow.token == bindparam("key"))
_SETTLE = (
    update(ModelCallRow)
    .where(
        ModelCallRow.token == bindparam("key"),
        ModelCallRow.status.in_((CallStatus.RESERVED, CallStatus.LOST)),
    )
    .values(finished=db_now())
    .returning(ModelCallRow.finished, ModelCallRow.candidate_id)
)


class CallStore(Store):
    """Operations on model calls."""

    def reserve(
        self,
        run: RunRef,
        *,
        provider: str,
        model: str,
        request: Mapping[str, Any],
        reserved_cost: float,
        cap: float | None = None,
        input_tokens: int = 0,
        output_tokens: int = 0,
        token_cap: int | None = None,
        candidate: CandidateRef | None = None,
        token: str | None = None,
    ) -> ModelCall:
        """Set the most that a call can cost aside, and store its request; do this before calling.

        Parameters
        ----------
        request
            What will be sent, as JSON values, without keys or other secrets.
        reserved_cost
            Worst case in US dollars: input plus the limit of output tokens.
        cap
            What the run may spend in all. Reservations of concurrent calls count, so it is never exceeded.
        input_tokens, output_tokens
            The most tokens that the call can take, set aside likewise; they stand in the row until the call
            is settled, and for good if it gets lost.
        token_cap
            What the run may take in all, input and output together.

        Raises
        ------
        BudgetExceeded
            If the reservation would take the run over a cap.
        """
        if not (math.isfinite(reserved_cost) and reserved_cost >= 0):
            raise ValueError(
                f"the reserved cost {reserved_cost} must be a finite amount of dollars, 0 or more"
            )
        owner = run_id(run)
        values: dict[str, Any] = {
            "token": token or new_token(),
            "run_id": owner,
            "candidate_id": None if candidate is None else candidate_id(candidate),
            "provider": provider,
            "model": model,
            "status": CallStatus.RESERVED,
            "request": as_stored("the request", dict(request)),
            "reserved_cost": float(reserved_cost),
            "input_tokens": input_tokens,
            "output_tokens": output_tokens,
        }
        with self._database.transaction() as connection:
            # The lock makes concurrent reservations take turns, so that each sees the others' money; SQLite
            # has one writer anyway.
            if connection.dialect.name != "sqlite" and connection.scalar(_LOCK_RUN, {"run": owner}) is None:
                raise NotFound(_NO_RUN.format(owner))
            if cap is not None:
                spent, reserved = map(float, connection.execute(_MONEY, {"run": owner}).one())
                if spent + reserved + reserved_cost > cap:
                    raise BudgetExceeded(
                        f"a call that may cost ${reserved_cost:.4f} would exceed the budget of ${cap:.2f} "
                        f"(${spent:.4f} spent, ${reserved:.4f} set aside); raise --budget-usd to go on"
                    )
            if token_cap is not None:
                taken, held = map(int, connection.execute(_TOKENS, {"run": owner}).one())
                if taken + held + input_tokens + output_tokens > token_cap:
                    raise TokensExceeded(
                        f"a call that may take {input_tokens + output_tokens} tokens would exceed the budget "
                        f"of {token_cap} ({taken} taken, {held} set aside); raise --max-tokens to go on"
                    )
            try:
                number, created = connection.execute(_INSERT, values).one()
            except IntegrityError as error:
                if connection.scalar(_LOCK_RUN, {"run": owner}) is None:
                    raise NotFound(_NO_RUN.format(owner)) from error
                raise
        return ModelCall(
            **values,
            id=number,
            created=created,
            reason=None,
            cached_tokens=0,
            cache_write_tokens=0,
            cost=None,
            latency=None,
            finished=None,
            response=None,
        )

    def settle(
        self,
        call: ModelCall | str,
        status: CallStatus,
        *,
        cost: float,
        response: Mapping[str, Any] | None = None,
        reason: str | None = None,
        input_tokens: int = 0,
        cached_tokens: int = 0,
        cache_write_tokens: int = 0,
        output_tokens: int = 0,
        latency: float | None = None,
    ) -> ModelCall:
        """Store a call's answer and price, once; the reservation is released.

        Settling a settled call again changes nothing and returns what is stored. A call that was given up as
        lost can still be settled by its late answer.
        """
        if status in (CallStatus.RESERVED, CallStatus.LOST):
            raise ValueError(f"a call cannot be settled as {status}")
        if not (math.isfinite(cost) and cost >= 0):
            raise ValueError(f"the cost {cost} must be a finite amount of dollars, 0 or more")
        token = call.token if isinstance(call, ModelCall) else call
        values: dict[str, Any] = {
            "status": status,
            "cost": float(cost),
            "response": None if response is None else as_stored("the response", dict(response)),
            "reason": clean_text(reason),
            "input_tokens": input_tokens,
            "cached_tokens": cached_tokens,
            "cache_write_tokens": cache_write_tokens,
            "output_tokens": output_tokens,
            "latency": latency,
        }
        with self._database.transaction() as connection:
            settled = connection.execute(_SETTLE, {"key": token, **values}).one_or_none()
            if settled is not None and isinstance(call, ModelCall):
                return replace(call, **values, finished=settled.finished, candidate_id=settled.candidate_id)
            row = connection.execute(_BY_TOKEN, {"key": token}).one_or_none()
            if row is None:
                raise NotFound(f"no model call has the token {token!r}; reserve it first")
            return ModelCall(*row)

    def write_off(self, run: RunRef) -> int:
        """Count calls that were under way when a process died as spent in full; return how many.

        To be called when a run is resumed, before anything is reserved: the provider may have answered, and
        charged for, what nobody is left to settle.
        """
        mine = (ModelCallRow.run_id == run_id(run), _OPEN)
        values = {
            "status": CallStatus.LOST,
            "cost": ModelCallRow.reserved_cost,
            "reason": "the process died during the call",
            "finished": db_now(),
        }
        with self._database.transaction() as connection:
            return connection.execute(update(ModelCallRow).where(*mine).values(**values)).rowcount

    def find(
        self, *, run: RunRef | None = None, candidate: CandidateRef | None = None, limit: int | None = None
    ) -> list[ModelCall]:
        """Return model calls in the order they were made; with a ``limit``, the newest so many."""
        statement = select(*CALL).order_by(ModelCallRow.id.desc()).limit(limit)
        if run is not None:
            statement = statement.where(ModelCallRow.run_id == run_id(run))
        if candidate is not None:
            statement = statement.where(ModelCallRow.candidate_id == candidate_id(candidate))
        with self._database.reading() as connection:
            return [ModelCall(*row) for row in connection.execute(statement)][::-1]

    def counts(self, run: RunRef) -> dict[str, int]:
        """Return the number of a run's calls by status (only those that occur)."""
        grouped = (
            select(ModelCallRow.status, func.count())
            .where(ModelCallRow.run_id == run_id(run))
            .group_by(ModelCallRow.status)
            .order_by(ModelCallRow.status)
        )
        with self._database.reading() as connection:
            return {str(status): count for status, count in connection.execute(grouped)}

    def spending(self, run: RunRef) -> dict[str, Spending]:
        """Return the totals of a run's calls by ``provider:model``; and of all of them under ``""``.

        Tokens of calls under way are not counted; those of lost calls are what was set aside for them.
        """
        sums: list[ColumnElement[Any]] = [
            func.count(),
            func.coalesce(func.sum(ModelCallRow.cost), 0.0),
            func.coalesce(func.sum(case((_OPEN, ModelCallRow.reserved_cost), else_=0.0)), 0.0),
            func.coalesce(func.sum(case((_OPEN, 0), else_=ModelCallRow.input_tokens)), 0),
            func.coalesce(func.sum(ModelCallRow.cached_tokens), 0),
            func.coalesce(func.sum(ModelCallRow.cache_write_tokens), 0),
            func.coalesce(func.sum(case((_OPEN, 0), else_=ModelCallRow.output_tokens)), 0),
        ]
        mine = ModelCallRow.run_id == run_id(run)
        names: list[InstrumentedAttribute[str]] = [ModelCallRow.provider, ModelCallRow.model]
        grouped = select(*names, *sums).where(mine).group_by(*names).order_by(*names)
        with self._database.reading() as connection:
            total = connection.execute(select(*sums).where(mine)).one()
            each = connection.execute(grouped).all()
        listed: list[tuple[str, Sequence[Any]]] = [("", total)]
        listed += [(f"{row[0]}:{row[1]}", row[2:]) for row in each]
        return {
            name: Spending(int(row[0]), float(row[1]), float(row[2]), *(int(item) for item in row[3:]))
            for name, row in listed
        }
