"""Experiments game by game: what is done is kept, and the seconds are booked exactly."""

from __future__ import annotations

from collections import deque
from pathlib import Path

import pytest

from nashforge.archive import Archive, Status
from nashforge.archive.records import Score
from nashforge.evolve.domains import domain
from nashforge.evolve.evaluation.messages import Report, Stage, StageReport, Task
from nashforge.evolve.evaluation.stages import Budget
from nashforge.evolve.executors.base import Lost
from nashforge.evolve.executors.local import limit_seconds
from nashforge.evolve.measurement.archived import Archived
from nashforge.evolve.measurement.experiments import FAR, Remembered, Seconds, measure_variants

WORK = domain("cfr")
CURRENT, GOOD, BAD = "current", "good", "bad"


@pytest.fixture(scope="module")
def train() -> Stage:
    trials = (WORK.trial("kuhn_poker", 40), WORK.trial("kuhn_poker", 20, "kuhn_poker, 20 iterations"))
    return Stage(split="train", suite="tiny", trials=trials, fitness=WORK.fitness)


class Scripted:
    """An executor that answers at once: every game takes so many seconds, and a program fails in one."""

    workers = 1

    def __init__(self, cost: float = 0.75, fails_in: str = "") -> None:
        self.cost, self.fails_in = cost, fails_in
        self.tasks: list[Task] = []
        self._ready: deque[Report | Lost] = deque()

    def submit(self, task: Task) -> None:
        self.tasks.append(task)
        [stage] = task.stages
        [trial] = stage.trials
        bad = task.source == BAD and trial.label == self.fails_in
        score = Score(trial.label, WORK.metric, 1.0 / trial.iterations, "min", trial.iterations)
        report = StageReport(
            split="train",
            suite=stage.suite,
            digest=stage.digest,
            status=Status.CRASHED if bad else Status.OK,
            reason="line 3: boom" if bad else None,
            scores=() if bad else (score,),
            started="2026-01-01T00:00:00+00:00",
            wall_seconds=100.0,
            cpu_seconds=self.cost,
        )
        self._ready.append(Report(token=task.token, evaluator=WORK.evaluator, stages=(report,)))

    def wait(self, timeout: float | None = None) -> list[Report | Lost]:
        ready = list(self._ready)
        self._ready.clear()
        return ready

    def close(self) -> None: ...


def test_a_failure_in_a_later_game_loses_nothing_that_was_measured(train: Stage) -> None:
    executor, purse = Scripted(fails_in="kuhn_poker, 20 iterations"), Seconds(20.0)
    found = measure_variants(WORK, train, executor, [GOOD, BAD], CURRENT, seconds=purse)
    good, bad, current = found.variants
    assert (set(good.curves), set(bad.curves), set(current.curves)) == ({1, 2}, {1}, {1, 2})
    assert (good.reason, bad.reason) == ("", "in game 2: crashed: line 3: boom")
    assert found.seconds == pytest.approx(6 * 0.75), "wall time is nobody's debt"
    assert purse.left == pytest.approx(20 - 6 * 0.75)


def test_what_the_seconds_do_not_reach_is_said_and_the_rest_is_kept(train: Stage) -> None:
    purse = Seconds(2.0)
    good, current = measure_variants(WORK, train, Scripted(), [GOOD], CURRENT, seconds=purse).variants
    assert (set(current.curves), current.unreached) == ({1, 2}, ())
    assert (set(good.curves), good.unreached) == ({1}, (2,))
    assert purse.left == 0.0


def test_who_takes_long_takes_no_more_than_an_equal_part(train: Stage) -> None:
    executor = Scripted(cost=5.0)
    measure_variants(WORK, train, executor, [GOOD, BAD], CURRENT, seconds=15.0)
    assert [task.stages[0].seconds for task in executor.tasks[:3]] == [5.0, 5.0, 5.0]


def test_wall_time_is_a_far_net_only(train: Stage) -> None:
    executor = Scripted()
    measure_variants(WORK, train, executor, [GOOD], CURRENT, seconds=12.0)
    for task in executor.tasks:
        [stage] = task.stages
        limits = Budget(stage.seconds, task.memory_bytes, stage.patience).limits()
        assert limits.cpu_seconds == stage.seconds
        assert limits.wall_seconds > 0.9 * FAR * stage.seconds
        assert limits.call_seconds > 60.0, "nor does a busy machine fail a single call"
        assert limit_seconds(task) > limits.wall_seconds, "the worker is not given up before"


def test_the_current_program_is_measured_once(train: Stage) -> None:
    known, executor = Remembered(), Scripted()
    first, second = (
        measure_variants(WORK, train, executor, [variant], CURRENT, games=[1], iterations=30, known=known)
        for variant in (GOOD, BAD)
    )
    assert [task.source for task in executor.tasks] == [CURRENT, GOOD, BAD]
    assert first.variants[-1] == second.variants[-1]
    assert (first.seconds, second.seconds) == (1.5, 0.75), "it is booked once"
    measure_variants(WORK, train, executor, [BAD], CURRENT, games=[1], iterations=20, known=known)
    assert [task.source for task in executor.tasks[3:]] == [CURRENT, BAD], "a shorter game is another"


def test_the_archive_remembers_for_everybody(train: Stage, tmp_path: Path, new_archive) -> None:
    with Archive.open(new_archive(tmp_path / "archive.db")) as archive:
        for variant in (GOOD, BAD):
            executor = Scripted()
            known = Archived(archive, WORK, train)
            found = measure_variants(
                WORK, train, executor, [variant], CURRENT, games=[2], iterations=10, known=known
            )
            assert found.variants[-1].curves == {2: ((10, 0.1),)}
        assert [task.source for task in executor.tasks] == [BAD]
        program = archive.programs.add(CURRENT, "cfr")
        [row] = archive.evaluations.find(program=program)
        assert (row.run_id, row.split, row.fitness) == (None, None, None), "it is part of no run"


def test_fewer_iterations_are_shorter_episodes_of_dilemmas() -> None:
    from nashforge.evolve.domains.dilemmas.trials import parse_trial
    from nashforge.evolve.measurement.experiments import stage_of
    from nashforge.evolve.proposers.experiments import Experiment

    work = domain("gathering")
    train = work.stage("train", work.suites["train"], work.horizon, work.fitness)
    asked = stage_of(work, train, Experiment(("",), (2,), 30), 1.0)
    [trial] = asked.trials
    before = train.trials[1]
    setting, seed = parse_trial(trial.game)
    assert (setting.horizon, trial.iterations, trial.label) == (30, 30, before.label)
    assert (setting.with_horizon(before.iterations), seed) == parse_trial(before.game)
    assert stage_of(work, train, Experiment(("",), (2,), 10**6), 1.0).trials == (before,)
