"""Risk-averse quantal response equilibria against published and recomputed tables, by their definition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nashforge.games.matrix import human_game, human_games
from nashforge.games.matrix.layout import own_rows
from nashforge.solvers.equilibria import best_response, nash, rqe, security
from nashforge.solvers.equilibria.gaps import matrix_gaps
from nashforge.solvers.equilibria.risk_averse.best_response import regularized_value
from nashforge.solvers.risk import Risk, RiskError

EXACT = {  # P(up), P(left): KL with the barrier, reverse KL with the entropy
    "GHP4": ((0.4680, 0.6542), (0.4460, 0.5972)),
    "SC1": ((0.0810, 0.6920), (0.0969, 0.6825)),
    "SC2": ((0.2142, 0.5245), (0.1310, 0.5256)),
    "SC3": ((0.1636, 0.7936), (0.1880, 0.7658)),
    "SC4": ((0.2881, 0.7366), (0.2900, 0.7310)),
    "SC5": ((0.3282, 0.6648), (0.3250, 0.6633)),
    "SC6": ((0.4596, 0.6105), (0.4449, 0.5931)),
}
PAIRS = [("kl", "entropy"), ("kl", "barrier"), ("reverse_kl", "entropy"), ("reverse_kl", "barrier")]
KINKED = [("chi2", "entropy"), ("chi2", "barrier"), ("cvar", "entropy"), ("cvar", "barrier")]


@pytest.mark.parametrize("name", EXACT)
def test_exact_equilibria_of_games_played_by_people(name: str) -> None:
    game = human_game(name)
    settings_ = ((game.kl, "kl", "barrier"), (game.reverse_kl, "reverse_kl", "entropy"))
    for expected, (fitted, divergence, regularizer) in zip(EXACT[name], settings_, strict=True):
        found = rqe(
            *game.payoffs,
            tau=fitted.tau,
            epsilon=fitted.epsilon,
            divergence=divergence,
            regularizer=regularizer,
        )
        assert (found[0][0], found[1][0]) == pytest.approx(expected, abs=1e-4)
        assert found.gap < 1e-10
        assert found.converged
        assert found.regime == "monotone"
        assert found.unique is True


@pytest.mark.parametrize("game", human_games(), ids=lambda game: game.name)
def test_every_game_of_people_has_a_unique_equilibrium_near_what_they_did(game) -> None:
    found = rqe(*game.payoffs, tau=game.kl.tau, epsilon=game.kl.epsilon, regularizer="barrier")
    assert found.converged
    assert found.unique is True
    assert (found[0][0], found[1][0]) == pytest.approx(game.laboratory_play, abs=0.02)


@pytest.mark.parametrize(
    ("tau", "expected"),
    [(1e-6, (0.559, 0.381)), (0.1, (0.409, 0.381)), (0.5, (0.125, 0.602)), (1.0, (0.076, 0.834))],
)
def test_inspection_game(tau: float, expected: tuple[float, float]) -> None:
    inspectee = [[0, 5], [3, 3]]
    inspector = [[-3, -5], [0, 3]]
    found = rqe(inspectee, inspector, tau=(tau, tau), epsilon=(0.2, 0.2), regularizer="barrier")
    assert (found[0][0], found[1][0]) == pytest.approx(expected, abs=1e-3)
    assert found.gap < 1e-10


CONTRIBUTION = np.array([[0.6, 0.6], [1.0, 0.0]])


@pytest.mark.parametrize(
    ("tau", "symmetric", "asymmetric"),
    [
        (1e-6, 0.5555, (0.1952, 0.8833)),
        (0.25, 0.5701, (0.2261, 0.8696)),
        (0.5, 0.5837, (0.2802, 0.8425)),
        (1.0, 0.6082, None),
    ],
)
def test_contribution_game_and_its_pitchfork(
    tau: float, symmetric: float, asymmetric: tuple[float, float] | None
) -> None:
    found = rqe(CONTRIBUTION, CONTRIBUTION.T, tau=(tau, tau), epsilon=(0.2, 0.2))
    assert (found[0][0], found[1][0]) == pytest.approx((symmetric, symmetric), abs=1e-4)
    others = sorted((x[0], y[0]) for x, y in found.others)
    if asymmetric is None:
        assert others == []
        assert "not proven" in found.message
    else:
        assert others == [pytest.approx(pair, abs=1e-4) for pair in (asymmetric, asymmetric[::-1])]
        assert found.unique is False
        assert found.method == "branch"
        assert "3 equilibria" in found.message


def test_the_pitchfork_is_where_it_was_computed() -> None:
    below = rqe(CONTRIBUTION, CONTRIBUTION.T, tau=(0.826, 0.826), epsilon=(0.2, 0.2))
    above = rqe(CONTRIBUTION, CONTRIBUTION.T, tau=(0.832, 0.832), epsilon=(0.2, 0.2))
    assert len(below.others) == 2
    assert len(above.others) == 0


@pytest.mark.parametrize(("divergence", "regularizer"), [*PAIRS, *KINKED])
@given(seed=st.integers(0, 10**6), exponents=st.tuples(*[st.floats(-1.5, 1.5)] * 4))
@settings(max_examples=12)
def test_no_player_can_improve(divergence: str, regularizer: str, seed: int, exponents: tuple) -> None:
    rng = np.random.default_rng(seed)
    n, m = rng.integers(2, 5, size=2)
    payoffs = rng.normal(size=(n, m)), rng.normal(size=(n, m))
    tau, epsilon = (10 ** exponents[0], 10 ** exponents[1]), (10 ** exponents[2], 10 ** exponents[3])
    found = rqe(*payoffs, tau=tau, epsilon=epsilon, divergence=divergence, regularizer=regularizer)
    if divergence == "cvar" and not found.converged:
        # The adversary of CVaR jumps between corners: such an end is allowed, but has to be told.
        assert "did not converge" in found.message
        return
    assert found.converged, found.message
    for i in (0, 1):
        x, y, risk = found[i], found[1 - i], Risk(tau[i], divergence)
        own = own_rows(*payoffs)[i]
        value = regularized_value(own, x, y, risk, epsilon[i], regularizer)
        for _ in range(20):
            other = rng.dirichlet(np.ones(len(x)))
            mixed = 0.99 * x + 0.01 * other
            for candidate in (other, mixed):
                there = regularized_value(own, candidate, y, risk, epsilon[i], regularizer)
                assert there <= value + 1e-9


@pytest.mark.parametrize(("divergence", "regularizer"), PAIRS)
def test_limits_of_small_parameters_are_nash_and_quantal_response(divergence: str, regularizer: str) -> None:
    game = human_game("SC4")
    found = rqe(
        *game.payoffs,
        tau=(1e-5, 1e-5),
        epsilon=(1e-4, 1e-4),
        divergence=divergence,
        regularizer=regularizer,
    )
    equilibrium = nash(*game.payoffs)
    assert found.converged
    for i in (0, 1):
        assert found[i] == pytest.approx(equilibrium[i], abs=1e-3)


def test_limit_of_great_aversion_is_security() -> None:
    game = human_game("SC4")
    found = rqe(*game.payoffs, tau=(1e3, 1e3), epsilon=(1e-4, 1e-4))
    assert found.converged
    for i, payoffs in enumerate(own_rows(*game.payoffs)):
        strategy, value = security(*game.payoffs, player=i)
        assert found[i] == pytest.approx(strategy, abs=5e-3)
        assert (found[i] @ payoffs).min() == pytest.approx(value, abs=0.02)


@given(seed=st.integers(0, 10**6), exponents=st.tuples(*[st.floats(-3, 2)] * 4))
@settings(max_examples=30)
def test_all_regimes_end_with_an_equilibrium_or_say_that_they_did_not(seed: int, exponents: tuple) -> None:
    rng = np.random.default_rng(seed)
    payoffs = 1e4 * rng.normal(size=(3, 3)), 1e4 * rng.normal(size=(3, 3))
    tau, epsilon = (10 ** exponents[0], 10 ** exponents[1]), (10 ** exponents[2], 10 ** exponents[3])
    found = rqe(*payoffs, tau=tau, epsilon=epsilon)
    assert np.isfinite(np.concatenate(found.strategies)).all()
    assert found.converged == ("did not converge" not in found.message)
    assert found.converged, found.message


def test_large_games_converge_and_do_not_depend_on_the_order_of_players() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(30, 40)), rng.normal(size=(30, 40))
    parameters = {"divergence": "reverse_kl", "regularizer": "entropy"}
    one = rqe(first, second, tau=(2, 3), epsilon=(0.5, 0.4), **parameters)
    other = rqe(second.T, first.T, tau=(3, 2), epsilon=(0.4, 0.5), **parameters)
    assert one.gap < 1e-10
    assert one[0] == pytest.approx(other[1], abs=1e-8)


def test_a_start_finds_a_particular_equilibrium() -> None:
    found = rqe(
        CONTRIBUTION, CONTRIBUTION.T, tau=(0.25, 0.25), epsilon=(0.2, 0.2), start=([0.9, 0.1], [0.2, 0.8])
    )
    assert (found[0][0], found[1][0]) == pytest.approx((0.8696, 0.2261), abs=1e-4)


@pytest.mark.parametrize(("divergence", "regularizer"), [*PAIRS, *KINKED])
def test_best_responses_are_best(divergence: str, regularizer: str) -> None:
    rng = np.random.default_rng(7)
    for _ in range(5):
        payoffs, y = rng.normal(size=(3, 4)), rng.dirichlet(np.ones(4))
        risk = Risk(1.5, divergence)
        best = best_response(payoffs, y, tau=1.5, epsilon=0.1, divergence=divergence, regularizer=regularizer)
        assert best.gap < 1e-9
        for _ in range(50):
            x = rng.dirichlet(np.ones(3))
            assert regularized_value(payoffs, x, y, risk, 0.1, regularizer) <= best.value + 1e-9


def test_errors_name_the_value_and_the_rule() -> None:
    good = {"tau": (1, 1), "epsilon": (1, 1)}
    with pytest.raises(RiskError, match=r"the row player's actions as rows, shape \(2, 3\).*transpose it"):
        rqe(np.ones((2, 3)), np.ones((3, 2)), **good)
    with pytest.raises(RiskError, match="epsilon must be positive"):
        rqe(np.ones((2, 2)), np.ones((2, 2)), tau=(1, 1), epsilon=(0, 1))
    with pytest.raises(RiskError, match="tau must be a pair"):
        rqe(np.ones((2, 2)), np.ones((2, 2)), tau=(1, 1, 1), epsilon=(1, 1))
    with pytest.raises(RiskError, match="no regularizer 'ridge'"):
        rqe(np.ones((2, 2)), np.ones((2, 2)), regularizer="ridge", **good)


def test_a_gap_is_no_less_than_what_another_strategy_gains() -> None:
    """Here Newton's method ends far from the best response: measured against that, everything looked best."""
    own = np.array([[-1e8, 0.0, -1e8], [-2.0, -3e8, 1e8]])
    other = np.array([0.8505138134440104, 0.0030485708573870624, 0.14643761569860245])
    tau, epsilon = 0.01312556754988469, 0.00045538510621366687
    response = best_response(own, other, tau=tau, epsilon=epsilon, divergence="kl", regularizer="entropy")
    (gap, _) = matrix_gaps(
        (own, np.zeros_like(own)), (response.strategy, other), tau=(tau, 1.0), epsilon=(epsilon, 1.0)
    )

    def worth(strategy: np.ndarray) -> float:
        return regularized_value(own, strategy, other, Risk(tau), epsilon, "entropy")

    best = max(worth(np.array([p, 1.0 - p])) for p in np.linspace(0.0, 1.0, 1001))
    assert gap >= best - worth(response.strategy) > 1e3
