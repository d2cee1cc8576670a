"""Chaotic games: how far equal formulas end apart is measured, kept as data, and told where it matters."""

from __future__ import annotations

import pytest

from nashforge.evolve.domains import domain
from nashforge.evolve.evaluation import rounding
from nashforge.evolve.evaluation.messages import Disguise, Stage

WORK = domain("cfr")


@pytest.fixture
def train(monkeypatch: pytest.MonkeyPatch) -> Stage:
    games = [
        WORK.trial("kuhn_poker", 40),
        WORK.trial("kuhn_poker", 20, "again"),
        WORK.trial("leduc_poker", 9),
    ]
    spreads = dict(zip(map(rounding.name_of, games), (0.4, 0.01, 1.25), strict=True))
    monkeypatch.setattr(rounding, "known", lambda: {"cfr": spreads})
    return Stage(split="train", suite="tiny", trials=tuple(games))


def test_games_in_which_rounding_decides_are_named_with_how_much(train: Stage) -> None:
    said = rounding.words("cfr", train)
    assert "0.4 in game 1, 1.2 in game 3." in said
    assert "game 2" not in said
    assert rounding.words("psro", train) == "", "of other domains nothing is known"


def test_a_disguised_game_is_another(train: Stage) -> None:
    disguised = train.trials[0].model_copy(update={"disguise": Disguise(seed=1)})
    assert rounding.spread_of("cfr", train.trials[0]) == 0.4
    assert rounding.spread_of("cfr", disguised) is None


def test_a_spread_is_in_orders_of_magnitude_above_the_floor() -> None:
    assert rounding.spread([1e-3, 1e-5, 1e-4], 1e-9) == pytest.approx(2.0)
    assert rounding.spread([1e-12, 1e-9], 1e-9) == 0.0


def test_the_data_is_of_trials_that_can_be_played() -> None:
    for name, spreads in rounding.known().items():
        work = domain(name)
        for trial, spread in spreads.items():
            game, _, length = trial.rpartition(", ")
            assert rounding.name_of(work.trial(game, int(length.split()[0]))) == trial
            assert spread >= 0.0
