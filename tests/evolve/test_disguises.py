"""Disguises of validation games are a run's own, and nobody can tell them who sees only the run's seed."""

import stat

import pytest

from nashforge.evolve.domains import domain
from nashforge.evolve.evaluation.disguises import KEY_FILE, disguised, draw, rescaled
from nashforge.evolve.evaluation.messages import Fitness
from nashforge.evolve.runs.run import start_run
from nashforge.evolve.search.measured.outcomes import settings_of


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    return tmp_path / "nashforge"


def validation(number, name="cfr"):
    work = domain(name)
    stage = work.stage("validation", work.suites["validation"], 100, Fitness(kind="negative"))
    return disguised(stage, number)


def seeds(stage):
    return [trial.disguise.seed for trial in stage.trials]


def test_the_same_seed_has_the_same_disguises_here_and_others_elsewhere(data, tmp_path, monkeypatch):
    numbers = [draw(seed) for seed in range(50)]
    assert numbers == [draw(seed) for seed in range(50)]
    assert len(set(numbers)) == 50
    assert all(0 <= number < 2**52 for number in numbers)
    key = data / KEY_FILE
    assert len(key.read_bytes()) == 32
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    assert [path.name for path in data.iterdir()] == [KEY_FILE]
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "another"))
    assert not {draw(seed) for seed in range(50)} & set(numbers)


def test_without_a_place_for_the_secret_every_run_has_its_own(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "file"))
    assert draw(1) != draw(1)


@pytest.mark.parametrize("name", ["cfr", "psro", "rqe"])
def test_all_games_of_a_run_are_disguised_differently(name):
    one, other = validation(5, name), validation(6, name)
    assert len({*seeds(one), *seeds(other)}) == 2 * len(one.trials)
    assert seeds(one) == seeds(validation(5, name))
    assert one.digest == validation(5, name).digest
    assert one.digest != other.digest
    assert [trial.label for trial in one.trials] == [f"{trial.game} (disguised)" for trial in one.trials]
    # All else is as the domain has it.
    plain = validation(None, name)
    for mine, theirs in zip(one.trials, plain.trials, strict=True):
        assert mine.model_copy(update={"disguise": theirs.disguise}) == theirs
        assert mine.disguise.dummies == theirs.disguise.dummies
        assert mine.disguise.perturbation == theirs.disguise.perturbation


def test_what_is_not_disguised_stays_as_it_is():
    work = domain("cfr")
    stage = work.stage("train", "cfr-train", 100, Fitness())
    assert disguised(stage, 7) == stage


@pytest.mark.slow
def test_a_run_draws_keeps_and_hides_its_number(archive, tiny, data):
    first = start_run(archive, tiny(max_evaluations=2, seed=4))
    again = start_run(archive, tiny(max_evaluations=2, seed=4))
    other = start_run(archive, tiny(max_evaluations=2, seed=4, disguise_seed=77))
    stored = [archive.runs.get(result.run).config["disguise_seed"] for result in (first, again, other)]
    assert stored[0] == stored[1] == draw(4)
    assert stored[2] == 77
    for result in (first, other):
        run = archive.runs.get(result.run)
        drawn = seeds(
            disguised(
                domain("cfr").stage("validation", run.config["validation"], 40, Fitness()),
                run.config["disguise_seed"],
            )
        )
        shown = [score.game for row in archive.evaluations.find(run=run) for score in row.scores]
        assert any("(disguised)" in label for label in shown)
        assert not [label for label in shown if any(str(seed) in label for seed in drawn)]


def test_scales_are_drawn_for_the_run_within_bounds_and_round_nothing():
    stage = validation(5)
    scaled = [rescaled(validation(number), number, 128.0) for number in range(20)]
    found = [trial.scale for each in scaled for trial in each.trials]
    assert set(found) == {2.0**k for k in range(-7, 8) if k}
    assert scaled[5] == rescaled(stage, 5, 128.0)
    assert len({tuple(trial.scale for trial in each.trials) for each in scaled}) == 20
    assert [trial.label for trial in scaled[5].trials] == [trial.label for trial in stage.trials]
    assert rescaled(stage, 5, 1.0) == stage
    assert rescaled(stage, None, 128.0) == stage, "runs of earlier versions have no number"


def test_a_run_plays_its_games_for_short_too_and_in_its_own_units(tiny):
    config = tiny(short_horizons=[10, 40, 500], rescale=8.0, disguise_seed=3)
    stages = config.stages(domain("cfr"))
    for split, note in (("train", ""), ("validation", "disguised")):
        short, long = stages[split].trials
        said = ", ".join(filter(None, (note, "10 iterations")))
        assert (short.label, short.iterations) == (f"kuhn_poker ({said})", 10)
        assert (long.label, long.iterations) == (f"kuhn_poker ({note})" if note else "kuhn_poker", 40)
        assert short.disguise == long.disguise
        assert {short.scale, long.scale} <= {2.0**k for k in (-3, -2, -1, 1, 2, 3)}
        assert settings_of(stages[split])["scales"] == {short.label: short.scale, long.label: long.scale}
    assert [trial.scale for trial in stages["test"].trials] == [1.0, 1.0]
    assert "scales" not in settings_of(stages["test"])
    plain = tiny(short_horizons=[], rescale=1.0, disguise_seed=3).stages(domain("cfr"))
    assert [(trial.iterations, trial.scale) for trial in plain["train"].trials] == [(40, 1.0)]
