"""What a stage grants a program: processor time for all its trials, and patience with busy machines."""

from __future__ import annotations

import re

from nashforge.evolve.domains import domain
from nashforge.evolve.evaluation.messages import PATIENCE, Fitness, Task
from nashforge.evolve.evaluation.stages import Budget
from nashforge.evolve.executors.local import limit_seconds
from nashforge.evolve.sandbox import Sandbox

BUSY = """
from nashforge.solvers.cfr.interface import RegretMinimizer


class Busy(RegretMinimizer):
    def start(self):
        self.regret = self.infosets.zeros()

    def observe(self, t, regret):
        for _ in range({rounds}):
            pass
        self.regret = self.regret + regret

    def weights(self, t, policy, reach):
        return 1, 1

    def policy(self, t):
        return self.infosets.normalize(self.regret.clip(min=0))
"""


def test_processor_time_is_for_all_trials_together():
    budget = Budget(10.0, 1 << 28)
    first, last = budget.limits(), budget.limits(used=9.5)
    assert first.cpu_seconds == 10.0
    assert last.cpu_seconds == 0.5
    assert first.wall_seconds == last.wall_seconds == PATIENCE * 10.0
    assert budget.limits(waited=39.0).wall_seconds == PATIENCE * 10.0 - 39.0
    assert first.memory_bytes == 1 << 28
    assert Budget(10.0, 1 << 28).limits(used=12.0).cpu_seconds > 0  # enough for limits to be valid


def test_a_worker_is_not_given_up_before_its_program_is():
    work = domain("cfr")
    stages = tuple(work.stage(split, suite, 10, work.fitness) for split, suite in work.suites.items())
    longest = sum(Budget(stage.seconds, 1 << 28).limits().wall_seconds for stage in stages)
    assert limit_seconds(Task(token="", domain="cfr", source="", stages=stages)) > longest


class Watched(Sandbox):
    """A sandbox that remembers what it was told to grant."""

    def __init__(self, **options):
        super().__init__(**options)
        self.granted = []

    def sessions(self, source, arguments, *, limits=None):
        self.granted.append(limits)
        return super().sessions(source, arguments, limits=limits)


def evaluated(rounds, seconds):
    """Evaluate a program that is busy for so many rounds a call; return the report and what was granted."""
    work = domain("cfr")
    stage = work.games_stage(["kuhn_poker", "kuhn_poker(players=3)"], 5, Fitness(kind="negative"))
    stage = stage.model_copy(update={"seconds": seconds})
    task = Task(token="", domain="cfr", source=BUSY.format(rounds=rounds), stages=(stage,))
    with Watched(hosts=work.host_modules) as sandbox:
        return work.evaluate(task, sandbox), sandbox.granted


def test_what_one_game_took_is_not_granted_to_the_next():
    report, (first, second) = evaluated(rounds=10**5, seconds=600.0)
    assert report.status == "ok"
    assert first.cpu_seconds == 600.0
    assert 0 < second.cpu_seconds < 600.0
    used = report.stages[0].cpu_seconds
    assert used > 600.0 - second.cpu_seconds > 0


def test_a_program_that_computes_too_long_is_stopped():
    report, granted = evaluated(rounds=10**9, seconds=1.0)
    assert report.status == "timeout"
    assert len(granted) == 1, "no further game is played"
    # Which limit is met first depends on what else the machine does.
    assert re.search("1 s of CPU time|s of wall time|that a call may take", report.stages[0].reason)
