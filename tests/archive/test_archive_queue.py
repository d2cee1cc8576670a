"""The queue of evaluations: claims, heartbeats, lost workers, late results."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from archive import NewEvaluation, NotFound, Status
from archive.records import Evaluation, Run
from archive.store import Archive

from .conftest import Maker


def queued(archive: Archive, run: Run, make: Maker, number: int = 1) -> Evaluation:
    candidate = make.candidate(run, number)
    assert candidate.program is not None
    return archive.queue_evaluation(
        candidate.program, suite="cfr-train", split="train", seeds=[4], run=run, candidate=candidate
    )


def result(evaluation: Evaluation, fitness: float = 0.5) -> NewEvaluation:
    return NewEvaluation(
        program=evaluation.program,
        suite=evaluation.suite,
        status=Status.OK,
        token=evaluation.token,
        fitness=fitness,
    )


def test_the_life_of_an_attempt(archive: Archive, run: Run, make: Maker) -> None:
    waiting = queued(archive, run, make)
    assert (waiting.status, waiting.attempt, waiting.started) == (Status.PENDING, 1, None)
    claimed = archive.claim_evaluation(waiting.token, "worker-1")
    assert claimed is not None
    assert (claimed.status, claimed.worker, claimed.seeds) == (Status.RUNNING, "worker-1", (4,))
    assert claimed.heartbeat is not None
    assert claimed.started is not None
    assert waiting.candidate_id is not None
    assert archive.get_candidate(waiting.candidate_id).status is Status.RUNNING
    assert archive.claim_evaluation(waiting.token, "worker-2") is None
    assert archive.claim_next("worker-2") is None
    assert archive.heartbeat(waiting.token)
    beating = archive.get_evaluation(waiting.token)
    assert beating.heartbeat is not None
    assert beating.heartbeat >= claimed.heartbeat
    assert archive.finish_candidate(waiting.candidate_id, Status.OK, evaluations=[result(claimed)], train=0.5)
    (done,) = archive.evaluations(run=run)
    assert (done.id, done.status, done.worker, done.fitness) == (waiting.id, Status.OK, "worker-1", 0.5)
    assert done.started == claimed.started
    assert not archive.heartbeat(waiting.token)
    with pytest.raises(NotFound):
        archive.get_evaluation("nothing")


def test_the_longest_waiting_is_claimed_first(archive: Archive, run: Run, make: Maker) -> None:
    other = archive.create_run("cfr", {})
    tokens = [queued(archive, run if i % 2 else other, make, i).token for i in range(4)]
    claimed = [archive.claim_next("w", run=run), archive.claim_next("w"), archive.claim_next("w")]
    assert [e.token if e else None for e in claimed] == [tokens[1], tokens[0], tokens[2]]


def test_a_lost_attempt_is_repeated_and_its_late_result_refused(
    archive: Archive, run: Run, make: Maker
) -> None:
    first = queued(archive, run, make)
    assert first.candidate_id is not None
    archive.claim_evaluation(first.token, "dies")
    assert archive.requeue_stale(3600.0) == []
    time.sleep(0.02)
    (second,) = archive.requeue_stale(0.0)
    assert (second.attempt, second.status, second.seeds, second.split) == (2, Status.PENDING, (4,), "train")
    assert archive.requeue_stale(0.0) == []
    lost = archive.get_evaluation(first.token)
    assert (lost.status, lost.worker) == (Status.INFRASTRUCTURE, "dies")
    assert archive.get_candidate(first.candidate_id).status is Status.PENDING
    assert not archive.finish_candidate(first.candidate_id, Status.OK, evaluations=[result(first)], train=9.0)
    assert archive.record_evaluation(result(first)).status is Status.INFRASTRUCTURE
    archive.claim_evaluation(second.token, "lives")
    assert archive.finish_candidate(first.candidate_id, Status.OK, evaluations=[result(second)], train=0.5)
    assert archive.get_candidate(first.candidate_id).train == 0.5


def test_attempts_end(archive: Archive, run: Run, make: Maker) -> None:
    evaluation = queued(archive, run, make)
    assert evaluation.candidate_id is not None
    for attempt in (1, 2, 3):
        claimed = archive.claim_next(f"worker-{attempt}")
        assert claimed is not None
        assert claimed.attempt == attempt
        time.sleep(0.02)
        assert len(archive.requeue_stale(0.0, max_attempts=3)) == (attempt < 3)
    candidate = archive.get_candidate(evaluation.candidate_id)
    assert candidate.status is Status.INFRASTRUCTURE
    assert candidate.reason == "3 attempts were lost; the last worker was worker-3"
    assert [e.status for e in archive.evaluations(run=run)] == [Status.INFRASTRUCTURE] * 3


def test_cancelling_spares_what_is_claimed(archive: Archive, run: Run, make: Maker) -> None:
    for number in range(3):
        queued(archive, run, make, number)
    archive.claim_next("w")
    assert archive.cancel_queued(run) == 2
    assert [e.status for e in archive.evaluations(run=run)] == [Status.RUNNING] + [Status.CANCELLED] * 2
    assert archive.claim_next("w") is None


def test_every_evaluation_is_claimed_by_exactly_one_worker(archive: Archive, run: Run, make: Maker) -> None:
    tokens = {queued(archive, run, make, number).token for number in range(24)}

    def work(name: int) -> list[str]:
        mine = []
        while (claimed := archive.claim_next(f"w{name}")) is not None:
            mine.append(claimed.token)
            assert claimed.candidate_id is not None
            assert archive.finish_candidate(
                claimed.candidate_id, Status.OK, evaluations=[result(claimed)], train=0.0
            )
        return mine

    with ThreadPoolExecutor(4) as pool:
        done = [token for mine in pool.map(work, range(4)) for token in mine]
    assert sorted(done) == sorted(tokens)


class QueueMachine(RuleBasedStateMachine):
    """Any order of queueing, claiming, dying, sweeping and finishing keeps the books right."""

    archive: Archive
    tokens = Bundle("tokens")

    def __init__(self) -> None:
        super().__init__()
        self.run = self.archive.create_run("cfr", {})
        self.maker = Maker(self.archive)
        self.accepted: dict[int, float] = {}
        self.number = 0

    def teardown(self) -> None:
        """Leave nothing behind that the next example's sweeps would find."""
        self.archive.delete_run(self.run)

    @rule(target=tokens)
    def queue(self) -> str:
        self.number += 1
        return queued(self.archive, self.run, self.maker, self.number).token

    @rule(token=tokens)
    def claim(self, token: str) -> None:
        before = self.archive.get_evaluation(token).status
        claimed = self.archive.claim_evaluation(token, "w")
        assert (claimed is not None) == (before is Status.PENDING)

    @rule(target=tokens)
    def sweep(self) -> str:
        time.sleep(0.002)
        again = self.archive.requeue_stale(0.0, max_attempts=2)
        return again[0].token if again else self.queue()

    @rule(token=tokens, fitness=st.floats(-5, 5))
    def finish(self, token: str, fitness: float) -> None:
        evaluation = self.archive.get_evaluation(token)
        assert evaluation.candidate_id is not None
        candidate = self.archive.get_candidate(evaluation.candidate_id)
        recorded = self.archive.finish_candidate(
            candidate, Status.OK, evaluations=[result(evaluation, fitness)], train=fitness
        )
        assert recorded == (not evaluation.status.finished and not candidate.status.finished)
        if recorded:
            assert candidate.id not in self.accepted
            self.accepted[candidate.id] = fitness

    @invariant()
    def books_are_right(self) -> None:
        candidates = self.archive.candidates(self.run)
        assert {c.id: c.train for c in candidates if c.status is Status.OK} == self.accepted
        for candidate in candidates:
            attempts = self.archive.evaluations(candidate=candidate)
            assert [e.attempt for e in attempts] == list(range(1, len(attempts) + 1))
            assert len(attempts) <= 2
            unfinished = sum(not e.status.finished for e in attempts)
            # An unfinished candidate has exactly one attempt that may still come in.
            assert unfinished == (0 if candidate.status.finished else 1)
            assert sum(e.status is Status.OK for e in attempts) == (candidate.status is Status.OK)


def test_the_queue_keeps_its_books(archive: Archive) -> None:
    machine = type("Machine", (QueueMachine,), {"archive": archive})
    run_state_machine_as_test(
        machine, settings=settings(max_examples=8, stateful_step_count=15, deadline=None)
    )
