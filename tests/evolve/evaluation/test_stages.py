"""Stages in order: gates, known behaviours, failures."""

from __future__ import annotations

import pytest

from nashforge.archive.records import Score, Status
from nashforge.evolve.evaluation.messages import Fitness, Stage, Task, Trial
from nashforge.evolve.evaluation.stages import run_stages
from nashforge.evolve.sandbox import ProgramCrashed, Usage

ACROSS = Fitness(kind="value")


def stage(split, gate=None):
    trial = Trial(label="a", game="kuhn_poker", iterations=1)
    return Stage(split=split, suite=split, trials=(trial,), fitness=ACROSS, gate=gate)


def ran(*stages, values=(1.0, 2.0, 3.0), known=None, fails=None):
    """Run stages that measure these values in turn, the failing one too."""
    measured = iter(values)

    def play(stage, result):
        value = next(measured)
        result.values["a"] = value
        result.scores.append(Score(game="a", metric="reward", value=value, direction="max"))
        result.fingerprint = f"mark of {stage.split}"
        if stage.split == fails:
            raise ProgramCrashed("ouch", "said this", Usage(cpu_seconds=2.0))

    task = Task(token="0" * 32, domain="cfr", source="", stages=stages, known=known or {})
    return run_stages(task, "1", play, tier="strict")


def reached(report):
    return [each.split for each in report.stages]


@pytest.mark.parametrize(("gate", "opens"), [(None, True), (1.5, True), (2.0, True), (2.5, False)])
def test_a_gate_opens_from_its_fitness_on(gate, opens):
    report = ran(stage("smoke"), stage("train"), stage("validation", gate))
    assert reached(report) == ["smoke", "train", *(["validation"] if opens else [])]
    assert report.status is Status.OK
    assert report.fitness("train") == 2.0
    assert report.fitness("validation") == (3.0 if opens else None)


def test_a_gate_stays_shut_where_nothing_was_measured_before_it():
    log_ratio = stage("train").model_copy(update={"fitness": Fitness()})  # no reference: no fitness
    assert reached(ran(log_ratio, stage("validation", -100.0))) == ["train"]


def test_a_failure_has_a_reason_no_score_and_ends_the_evaluation():
    report = ran(stage("smoke"), stage("train"), stage("validation"), fails="train")
    assert reached(report) == ["smoke", "train"]
    failed = report.stages[-1]
    assert (failed.status, failed.reason, failed.log) == (Status.CRASHED, "ouch", "said this")
    assert (failed.scores, failed.fitness, failed.fingerprint) == ((), None, None)
    assert failed.cpu_seconds == 2.0


def test_who_behaves_like_a_known_program_goes_no_further():
    report = ran(stage("smoke"), stage("train"), known={"mark of smoke": "brave-otter"})
    assert reached(report) == ["smoke"]
    assert report.status is Status.DUPLICATE
    assert report.reason == "behaves exactly like brave-otter"
    assert (report.stages[0].scores, report.stages[0].fitness) == ((), None)
    assert reached(ran(stage("smoke"), stage("train"), known={"mark of others": "x"})) == ["smoke", "train"]
