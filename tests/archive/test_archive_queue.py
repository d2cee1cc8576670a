"""The queue of work: claims, heartbeats, lost workers, late answers, fair shares."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import update

from nashforge.archive.records import Run
from nashforge.archive.storage.models import AttemptRow, WorkerRow
from nashforge.archive.store import Archive
from nashforge.archive.stores.notices import Notices
from nashforge.archive.stores.queue import CHANNEL
from nashforge.archive.work import Attempt, AttemptState

from .conftest import Maker

WORK = {"what": "to do", "much": [1.5, None]}


def claimed(archive: Archive, worker: str = "w") -> Attempt:
    attempt = archive.queue.claim("evaluate", worker)
    assert attempt is not None
    return attempt


def test_the_life_of_an_attempt(archive: Archive, run: Run, make: Maker) -> None:
    candidate = make.candidate(run, 1)
    waiting = archive.queue.add("a", "evaluate", WORK, run=run, program=candidate.program)
    assert (waiting.state, waiting.attempt, waiting.candidate_id) == (AttemptState.QUEUED, 1, candidate.id)
    assert archive.queue.waiting("evaluate") == 1
    assert archive.queue.claim("propose", "w") is None
    mine = claimed(archive, "worker-1")
    assert (mine.state, mine.worker, mine.payload) == (AttemptState.RUNNING, "worker-1", WORK)
    assert mine.heartbeat is not None
    assert mine.started is not None
    assert archive.queue.claim("evaluate", "worker-2") is None
    assert archive.queue.heartbeat([mine.token, "another"]) == {mine.token}
    assert archive.queue.answers(["a"]) == {}
    assert archive.queue.answer(mine.token, {"fitness": 1.0})
    assert archive.queue.answer(mine.token, {"fitness": 1.0}), "repeating an answer does no harm"
    done = archive.queue.answers(["a", "b"])["a"]
    assert (done.state, done.result, done.payload) == (AttemptState.DONE, {"fitness": 1.0}, None)
    assert archive.queue.heartbeat([mine.token]) == set()
    archive.queue.forget(["a"])
    (kept,) = archive.queue.attempts(run=run)
    assert (kept.state, kept.result, kept.worker) == (AttemptState.DONE, None, "worker-1")


def test_the_same_work_is_queued_once(archive: Archive, run: Run) -> None:
    first = archive.queue.add("a", "evaluate", WORK, run=run)
    assert archive.queue.add("a", "evaluate", WORK, run=run) == first
    mine = claimed(archive)
    assert archive.queue.add("a", "evaluate", WORK, run=run) == mine
    archive.queue.answer(mine.token, {"answer": 1})
    assert archive.queue.add("a", "evaluate", WORK, run=run).result == {"answer": 1}
    archive.queue.forget(["a"])
    again = archive.queue.add("a", "evaluate", WORK, run=run)
    assert again.state is AttemptState.QUEUED
    assert archive.queue.answers(["a"]) == {}, "the answer of before is not taken for that of now"


def test_a_lost_attempt_is_repeated_and_its_late_answer_refused(archive: Archive, run: Run) -> None:
    archive.queue.add("a", "evaluate", WORK, run=run)
    first = claimed(archive, "dies")
    assert archive.queue.sweep(3600.0, max_attempts=3) == []
    time.sleep(0.02)
    (second,) = archive.queue.sweep(0.0, max_attempts=3)
    assert (second.attempt, second.state, second.payload) == (2, AttemptState.QUEUED, WORK)
    assert second.token != first.token
    assert archive.queue.sweep(0.0, max_attempts=3) == []
    assert not archive.queue.answer(first.token, {"late": True})
    assert not archive.queue.give_up(first.token, "too late", max_attempts=3)
    assert archive.queue.answers(["a"]) == {}
    assert claimed(archive, "lives").token == second.token
    assert archive.queue.answer(second.token, {"late": False})
    assert archive.queue.answers(["a"])["a"].result == {"late": False}
    assert [(a.state, a.worker) for a in archive.queue.attempts(key="a")] == [
        (AttemptState.LOST, "dies"),
        (AttemptState.DONE, "lives"),
    ]


def test_attempts_end_and_say_what_happened(archive: Archive, run: Run) -> None:
    archive.queue.add("a", "evaluate", WORK, run=run)
    for attempt in (1, 2, 3):
        mine = claimed(archive, f"worker-{attempt}")
        assert mine.attempt == attempt
        if attempt == 2:
            archive.queue.give_up(mine.token, "its disk was full", max_attempts=3)
        else:
            time.sleep(0.02)
            archive.queue.sweep(0.0, max_attempts=3)
    failed = archive.queue.answers(["a"])["a"]
    assert failed.state is AttemptState.FAILED
    assert failed.reason == (
        "3 attempts were lost (worker-1: no sign of life for 0 s; worker-2: its disk was full; "
        "worker-3: no sign of life for 0 s)"
    )
    assert archive.queue.claim("evaluate", "w") is None
    assert archive.queue.add("a", "evaluate", WORK, run=run).attempt == 1, (
        "asked for again, it is tried again"
    )


def test_a_worker_that_is_shut_down_costs_no_attempt(archive: Archive, run: Run) -> None:
    archive.queue.add("a", "evaluate", WORK, run=run)
    for _ in range(5):
        assert archive.queue.give_up(claimed(archive).token, "shut down", max_attempts=2, count=False)
    assert claimed(archive).payload == WORK


def test_what_may_have_been_paid_for_is_not_repeated(archive: Archive, run: Run) -> None:
    archive.queue.add("a", "propose", WORK, run=run)
    mine = archive.queue.claim("propose", "w")
    assert mine is not None
    archive.queue.give_up(mine.token, "its machine died", max_attempts=3)
    assert archive.queue.claim("propose", "w") is None
    assert archive.queue.answers(["a"])["a"].state is AttemptState.FAILED
    archive.queue.add("b", "propose", WORK, run=run)
    unsent = archive.queue.claim("propose", "w")
    assert unsent is not None
    archive.queue.give_up(unsent.token, "shut down before it asked", max_attempts=3, count=False)
    assert archive.queue.claim("propose", "w") is not None


def test_a_worker_that_shows_signs_of_life_keeps_its_work(archive: Archive, run: Run) -> None:
    for key in "ab":
        archive.queue.add(key, "evaluate", WORK, run=run)
    alive, silent = claimed(archive, "alive"), claimed(archive, "silent")
    long_ago = datetime.now(UTC) - timedelta(hours=1)
    with archive.database.engine.begin() as connection:
        # Both have been at it for an hour.
        connection.execute(update(AttemptRow).values(started=long_ago, heartbeat=long_ago))
    assert archive.queue.heartbeat([alive.token]) == {alive.token}
    (again,) = archive.queue.sweep(1800.0, max_attempts=3)
    assert again.key == silent.key
    assert archive.queue.answer(alive.token, {"fitness": 1.0})


def test_a_clock_that_was_set_back_keeps_no_work_of_a_dead_worker(archive: Archive, run: Run) -> None:
    archive.queue.add("a", "evaluate", WORK, run=run)
    claimed(archive, "dead")
    archive.workers.register("dead", host="h", pid=7, kinds="evaluate", slots=1, versions={})
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    with archive.database.engine.begin() as connection:
        for table in (AttemptRow, WorkerRow):
            connection.execute(update(table).values(heartbeat=tomorrow))
    assert [again.key for again in archive.queue.sweep(1800.0, max_attempts=3)] == ["a"]
    assert archive.workers.registered(alive_within=1800.0) == []


def test_cancelling_spares_what_is_claimed(archive: Archive, run: Run) -> None:
    for key in "abc":
        archive.queue.add(key, "evaluate", WORK, run=run)
    other = archive.queue.add("d", "evaluate", WORK)
    claimed(archive)
    assert archive.queue.cancel(run) == 2
    states = [attempt.state for attempt in archive.queue.attempts(run=run)]
    assert states == [AttemptState.RUNNING] + [AttemptState.CANCELLED] * 2
    assert claimed(archive).token == other.token
    assert archive.queue.cancel(run) == 0
    assert set(archive.queue.answers("abcd")) == {"b", "c"}


def test_every_attempt_is_claimed_by_exactly_one_worker(archive: Archive, run: Run) -> None:
    tokens = {archive.queue.add(str(n), "evaluate", WORK, run=run).token for n in range(24)}

    def work(name: int) -> list[str]:
        mine = []
        while (attempt := archive.queue.claim("evaluate", f"w{name}")) is not None:
            mine.append(attempt.token)
            assert archive.queue.answer(attempt.token, {})
        return mine

    with ThreadPoolExecutor(4) as pool:
        done = [token for mine in pool.map(work, range(4)) for token in mine]
    assert sorted(done) == sorted(tokens)


def served(archive: Archive, count: int, refill: dict[int, float]) -> list[int | None]:
    """Claim so many attempts one by one, each of which is replaced by another of its run."""
    order = []
    for number in range(count):
        attempt = claimed(archive)
        archive.queue.answer(attempt.token, {})
        order.append(attempt.run_id)
        if attempt.run_id in refill:
            weight = refill[attempt.run_id]
            archive.queue.add(f"more {number}", "evaluate", WORK, run=attempt.run_id, weight=weight)
    return order


@pytest.mark.parametrize("weights", [(1.0, 1.0), (3.0, 1.0)])
def test_runs_share_the_workers_by_weight(archive: Archive, weights: tuple[float, float]) -> None:
    runs = [archive.runs.create("cfr", {}).id for _ in weights]
    refill = dict(zip(runs, weights, strict=True))
    for run, weight in refill.items():
        for number in range(4):
            archive.queue.add(f"{run} {number}", "evaluate", WORK, run=run, weight=weight)
    counts = Counter(served(archive, 32, refill))
    share = [32 * weight / sum(weights) for weight in weights]
    assert [counts[run] for run in runs] == pytest.approx(share, abs=2)


def test_a_newcomer_neither_waits_for_a_backlog_nor_overtakes(archive: Archive) -> None:
    old, new = (archive.runs.create("cfr", {}).id for _ in range(2))
    for number in range(30):
        archive.queue.add(f"old {number}", "evaluate", WORK, run=old)
    served(archive, 10, {})
    for number in range(10):
        archive.queue.add(f"new {number}", "evaluate", WORK, run=new)
    counts = Counter(served(archive, 20, {}))
    assert (counts[old], counts[new]) == pytest.approx((10, 10), abs=1)
    served(archive, 10, {})
    assert archive.queue.waiting("evaluate") == 0
    # The queue was empty: virtual time does not start again, or whoever comes now would be served alone.
    archive.queue.add("new again", "evaluate", WORK, run=new)
    for number in range(4):
        archive.queue.add(f"old again {number}", "evaluate", WORK, run=old)
    assert new in served(archive, 2, {})


def test_paused_runs_are_passed_over(archive: Archive, run: Run) -> None:
    other = archive.runs.create("cfr", {})
    archive.queue.add("a", "evaluate", WORK, run=run)
    archive.queue.add("b", "evaluate", WORK, run=other)
    archive.queue.add("c", "evaluate", WORK)
    assert not archive.runs.pause_requested(run)
    archive.runs.request_pause(run)
    assert archive.runs.pause_requested(run)
    assert archive.queue.waiting("evaluate") == 2
    assert {claimed(archive).key, claimed(archive).key} == {"b", "c"}
    assert archive.queue.claim("evaluate", "w") is None
    archive.runs.request_pause(run, paused=False)
    assert claimed(archive).key == "a"


def test_workers_are_known_while_they_live(archive: Archive) -> None:
    for name, slots in (("b", 2), ("a", 1)):
        archive.workers.register(name, host="h", pid=7, kinds="evaluate", slots=slots, versions={"x": "1"})
    assert [(w.name, w.slots, w.stopped) for w in archive.workers.registered()] == [
        ("a", 1, None),
        ("b", 2, None),
    ]
    archive.workers.leave("a")
    assert [w.name for w in archive.workers.registered(alive_within=60.0)] == ["b"]
    time.sleep(0.05)
    assert archive.workers.registered(alive_within=0.01) == []
    archive.workers.heartbeat("b")
    assert [w.name for w in archive.workers.registered(alive_within=5.0)] == ["b"]
    archive.workers.register("a", host="h", pid=8, kinds="propose", slots=3, versions={})
    assert [(w.pid, w.stopped) for w in archive.workers.registered() if w.name == "a"] == [(8, None)]


def test_archives_can_be_told_apart(archive: Archive, tmp_path: Path) -> None:
    with Archive.open(archive.database.url) as same, Archive.open(tmp_path / "other.db") as other:
        assert archive.database.uid == same.database.uid != other.database.uid


def test_answers_are_announced(archive: Archive, run: Run) -> None:
    archive.queue.add("a", "evaluate", WORK, run=run)
    token = claimed(archive).token
    notices = Notices(archive.database.url, CHANNEL)
    notices.listen()
    with ThreadPoolExecutor(1) as pool:
        began = time.monotonic()
        answered = pool.submit(lambda: (time.sleep(0.1), archive.queue.answer(token, {}))[1])
        notices.wait(30.0)
        waited = time.monotonic() - began
        assert answered.result()
    notices.close()
    assert waited < 20.0, "it slept until the time was up"


class QueueMachine(RuleBasedStateMachine):
    """Any order of queueing, claiming, dying, sweeping and answering keeps the books right."""

    archive: Archive
    tokens = Bundle("tokens")

    def __init__(self) -> None:
        super().__init__()
        self.run = self.archive.runs.create("cfr", {})
        self.accepted: dict[str, float] = {}
        self.number = 0

    def teardown(self) -> None:
        """Leave nothing behind that the next example's sweeps would find."""
        self.archive.runs.delete(self.run)

    def attempt(self, token: str) -> Attempt:
        return next(a for a in self.archive.queue.attempts(run=self.run) if a.token == token)

    @rule(target=tokens)
    def queue(self) -> str:
        self.number += 1
        key = f"{self.run.uid} {self.number}"
        return self.archive.queue.add(key, "evaluate", {"number": self.number}, run=self.run).token

    @rule()
    def claim(self) -> None:
        waiting = [a for a in self.archive.queue.attempts(run=self.run) if a.state is AttemptState.QUEUED]
        mine = self.archive.queue.claim("evaluate", "w")
        first = min(waiting, key=lambda a: (a.tag, a.id), default=None)
        assert (mine and mine.token) == (first and first.token)

    @rule(target=tokens)
    def sweep(self) -> str:
        time.sleep(0.002)
        again = self.archive.queue.sweep(0.0, max_attempts=2)
        return again[0].token if again else self.queue()

    @rule(token=tokens, fitness=st.floats(-5, 5))
    def answer(self, token: str, fitness: float) -> None:
        before = self.attempt(token)
        accepted = self.archive.queue.answer(token, {"fitness": fitness})
        assert accepted == (before.state in (AttemptState.RUNNING, AttemptState.DONE))
        if accepted:
            self.accepted.setdefault(before.key, fitness)

    @invariant()
    def books_are_right(self) -> None:
        attempts = self.archive.queue.attempts(run=self.run)
        answers = self.archive.queue.answers({a.key for a in attempts})
        done = {key: a.result["fitness"] for key, a in answers.items() if a.result is not None}
        assert done == self.accepted
        for key in {a.key for a in attempts}:
            mine = [a for a in attempts if a.key == key]
            assert [a.attempt for a in mine] == list(range(1, len(mine) + 1))
            assert len(mine) <= 2
            # Work has exactly one attempt that is open, or the one that ended it.
            assert sum(a.state.open for a in mine) == (0 if key in answers else 1)
            assert all(a.state is AttemptState.LOST for a in mine[:-1])


def test_the_queue_keeps_its_books(archive: Archive) -> None:
    machine = type("Machine", (QueueMachine,), {"archive": archive})
    run_state_machine_as_test(machine, settings=settings(max_examples=8, stateful_step_count=15))


def test_work_of_some_runs_is_passed_over(archive: Archive) -> None:
    first, second = (archive.runs.create("cfr", {}) for _ in range(2))
    for number, run in enumerate((first, second, None)):
        archive.queue.add(str(number), "evaluate", WORK, run=run)
    claims = [
        archive.queue.claim("evaluate", "w", without=without)
        for without in ([first.id], [first.id, None], [first.id, second.id], [None], [])
    ]
    assert [None if claim is None else claim.key for claim in claims] == ["1", None, "2", "0", None]
