"""The ledger: reservations, settlements, a cap that holds under concurrency and after a crash."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from sqlalchemy.event import listen

from nashforge.archive import BudgetExceeded, CallStatus, ModelCall, NotFound
from nashforge.archive.records import Candidate, Run
from nashforge.archive.store import Archive

from .conftest import Maker


def reserve(
    archive: Archive,
    run: Run,
    cost: float,
    cap: float | None = None,
    model: str = "m",
    candidate: Candidate | None = None,
) -> ModelCall:
    request = {"messages": ["hi"]}
    settings = {"provider": "anthropic", "model": model, "request": request, "candidate": candidate}
    return archive.calls.reserve(run, reserved_cost=cost, cap=cap, **settings)


def test_a_call_is_reserved_and_settled_once(archive: Archive, run: Run, make: Maker) -> None:
    candidate = make.candidate(run, 1)
    call = reserve(archive, run, 0.5, candidate=candidate)
    assert (call.status, call.cost, call.reserved_cost) == (CallStatus.RESERVED, None, 0.5)
    settled = archive.calls.settle(
        call,
        CallStatus.OK,
        cost=0.25,
        response={"text": "\x00\ud83d ok"},
        input_tokens=100,
        cached_tokens=60,
        cache_write_tokens=5,
        output_tokens=7,
        latency=1.5,
    )
    assert archive.calls.find(run=run) == [settled]
    assert (settled.cost, settled.candidate_id, settled.output_tokens) == (0.25, candidate.id, 7)
    assert settled.response == {"text": "\x00\ud83d ok"}
    assert archive.calls.settle(call.token, CallStatus.ERROR, cost=9.0) == settled
    assert archive.calls.find(run=run) == archive.calls.find(candidate=candidate) == [settled]
    with pytest.raises(NotFound, match="reserve it first"):
        archive.calls.settle("none", CallStatus.OK, cost=0.0)
    with pytest.raises(NotFound):
        archive.calls.reserve(99, provider="p", model="m", request={}, reserved_cost=0.0)
    for bad in (float("nan"), -1.0):
        with pytest.raises(ValueError, match="finite"):
            reserve(archive, run, bad)
        with pytest.raises(ValueError, match="finite"):
            archive.calls.settle(call, CallStatus.OK, cost=bad)


def test_spending_adds_up_by_model(archive: Archive, run: Run) -> None:
    costs = {"a": [0.1, 0.2], "b": [0.3]}
    for model, each in costs.items():
        for cost in each:
            call = reserve(archive, run, 1.0, model=model)
            archive.calls.settle(call, CallStatus.OK, cost=cost, input_tokens=10, output_tokens=1)
    reserve(archive, run, 0.7, model="b")
    reserve(archive, archive.runs.create("cfr", {}), 5.0)
    spending = archive.calls.spending(run)
    assert list(spending) == ["", "anthropic:a", "anthropic:b"]
    assert spending["anthropic:a"].cost == pytest.approx(0.3)
    assert (spending["anthropic:b"].calls, spending["anthropic:b"].reserved) == (2, pytest.approx(0.7))
    assert spending[""].cost == pytest.approx(0.6)
    assert (spending[""].input_tokens, spending[""].output_tokens, spending[""].calls) == (30, 3, 4)
    nothing = archive.calls.spending(archive.runs.create("cfr", {}))
    assert list(nothing) == [""]
    assert (nothing[""].calls, nothing[""].cost) == (0, 0.0)


def test_the_cap_counts_what_is_under_way(archive: Archive, run: Run) -> None:
    first = reserve(archive, run, 0.6, cap=1.0)
    with pytest.raises(
        BudgetExceeded, match=r"cost \$0.5000 .* of \$1.00 \(\$0.0000 spent, \$0.6000 set .*--budget-usd"
    ):
        reserve(archive, run, 0.5, cap=1.0)
    archive.calls.settle(first, CallStatus.OK, cost=0.1)
    reserve(archive, run, 0.5, cap=1.0)


def test_a_crash_cannot_make_a_call_free(archive: Archive, run: Run) -> None:
    lost, settled = reserve(archive, run, 0.6), reserve(archive, run, 0.2)
    archive.calls.settle(settled, CallStatus.OK, cost=0.1)
    assert archive.calls.write_off(run) == 1
    assert archive.calls.write_off(run) == 0
    assert archive.calls.spending(run)[""].cost == pytest.approx(0.7)
    with pytest.raises(BudgetExceeded):
        reserve(archive, run, 0.4, cap=1.0)
    assert archive.calls.settle(lost, CallStatus.OK, cost=0.2).status is CallStatus.OK
    assert archive.calls.spending(run)[""].cost == pytest.approx(0.3)


@pytest.mark.parametrize("seed", range(2))
def test_concurrent_reservations_never_exceed_the_cap(archive: Archive, run: Run, seed: int) -> None:
    def spend(number: int) -> tuple[float, int]:
        rng = np.random.default_rng([seed, number])
        paid, refused = 0.0, 0
        for _ in range(12):
            wanted = float(rng.uniform(0.01, 0.3))
            try:
                call = reserve(archive, run, wanted, cap=2.0)
            except BudgetExceeded:
                refused += 1
                continue
            cost = wanted * float(rng.uniform(0.2, 1.0))
            archive.calls.settle(call, CallStatus.OK, cost=cost)
            paid += cost
        return paid, refused

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(spend, range(4)))
    total = archive.calls.spending(run)[""]
    assert total.cost == pytest.approx(sum(paid for paid, _ in outcomes))
    assert total.cost <= 2.0
    assert total.reserved == 0.0
    assert sum(refused for _, refused in outcomes) > 0


def test_the_sums_of_the_ledger_read_an_index_alone(archive: Archive, run: Run) -> None:
    # The rows hold prompts and answers: reading them would make every call of a long run slower.
    if archive.database.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL chooses by what its statistics say")
    ran: list[tuple[str, object]] = []
    listen(
        archive.database.engine,
        "before_cursor_execute",
        lambda _connection, _cursor, text, values, *_rest: ran.append((text, values)),
    )
    archive.calls.reserve(
        run, provider="p", model="m", request={}, reserved_cost=0.1, cap=1.0, token_cap=10, input_tokens=1
    )
    sums = [(text, values) for text, values in ran if text.startswith("SELECT") and "sum(" in text]
    assert len(sums) == 2
    with archive.database.engine.connect() as connection:
        for text, values in sums:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values).all()
            assert "USING COVERING INDEX ix_model_calls_ledger" in str(plan)
