"""Values and lower bounds by play."""

from __future__ import annotations

import numpy as np
import pyspiel
import pytest

import nashforge as nf
from nashforge.solvers.mccfr.draws import Stream, Tape, inverse
from nashforge.solvers.mccfr.local import LocalBestResponse
from nashforge.solvers.mccfr.played import Estimate
from nashforge.solvers.programs.arguments import ArgumentError


def test_a_lower_bound_is_below_and_near_exploitability() -> None:
    solver = nf.MCCFR("kuhn_poker", seed=1)
    exact = solver.exploitability  # of uniform play, 0.458
    found = solver.played(4000, response="learned", iterations=1500)
    assert found.lower_bound.low < exact
    assert found.lower_bound.low < found.lower_bound.mean < found.lower_bound.high
    assert found.lower_bound.mean > 0.8 * exact
    assert found.lower_bound.mean == pytest.approx(sum(gain.mean for gain in found.gains) / 2)
    for value, estimate in zip(solver.values(), found.values, strict=True):
        assert estimate.low - 0.05 < value < estimate.high + 0.05


@pytest.mark.parametrize("sampling", ["outcome", "chance"])
def test_responses_are_learned_by_the_scheme(sampling: str) -> None:
    solver = nf.MCCFR("kuhn_poker", sampling=sampling, seed=1)
    found = solver.played(2000, response="learned", iterations=2000)
    assert found.lower_bound.mean > 0.6 * solver.exploitability


def test_intervals_hold_as_often_as_they_say() -> None:
    """The value of uniform play, by seeds of their own: 95 % of 60 are 57, and fewer than 51 are unlikely."""
    solver = nf.MCCFR("kuhn_poker", seed=0)
    exact = solver.values()[0]
    held = sum(
        found.values[0].low <= exact <= found.values[0].high
        for seed in range(60)
        for found in [solver.played(150, seed, response="learned", iterations=1)]
    )
    assert held >= 51


@pytest.mark.parametrize("response", ["local", "learned"])
def test_play_is_fixed_by_its_seed(response: str) -> None:
    solver = nf.MCCFR("kuhn_poker", seed=3).step(100)

    def played(seed: int | None = None) -> object:
        return solver.played(50, seed, response=response, iterations=20)

    assert played() == played() == played(3)
    assert played(4) != played()
    with pytest.raises(ArgumentError, match="episodes must be a whole number of at least 2"):
        solver.played(1)


def test_local_best_responses_are_below_and_near_exploitability() -> None:
    solver = nf.MCCFR("leduc_poker", seed=1).step(30)
    found = solver.played(1500)
    assert (found.response, found.iterations) == ("local", None)
    assert 0.5 * solver.exploitability < found.lower_bound.mean < 1.1 * solver.exploitability


def test_a_local_best_response_does_not_see_hidden_cards() -> None:
    """Its choice is the same whatever the others hold: luck of its own is all else that it hangs on."""
    solver = nf.MCCFR("kuhn_poker", seed=1).step(20)
    policy, game = solver.average_policy, pyspiel.load_game("kuhn_poker")
    choices = set()
    for other in (0, 2):
        state = game.new_initial_state()
        for action in (1, other):
            state.apply_action(action)
        choices.add(tuple(LocalBestResponse(solver._game, policy, 0, seed=5).probabilities(state, 0)))
    assert len(choices) == 1


def test_responses_that_cannot_be_had_are_told() -> None:
    with pytest.raises(ArgumentError, match="there is no response 'loca'; did you mean local"):
        nf.MCCFR("kuhn_poker").played(2, response="loca")
    with pytest.raises(ArgumentError, match="does not draw anew what others hold in liars_dice"):
        nf.MCCFR("liars_dice(dice_sides=2)").played(2, response="local")


def test_an_estimate_is_a_mean_with_a_normal_interval() -> None:
    estimate = Estimate.of(np.array([0.0, 2.0, 1.0, 1.0]))
    half = 1.959963984540054 * np.std([0, 2, 1, 1], ddof=1) / 2
    assert (estimate.mean, estimate.episodes) == (1.0, 4)
    assert (estimate.low, estimate.high) == pytest.approx((1 - half, 1 + half))


def test_a_tape_gives_each_mover_its_own_luck_again() -> None:
    tape = Tape(np.random.default_rng(0))
    even = [0.25] * 4
    first = [tape.index(0, even) for _ in range(20)]
    tape.rewind()
    other = [tape.index(1, even) for _ in range(5)]
    assert [tape.index(0, even) for _ in range(20)] == first
    tape.rewind()
    assert [tape.index(1, even) for _ in range(5)] == other != first[:5]


def test_draws_follow_their_probabilities() -> None:
    assert [inverse(number, [0.0, 0.5, 0.0, 0.5]) for number in (0.0, 0.49, 0.5, 0.999)] == [1, 1, 3, 3]
    assert inverse(0.9999999999, [0.3, 0.3, 0.3999999, 0.0]) == 2, "never what has no probability"
    stream = Stream(np.random.default_rng(1))
    counts = np.bincount([stream.index([0.2, 0.3, 0.5]) for _ in range(9000)]) / 9000
    assert np.abs(counts - [0.2, 0.3, 0.5]).max() < 0.02
