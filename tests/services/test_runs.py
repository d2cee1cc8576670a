"""Runs on workers: the same as on this machine, whatever happens to those who work on them."""

from __future__ import annotations

import json
import signal
import time
from typing import Any

import pytest

from nashforge.archive import Archive, Run, RunState, Status
from nashforge.archive.work import AttemptState
from nashforge.evolve.evaluation.messages import Report, Stage, Task, Trial
from nashforge.evolve.runs.run import resume_run, start_run
from nashforge.evolve.service.executor import CeleryExecutor
from nashforge.evolve.service.settings import ServiceSettings, service_settings
from tests.processes import descendants, is_alive

from .conftest import Service

HISTORY = ("index", "program", "operator", "note", "status", "train", "validation", "island", "reason")


def history(archive: Archive, run: Run | str) -> list[dict[str, Any]]:
    found = archive.runs.get(run)
    return [{name: getattr(c, name) for name in HISTORY} for c in archive.candidates.of(found)]


def settings(service: Service) -> ServiceSettings:
    return service_settings(service.broker)


def task(token: str = "t" * 32, iterations: int = 3, games: tuple[str, ...] = ("kuhn_poker",)) -> Task:
    from nashforge.solvers.cfr.rules import rule_source

    trials = tuple(Trial(label=game, game=game, iterations=iterations) for game in games)
    stage = Stage(split="test", suite="s", trials=trials)
    return Task(token=token, domain="cfr", source=rule_source("cfr"), stages=(stage,))


def test_a_run_on_workers_is_the_run_on_this_machine(service: Service, archive: Archive) -> None:
    service.worker("w1", slots=2)
    result = start_run(archive, service.config(final_test=True), name="far", service=settings(service))
    assert result.stop_reason == "max_evaluations"
    assert result.best is not None
    assert result.best.test is not None
    near = service.config(final_test=True, executor="local", workers=1)
    start_run(archive, near, name="near")
    assert history(archive, "far") == history(archive, "near")
    run = archive.runs.get("far")
    attempts = archive.queue.attempts(run=run)
    assert {attempt.state for attempt in attempts} == {AttemptState.DONE}
    assert all(attempt.result is None for attempt in attempts), "answers are stored where they belong"
    assert {e.worker for e in archive.evaluations.find(run=run)} == {"w1"}
    said = [json.loads(line) for line in service.log("w1").splitlines() if line.startswith("{")]
    finished = [line for line in said if line["event"] == "finished"]
    assert {line["run"] for line in finished} == {"far"}
    ids = {c.id for c in archive.candidates.of(run) if c.status is not Status.DUPLICATE}
    assert {line["candidate"] for line in finished} - {None} == ids
    assert all({"token", "worker", "outcome", "seconds", "time"} <= set(line) for line in finished)


@pytest.fixture
def redis_service(postgresql: str, redis: str, tmp_path: Any) -> Any:
    made = Service(postgresql, redis, tmp_path)
    yield made
    made.end()


def test_what_a_dead_coordinator_asked_for_is_not_done_again(redis_service: Service) -> None:
    """Its work goes on without it; another process takes over what is there."""
    service = redis_service
    with Archive.open(service.database) as archive:
        run = archive.runs.create("cfr", {})
        first = CeleryExecutor(archive, settings(service), run=run)
        for number in range(3):
            first.submit(task(str(number) * 32, iterations=3 + number))
        # It dies here, before there is a worker. Nobody closes anything.
        service.worker("w1")
        service.wait(
            lambda: all(a.state is AttemptState.DONE for a in archive.queue.attempts(run=run)),
            "the work to be done",
        )
        second = CeleryExecutor(archive, settings(service), run=run)
        for number in range(4):
            second.submit(task("abcd"[number] * 32, iterations=3 + number))
        reports: list[Report] = []
        while len(reports) < 4:
            answers = second.wait(30.0)
            assert answers
            reports += [answer for answer in answers if isinstance(answer, Report)]
        assert {report.token[0] for report in reports} == set("abcd")
        assert {report.status for report in reports} == {Status.OK}
        assert len(archive.queue.attempts(run=run)) == 4
        second.close()
        first.close()


def test_a_killed_workers_attempt_is_made_by_another(redis_service: Service) -> None:
    service = redis_service
    with Archive.open(service.database) as archive:
        run = archive.runs.create("cfr", {})
        executor = CeleryExecutor(archive, settings(service), run=run)
        victim = service.worker("victim")
        slow = task(iterations=1_000_000, games=("leduc_poker",))
        executor.submit(slow)
        service.wait(
            lambda: archive.queue.attempts(run=run)[0].state is AttemptState.RUNNING, "the claim", victim
        )
        victim.kill()
        victim.wait()
        stale = archive.queue.attempts(run=run)[0].token
        # The sweep of another worker finds out: there is no process for it. Its program is another, too.
        service.worker("heir")
        executor.submit(task("b" * 32))
        answers = executor.wait(60.0)
        assert [answer.token[0] for answer in answers] == ["b"]
        service.wait(lambda: len(archive.queue.attempts(run=run)) == 3, "the retry")
        first, _, again = archive.queue.attempts(run=run)
        assert (first.token, first.state, first.worker) == (stale, AttemptState.LOST, "victim")
        assert (again.attempt, again.key) == (2, first.key)
        assert not archive.queue.answer(stale, {"late": True})
        executor.close()


def test_workers_are_woken_again_when_the_broker_forgot(redis_service: Service) -> None:
    service = redis_service
    with Archive.open(service.database) as archive:
        run = archive.runs.create("cfr", {})
        executor = CeleryExecutor(archive, settings(service), run=run)
        for number in range(4):
            executor.submit(task(str(number) * 32, iterations=3 + number))
        from redis import Redis as Client

        client = Client.from_url(service.broker)
        for key in client.keys(f"nashforge-{archive.database.uid[:8]}*"):
            client.delete(key)
        client.close()
        service.worker("w1")
        got = 0
        while got < 4:
            answers = executor.wait(60.0)
            assert answers
            got += len(answers)
        executor.close()


def test_stopping_a_worker_gives_its_work_back(redis_service: Service) -> None:
    service = redis_service
    with Archive.open(service.database) as archive:
        run = archive.runs.create("cfr", {})
        executor = CeleryExecutor(archive, settings(service), run=run)
        worker = service.worker("w1", "--grace", "0")
        executor.submit(task(iterations=1_000_000, games=("leduc_poker",)))
        service.wait(
            lambda: archive.queue.attempts(run=run)[0].state is AttemptState.RUNNING, "the claim", worker
        )
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(40.0) == 0
        lost, again = archive.queue.attempts(run=run)
        assert (lost.state, lost.reason) == (AttemptState.LOST, "the worker was shut down")
        assert again.state is AttemptState.QUEUED
        assert archive.workers.registered()[0].stopped is not None
        executor.close()
        assert archive.queue.attempts(run=run)[-1].state is AttemptState.CANCELLED


def test_a_run_stops_and_resumes_elsewhere(redis_service: Service) -> None:
    service = redis_service
    with Archive.open(service.database) as archive:
        service.worker("w1")
        config = service.config(max_evaluations=12)
        start_run(archive, config, name="whole", service=settings(service))
        coordinator = service.start(
            *("run", "cfr", "--name", "parted", "--executor", "celery", "--no-final-test"),
            *(
                word
                for split in ("", "validation-", "test-")
                for word in (f"--{split}suite", config.evaluation.train)
            ),
            *("--horizon", "40", "--max-evaluations", "12", "--config", str(_lookahead(service))),
            log="coordinator.log",
        )
        service.wait(lambda: _done(archive, "parted") >= 4, "some evaluations", coordinator)
        coordinator.send_signal(signal.SIGKILL)
        coordinator.wait()
        run = archive.runs.get("parted")
        assert run.state is RunState.RUNNING
        result = resume_run(archive, run, service=settings(service))
        assert result.evaluations == 12
        assert history(archive, "parted") == history(archive, "whole")
        evaluations = archive.evaluations.find(run=run)
        pairs = [(e.candidate_id, e.program, e.suite_digest, e.split) for e in evaluations]
        assert len(set(pairs)) == len(pairs), "nothing was stored twice"


def _lookahead(service: Service) -> Any:
    path = service.folder / "run.toml"
    path.write_text('lookahead = 2\n\n[fitness]\nreference = "dcfr"\n')
    return path


def _done(archive: Archive, name: str) -> int:
    try:
        return sum(c.status.finished for c in archive.candidates.of(archive.runs.get(name)))
    except Exception as error:
        if type(error).__name__ != "NotFound":
            raise
        return 0


def test_processes_of_a_killed_worker_end(redis_service: Service) -> None:
    service = redis_service
    with Archive.open(service.database) as archive:
        run = archive.runs.create("cfr", {})
        executor = CeleryExecutor(archive, settings(service), run=run)
        worker = service.worker("w1")
        executor.submit(task(iterations=1_000_000, games=("leduc_poker",)))
        service.wait(lambda: len(descendants(worker.pid)) >= 2, "the evaluation's processes", worker)
        family = descendants(worker.pid)
        worker.kill()
        worker.wait()
        deadline = time.monotonic() + 120.0
        while alive := [pid for pid in family if is_alive(pid)]:
            assert time.monotonic() < deadline, f"left behind: {alive}"
            time.sleep(0.05)
        executor.close()


FOREIGN = (
    ({"evaluator": "cfr-0"}, "this worker evaluates as cfr-2, and the run as cfr-0"),
    ({"from_the_future": 1}, "this worker does not understand the task"),
    ({"domain": "elsewhere"}, "the domain elsewhere is not installed on this worker"),
)


def test_work_of_another_version_is_left_to_others(redis_service: Service) -> None:
    """It costs no attempt, and does not keep the worker from the work of other runs."""
    service = redis_service
    with Archive.open(service.database) as archive:
        foreign = {told: archive.runs.create("cfr", {}) for _, told in FOREIGN}
        for change, told in FOREIGN:
            payload = {**task().model_dump(mode="json", exclude={"token"}), **change}
            archive.queue.add(told, "evaluate", payload, run=foreign[told])
        executor = CeleryExecutor(archive, settings(service), run=archive.runs.create("cfr", {}))
        executor.submit(task())
        service.worker("w1")
        reports = [answer for answer in executor.wait(60.0) if isinstance(answer, Report)]
        assert [report.status for report in reports] == [Status.OK]
        for run in foreign.values():
            service.wait(lambda run=run: len(archive.queue.attempts(run=run)) == 2, "it to be given back")
        executor.submit(task("b" * 32, iterations=4))
        assert executor.wait(60.0)
        for told, run in foreign.items():
            given_back, again = archive.queue.attempts(run=run)
            assert (given_back.state, given_back.worker) == (AttemptState.LOST, "w1")
            assert (given_back.reason or "").startswith(told)
            assert again.state is AttemptState.QUEUED, "it waits for a worker of its own version"
        executor.close()
