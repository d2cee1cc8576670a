"""Noise of fitness between disguises; the best is measured again before it is called so."""

from __future__ import annotations

import math

import numpy as np
import pytest

from nashforge.evolve.evaluation.messages import COPIES, Stage, StageReport
from nashforge.evolve.evaluation.stages import _passed
from nashforge.evolve.runs.run import resume_run, start_run
from nashforge.evolve.search.population.noise import copies_of, error, is_within, margin, spread


def test_the_spread_of_one_program_is_its_standard_deviation():
    assert spread([[1.0, 2.0, 4.0]]) == pytest.approx(np.std([1.0, 2.0, 4.0], ddof=1))


def test_what_is_harder_for_all_is_no_spread():
    assert spread([[1.0, 2.0, 4.0], [3.0, 4.0, 6.0]]) == pytest.approx(0)


def test_the_spread_is_that_of_the_residuals():
    rng = np.random.default_rng(0)
    table = rng.normal(0, 0.2, (400, 3)) + rng.normal(0, 5, (400, 1)) + rng.normal(0, 5, (1, 3))
    assert spread(table.tolist()) == pytest.approx(0.2, rel=0.1)


@pytest.mark.parametrize("measured", [[], [[1.0]], [[]]])
def test_of_one_measurement_there_is_no_spread(measured):
    assert spread(measured) is None


def test_within_the_noise_is_one_standard_error_of_the_difference():
    assert error(0.2, 4) == pytest.approx(0.1)
    most = math.sqrt(2) * 0.1 / 2
    assert is_within(0.99 * most, 0.2, 4)
    assert is_within(-0.99 * most, 0.2, 4)
    assert not is_within(1.01 * most, 0.2, 4)
    assert margin(0.2, 4) == pytest.approx(most)
    assert margin(0.2) == pytest.approx(2 * most), "of programs that were measured on one disguise"
    assert not is_within(0.0, None, 4)


def report(split, fitness):
    return StageReport(
        split=split, suite="s", digest="d", status="ok", fitness=fitness, started="x", wall_seconds=0
    )


def test_the_gate_of_copies_is_the_mean_of_training_and_validation():
    before = [report("smoke", 9.0), report("train", 1.0), report("validation", 2.0)]
    assert _passed(before, 1.5)
    assert not _passed(before, 1.51)
    assert not _passed([report("smoke", 9.0)], 0.0)
    assert not _passed([report("train", 1.0), report("validation", None)], 0.0)


def test_copies_are_other_disguises_of_the_validation_games(tiny):
    from nashforge.evolve.domains import domain

    stages: dict[str, Stage] = tiny(copies=3, disguise_seed=7).stages(domain("cfr"))
    kinds = ["validation", *COPIES[:3]]
    seeds = [trial.disguise.seed for split in kinds for trial in stages[split].trials]
    assert len(set(seeds)) == len(seeds)
    assert len({stages[split].digest for split in kinds}) == len(kinds)
    for split in kinds:
        assert [trial.game for trial in stages[split].trials] == ["kuhn_poker"]
        shown = [trial.disguise.model_copy(update={"seed": 0}) for trial in stages[split].trials]
        assert shown == [
            trial.disguise.model_copy(update={"seed": 0}) for trial in stages["validation"].trials
        ]
    assert not set(COPIES) & set(tiny(copies=0).stages(domain("cfr")))
    other = tiny(copies=3, disguise_seed=8).stages(domain("cfr"))
    assert other["copy-1"].digest != stages["copy-1"].digest


@pytest.mark.slow
def test_the_best_was_measured_on_copies_and_has_their_mean(archive, tiny):
    config = tiny(copies=2, max_evaluations=12, final_test=False, seed=3)
    result = start_run(archive, config, name="noisy")
    run = archive.runs.get("noisy")
    copies = copies_of(archive, run)
    assert result.best.id in copies
    for candidate in archive.candidates.of(run):
        if candidate.id in copies:
            assert candidate.validation == pytest.approx(sum(copies[candidate.id]) / 2)
            assert len(archive.evaluations.find(candidate=candidate, split="validation")) == 1
        elif candidate.validation is not None:
            [row] = archive.evaluations.find(candidate=candidate, split="validation")
            assert candidate.validation == row.fitness
    again = resume_run(archive, run, changes={"max_evaluations": 14})
    start_run(archive, tiny(copies=2, max_evaluations=14, final_test=False, seed=3), name="long")
    fields = ("program", "train", "validation")
    rows = [
        [[getattr(one, field) for field in fields] for one in archive.candidates.of(archive.runs.get(name))]
        for name in ("noisy", "long")
    ]
    assert rows[0] == rows[1]
    assert again.best.program is not None
