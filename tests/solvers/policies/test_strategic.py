"""Strategic measures of policies, against a game whose payoffs are known, and against plain episodes."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from nashforge.games.dilemmas import Setting
from nashforge.games.dilemmas.kernels import BEAMS, CLEANINGS, TALLY_ROWS
from nashforge.solvers.metrics.registry import Parameters, UndefinedMetricError, measured, measures
from nashforge.solvers.policies import policy_source
from nashforge.solvers.policies.episode import self_play
from nashforge.solvers.policies.library import policy_names
from nashforge.solvers.policies.strategic import HOSTILE, Encounters, episodes, private_costs

SETTING = Setting("cleanup", map="cleanup_small", agents=4, horizon=20)


def public_goods(setting, sources, seed):
    """Whoever runs 'give' cleans twice, at 1 each, and all share 3.2 for each of them."""
    gives = np.array([source == "give" for source in sources])
    tally = np.zeros((TALLY_ROWS, len(sources)), dtype=np.int64)
    tally[CLEANINGS] = 2 * gives
    returns = 3.2 * gives.sum() / len(sources) - gives
    return SimpleNamespace(setting=setting, returns=returns, by_founder=returns, tally=tally)


def test_measures_of_a_public_goods_game_are_those_of_the_formula():
    play_names = ("cross_play_gap", "worst_cross_play", "hostile_value", "welfare", "free_riding")
    found = measured(Encounters(SETTING, "give", 0, public_goods), play_names, Parameters())
    assert found == pytest.approx(
        {
            "cross_play_gap": 1.6,  # 2.2 among four givers, 0.6 among two
            "worst_cross_play": 0.6,
            "hostile_value": -0.2,
            "welfare": 8.8,
            "free_riding": 0.0,
        }
    )


def test_who_pays_in_a_mixed_group():
    mixed = public_goods(SETTING, ["give", "take", "take", "give"], 0)
    mixed.tally[BEAMS, 1] = 5
    assert private_costs(mixed).tolist() == [2, 5, 0, 2]
    assert not private_costs(public_goods(Setting("gathering", agents=4), ["give"] * 4, 0)).any()


def test_the_best_known_policy_has_no_price_of_anarchy():
    sums = {name: self_play(SETTING, policy_source(name), [3])[0].returns.sum() for name in policy_names()}
    best = max(sums, key=sums.get)
    for name in (best, "nearest_apple", "cleaner"):
        met = Encounters(SETTING, policy_source(name), 3)
        assert met.welfare() == sums[name]
        if sums[name] > 0:
            assert met.price_of_anarchy() == pytest.approx(sums[best] / sums[name])
        else:
            with pytest.raises(UndefinedMetricError, match="nobody earned"):
                met.price_of_anarchy()  # the ratio would mean nothing
    assert sums["cleaner"] < 0


def test_no_more_is_played_than_the_measures_need():
    played = []

    def play(setting, sources, seed):
        played.append(sources)
        return public_goods(setting, sources, seed)

    for names in (["welfare"], ["hostile_value"], ["worst_cross_play", "hostile_value"]):
        played.clear()
        met = Encounters(SETTING, "give", 0, play)
        assert met.alike
        measured(met, names, Parameters())
        assert len(played) == episodes(names)
    assert episodes(["hostile_value"]) == 1 + len(HOSTILE)


@pytest.mark.parametrize(
    ("setting", "name", "words"),
    [
        (Setting("gathering"), "free_riding", "those of gathering.* are not"),
        (Setting("cleanup", agents=1), "hostile_value", "needs partners"),
    ],
)
def test_what_is_undefined_is_told(setting, name, words):
    with pytest.raises(UndefinedMetricError, match=words):
        measures()[name].check(Encounters(setting), Parameters())
