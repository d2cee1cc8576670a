"""Measures of joint policies: their definitions on one-shot games, and what must hold in extensive ones."""

from __future__ import annotations

import dataclasses
import gc
import weakref

import numpy as np
import pytest

from nashforge import games
from nashforge.games.matrix import bimatrix, human_game
from nashforge.games.matrix.layout import own_rows
from nashforge.solvers.equilibria import rqe, security
from nashforge.solvers.equilibria.gaps import matrix_gaps, rqe_gap
from nashforge.solvers.metrics.profile import ProfilePlay
from nashforge.solvers.metrics.registry import (
    EPISODES,
    SEQUENCE_FORM,
    Measure,
    Parameters,
    UndefinedMetricError,
    measured,
    measures,
    register,
)
from nashforge.solvers.metrics.robustness import risk_adjusted_values, robustness_curve, security_values
from nashforge.solvers.metrics.social import (
    cross_play,
    free_riding,
    one_shot_free_riding,
    price_of_anarchy,
    shares_rewards,
)
from nashforge.solvers.risk import DIVERGENCES, Risk, risk_adjusted
from nashforge.solvers.risk.dilated import DilatedValue, seats
from nashforge.solvers.sequence_form.profile import (
    Profile,
    expected_values,
    realization_plans,
    uniform_profile,
)


def dilated_value(form: games.SequenceForm, profile: Profile, player: int, risk: Risk) -> DilatedValue:
    return seats(form).evaluate(profile, player, risk, realization_plans(form, profile))


def profile_of(form: games.SequenceForm, seed: int) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    found = []
    for treeplex in form.treeplexes:
        pieces = [rng.dirichlet(np.ones(n)) for n in np.diff(treeplex.start)]
        found.append(np.concatenate(pieces))
    return tuple(found)


@pytest.mark.parametrize("divergence", DIVERGENCES)
def test_dilated_values_are_the_matrix_definition_on_one_shot_games(divergence: str) -> None:
    form = games.compile("matrix_pd")
    game = bimatrix("matrix_pd")
    for seed in range(5):
        profile = profile_of(form, seed)
        found = risk_adjusted_values(form, profile, Risk(0.6, divergence))
        for i in (0, 1):
            exact = risk_adjusted(
                own_rows(*game.payoffs)[i], profile[i], profile[1 - i], tau=0.6, divergence=divergence
            )
            assert found[i] == pytest.approx(exact.value, abs=1e-12)
            dilated = dilated_value(form, profile, i, Risk(0.6, divergence))
            assert dilated.gradient == pytest.approx(exact.gradient)
            assert dilated.policy == pytest.approx(exact.partner)


@pytest.mark.parametrize("game", ["kuhn_poker", "leduc_poker", "kuhn_poker(players=3)"])
def test_the_adversary_of_an_extensive_game_attains_its_value(game: str) -> None:
    form = games.compile(game)
    profile = profile_of(form, 1)
    for player in range(form.players):
        for tau in (1e-4, 0.5, 20.0):
            found = dilated_value(form, profile, player, Risk(tau))
            deviated = list(profile)
            deviated[found.seat] = found.policy
            there = expected_values(form, deviated)[player]
            assert found.value == pytest.approx(there + found.divergence / tau, abs=1e-9)
            plans = realization_plans(form, profile)
            fast = seats(form).value(player, found.seat, plans, profile[found.seat], Risk(tau))
            assert fast == pytest.approx(found.value, abs=1e-12)


def test_the_seats_of_a_game_are_let_go_with_it() -> None:
    form = dataclasses.replace(games.compile("kuhn_poker"))
    dilated_value(form, profile_of(form, 1), 0, Risk(1.0))
    gone = weakref.ref(form)
    del form
    gc.collect()
    assert gone() is None


def test_values_fall_from_the_mean_to_the_security_value() -> None:
    form = games.compile("leduc_poker")
    profile = profile_of(form, 2)
    values = [risk_adjusted_values(form, profile, Risk(tau)) for tau in (0.0, 0.1, 1.0, 10.0, 1e6)]
    assert values[0] == pytest.approx(expected_values(form, profile))
    assert (np.diff(values, axis=0) <= 1e-12).all()
    assert values[-1] == pytest.approx(security_values(form, profile), abs=1e-3)


def test_robustness_is_the_worst_value_within_the_radius() -> None:
    form, game = games.compile("matrix_pd"), bimatrix("matrix_pd")
    profile = profile_of(form, 3)
    radii = [0.0, 0.01, 0.1, 0.5, 50.0]
    curve = robustness_curve(form, profile, 0, radii)
    assert (np.diff(curve) <= 1e-12).all()
    payoffs = profile[0] @ game.payoffs[0]
    grid = np.linspace(1e-9, 1 - 1e-9, 200_001)
    y = profile[1]
    divergence = grid * np.log(grid / y[0]) + (1 - grid) * np.log((1 - grid) / y[1])
    worth = grid * payoffs[0] + (1 - grid) * payoffs[1]
    for radius, value in zip(radii[1:], curve[1:], strict=True):
        assert value == pytest.approx(worth[divergence <= radius].min(), abs=1e-3)


def test_gaps_of_games_of_people() -> None:
    game = human_game("SC4")
    parameters = {"tau": game.kl.tau, "epsilon": game.kl.epsilon, "regularizer": "barrier"}
    uniform = [np.full(2, 0.5)] * 2
    assert matrix_gaps(game.payoffs, uniform, **parameters) == pytest.approx((0.968, 0.531), abs=1e-3)
    found = rqe(*game.payoffs, **parameters)
    assert max(matrix_gaps(game.payoffs, found.strategies, **parameters)) < 1e-12


@pytest.mark.parametrize(("divergence", "regularizer"), [("kl", "barrier"), ("reverse_kl", "entropy")])
def test_gaps_are_zero_at_equilibria_and_positive_elsewhere(divergence: str, regularizer: str) -> None:
    parameters = {
        "tau": (1.0, 2.0),
        "epsilon": (0.8, 0.9),
        "divergence": divergence,
        "regularizer": regularizer,
    }
    for seed in range(5):
        game = bimatrix(f"random(3x4,seed={seed})")
        found = rqe(*game.payoffs, **parameters)
        assert max(matrix_gaps(game.payoffs, found.strategies, **parameters)) < 1e-10
        rng = np.random.default_rng(seed)
        elsewhere = [0.9 * x + 0.1 * rng.dirichlet(np.ones(len(x))) for x in found.strategies]
        assert sum(matrix_gaps(game.payoffs, elsewhere, **parameters)) > 1e-6


def test_gaps_of_extensive_games() -> None:
    form = games.compile("kuhn_poker")
    profile = uniform_profile(form)
    assert rqe_gap(form, profile, tau=0.5, epsilon=0.1) > 0.01
    # A random improvement of one player never gains more than the gap says.
    for seed in range(20):
        other = profile_of(form, seed)
        for tau in (0.0, 0.5):
            gap = rqe_gap(form, profile, tau=tau, epsilon=0.1)
            gain = _objective(form, (other[0], profile[1]), 0, tau, 0.1) - _objective(
                form, profile, 0, tau, 0.1
            )
            assert gain <= gap + 1e-9


def _objective(form: games.SequenceForm, profile: tuple, player: int, tau: float, epsilon: float) -> float:
    plans = realization_plans(form, profile)
    treeplex, policy = form.treeplexes[player], profile[player]
    offset = sum(form.treeplexes[q].sequences + 1 for q in range(player))
    plan = plans[offset : offset + treeplex.sequences]
    entropy = float(np.sum(plan * np.log(policy)))
    return dilated_value(form, profile, player, Risk(tau)).value - epsilon * entropy


def test_security_values_of_security_strategies() -> None:
    form, game = games.compile("matrix_pd"), bimatrix("matrix_pd")
    strategies = tuple(security(*game.payoffs, player=i)[0] for i in (0, 1))
    assert security_values(form, strategies) == pytest.approx(
        [security(*game.payoffs, player=i)[1] for i in (0, 1)]
    )


def test_social_measures() -> None:
    form, game = games.compile("matrix_pd"), bimatrix("matrix_pd")
    cooperate, defect = np.array([1.0, 0.0]), np.array([0.0, 1.0])
    both, neither = ProfilePlay(form, (cooperate, cooperate)), ProfilePlay(form, (defect, defect))
    assert both.welfare() == pytest.approx(10)
    assert price_of_anarchy(game.payoffs, (defect, defect)) == pytest.approx(5)
    assert price_of_anarchy(game.payoffs, (cooperate, cooperate)) == pytest.approx(1)
    assert free_riding([np.array([0.4, 0.0])] * 2, [cooperate, defect]) == pytest.approx(0.4)
    played = cross_play([both, neither])
    assert played.self_play == pytest.approx((5 + 1) / 2)
    assert played.cross_play == pytest.approx((0 + 10) / 2)
    assert played.gap == pytest.approx(-2)
    with pytest.raises(ValueError, match="at least two profiles"):
        cross_play([both])
    with pytest.raises(ValueError, match="positive welfare"):
        price_of_anarchy([-p for p in game.payoffs], (cooperate, cooperate))


def test_every_measure_has_a_direction_and_a_citation() -> None:
    known = measures()
    assert all(measure.citation and measure.title and measure.kinds for measure in known.values())
    assert (known["welfare"].direction, known["rqe_gap"].direction) == ("max", "min")
    assert set(measures(EPISODES)) < set(known)


def test_measures_of_players_are_their_mean() -> None:
    form = games.compile("leduc_poker")
    play, how = ProfilePlay(form, profile_of(form, 4)), Parameters(tau=0.5, radius=0.2)
    found = measured(play, [name for name, one in measures(SEQUENCE_FORM).items() if not one.meets], how)
    assert found["risk_adjusted_value"] == risk_adjusted_values(form, play.profile, Risk(0.5)).mean()
    assert found["security_value"] == security_values(form, play.profile).mean()
    curves = [robustness_curve(form, play.profile, player, [0.2])[0] for player in (0, 1)]
    assert found["robust_value"] == pytest.approx(np.mean(curves))
    assert "price_of_anarchy" not in found


def test_what_is_undefined_or_unknown_is_told() -> None:
    play = ProfilePlay(games.compile("kuhn_poker"))
    with pytest.raises(UndefinedMetricError, match="there is no measure 'charm'"):
        measured(play, ["charm"], Parameters())
    with pytest.raises(UndefinedMetricError, match="price_of_anarchy is defined for one-shot games"):
        measured(play, ["price_of_anarchy"], Parameters())
    with pytest.raises(UndefinedMetricError, match="joint policy of strangers"):
        ProfilePlay(play.form, uniform_profile(play.form)).cross_play_gap()


def test_two_measures_cannot_have_one_name() -> None:
    again = Measure(name="welfare", direction="max", kinds=(EPISODES,), function=lambda play, how: 0.0)
    measures()
    with pytest.raises(ValueError, match="two measures 'welfare'"):
        register(again)


def test_free_riding_is_read_off_payoffs_that_share_a_reward() -> None:
    rng = np.random.default_rng(5)
    reward, costs = rng.normal(size=(3, 4)), [rng.normal(size=3), rng.normal(size=4)]
    payoffs = [reward - costs[0][:, None], reward - costs[1]]
    strategies = [rng.dirichlet(np.ones(3)), rng.dirichlet(np.ones(4))]
    assert one_shot_free_riding(payoffs, strategies) == pytest.approx(free_riding(costs, strategies))
    for seed in range(3):
        first, second = bimatrix(f"cooperation(3x3,seed={seed})").payoffs
        assert shares_rewards(first - second)
    with pytest.raises(ValueError, match="shared reward less private costs"):
        one_shot_free_riding(bimatrix("random(3x3,seed=1)").payoffs, [np.ones(3) / 3] * 2)


@pytest.mark.parametrize("scale", [1e-9, 1e9])
def test_gaps_of_extensive_games_scale_with_payoffs(scale: float) -> None:
    form = games.compile("kuhn_poker")
    profile = profile_of(form, 3)
    scaled = dataclasses.replace(form, leaf_payoffs=form.leaf_payoffs * scale)
    found = rqe_gap(form, profile, tau=0.5, epsilon=0.2)
    again = rqe_gap(scaled, profile, tau=0.5 / scale, epsilon=0.2 * scale)
    assert again == pytest.approx(scale * found, rel=1e-7)
