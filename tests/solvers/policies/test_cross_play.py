"""Cross-play, against games whose payoffs are known."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from nashforge.games.dilemmas import Setting
from nashforge.solvers.policies.cross_play import cross_play, mixed

SETTING = Setting("gathering", map="gathering_small", agents=4, horizon=10)


def public_goods(factor, luck=0.0):
    """Return what plays a public goods game: who runs 'give' pays 1, and all share ``factor`` times that."""

    def play(setting, sources, seed):
        gives = np.array([source == "give" for source in sources])
        share = factor * gives.sum() / len(sources)
        return SimpleNamespace(by_founder=share - gives + luck * seed)

    return play


def test_cross_play_seats_half_and_half():
    matrix = cross_play(SETTING, ["give", "take"], [0, 1], public_goods(1.6))
    np.testing.assert_allclose(matrix, [[0.6, -0.2], [0.8, 0.0]])


def test_seats_are_drawn_by_seed_and_policies_that_nobody_runs_are_left_out():
    seats = []

    def play(setting, sources, seed):
        seats.append(tuple(sources))
        return SimpleNamespace(by_founder=np.zeros(len(sources)))

    found = mixed(SETTING, {"give": 2, "take": 2, "none": 0}, range(12), play)
    assert set(found) == {"give", "take"}
    assert all(sorted(seated) == ["give", "give", "take", "take"] for seated in seats)
    assert len(set(seats)) > 3
    again = len(seats)
    mixed(SETTING, {"give": 2, "take": 2}, range(12), play)
    assert seats[again:] == seats[:again]


def test_a_policy_found_twice_is_no_stranger_to_itself():
    once = cross_play(SETTING, ["give", "take"], [0, 1], public_goods(1.6))
    twice = cross_play(SETTING, ["give", "take", "give"], [0, 1], public_goods(1.6))
    assert twice[0, 2] == twice[2, 0] == once[0, 0]
    assert twice[2, 1] == once[0, 1]
