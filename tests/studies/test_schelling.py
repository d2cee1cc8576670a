"""Schelling diagrams and invaders, against games whose payoffs are known."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks.studies.schelling import Schelling, invasion, schelling
from nashforge.games.dilemmas import Setting
from nashforge.solvers.policies import policy_source

SETTING = Setting("gathering", map="gathering_small", agents=4, horizon=10)


def public_goods(factor, luck=0.0):
    """Return what plays a public goods game: who runs 'give' pays 1, and all share ``factor`` times that."""

    def play(setting, sources, seed):
        gives = np.array([source == "give" for source in sources])
        share = factor * gives.sum() / len(sources)
        return SimpleNamespace(by_founder=share - gives + luck * seed)

    return play


def test_the_diagram_of_a_public_goods_game_is_that_of_the_formula():
    found = schelling(SETTING, "give", "take", seeds=[0, 1, 2], play=public_goods(1.6))
    others = np.arange(4)
    np.testing.assert_allclose(found.cooperate, 1.6 * (others + 1) / 4 - 1)
    np.testing.assert_allclose(found.defect, 1.6 * others / 4)
    assert found.dilemma
    assert (found.pays, found.needs_others, found.fear, found.greed) == (True,) * 4
    margins = {name: summary.mean for name, summary in found.margins.items()}
    corners = schelling(SETTING, "give", "take", [0, 1, 2], public_goods(1.6), corners=True)
    assert corners.margins == found.margins
    assert np.isnan(corners.cooperate).tolist() == [False, True, False, False]
    assert margins == pytest.approx({"pays": 0.6, "needs_others": 1.2, "fear": 0.6, "greed": 0.6})


@pytest.mark.parametrize(("factor", "fails"), [(0.9, "pays"), (4.4, "fear and greed")])
def test_games_without_a_dilemma_are_told(factor, fails):
    found = schelling(SETTING, "give", "take", seeds=[0], play=public_goods(factor))
    assert not found.dilemma
    assert found.pays == (fails != "pays")
    assert (found.fear or found.greed) == (fails == "pays")


def test_margins_are_paired_by_seed():
    # Luck that all agents of an episode share moves the returns, and no difference of them.
    found = schelling(SETTING, "give", "take", seeds=range(5), play=public_goods(1.6, luck=100.0))
    for margin in found.margins.values():
        assert margin.high - margin.low < 1e-9
    one = schelling(SETTING, "give", "take", seeds=[3], play=public_goods(1.6))
    assert one.margins["greed"].low is None


def test_a_stag_hunt_has_fear_and_no_greed():
    found = Schelling(np.array([[0.0], [4.0]]), np.array([[2.0], [2.0]]))
    assert (found.pays, found.needs_others, found.fear, found.greed) == (True, True, True, False)
    assert found.dilemma


def test_an_invader_among_givers_gains_what_it_saves():
    found = invasion(SETTING, "give", "take", [0], public_goods(1.6))
    assert found.invader == pytest.approx(1.6 * 3 / 4)
    assert found.host == pytest.approx(1.6 * 3 / 4 - 1)
    assert found.peaceful == pytest.approx(0.6)
    assert not found.resisted
    assert invasion(SETTING, "take", "give", [0], public_goods(1.6)).resisted


def test_a_cleaner_lets_others_eat():
    setting = Setting("cleanup", map="cleanup_small", agents=3, horizon=120)
    cleaner, eater = policy_source("cleaner"), policy_source("nearest_apple")
    found = invasion(setting, cleaner, eater, [0])
    assert found.invader > 0 > found.host
