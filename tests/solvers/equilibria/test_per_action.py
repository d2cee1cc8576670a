"""Equilibria with an adversary for every own action: by definition, derivatives, limits, uniqueness."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nashforge.games.matrix import bimatrix, human_game
from nashforge.games.matrix.layout import own_rows
from nashforge.solvers.equilibria import best_response, nash, qre, rqe
from nashforge.solvers.equilibria.gaps import matrix_gaps
from nashforge.solvers.equilibria.risk_averse.best_response import regularized_value
from nashforge.solvers.equilibria.risk_averse.per_action import PerActionProblem, steepness
from nashforge.solvers.risk import Risk, RiskError, risk_adjusted
from nashforge.solvers.risk.utility import action_utilities

ALL = [(d, r) for d in ("kl", "reverse_kl", "chi2", "cvar") for r in ("entropy", "barrier")]
CONTRIBUTION = np.array([[0.6, 0.6], [1.0, 0.0]])


@pytest.mark.parametrize(("divergence", "regularizer"), ALL)
@given(seed=st.integers(0, 10**6), exponents=st.tuples(*[st.floats(-1.5, 1.5)] * 4))
@settings(max_examples=8)
def test_no_player_can_improve(divergence: str, regularizer: str, seed: int, exponents: tuple) -> None:
    rng = np.random.default_rng(seed)
    n, m = rng.integers(2, 5, size=2)
    payoffs = rng.normal(size=(n, m)), rng.normal(size=(n, m))
    tau, epsilon = (10 ** exponents[0], 10 ** exponents[1]), (10 ** exponents[2], 10 ** exponents[3])
    how = {"divergence": divergence, "regularizer": regularizer}
    found = rqe(*payoffs, tau=tau, epsilon=epsilon, risk="per_action", **how)
    assert found.converged == ("did not converge" not in found.message)
    if not found.converged:  # allowed outside the classes that are known, but it has to be told
        assert found.regime == "unproven"
        return
    for i in (0, 1):
        x, y, own = found[i], found[1 - i], own_rows(*payoffs)[i]

        def worth(z: np.ndarray, i: int = i, y: np.ndarray = y, own: np.ndarray = own) -> float:
            value = risk_adjusted(own, z, y, tau=tau[i], divergence=divergence, risk="per_action").value
            neutral = regularized_value(own, z, y, Risk(0.0), epsilon[i], regularizer)
            return value + neutral - float(z @ own @ y)

        for _ in range(10):
            other = rng.dirichlet(np.ones(len(x)))
            assert worth(other) <= worth(x) + 1e-9
            assert worth(0.99 * x + 0.01 * other) <= worth(x) + 1e-9


@given(seed=st.integers(0, 10**6))
@settings(max_examples=20)
def test_gaps_are_zero_at_equilibria_and_positive_elsewhere(seed: int) -> None:
    game, rng = bimatrix(f"random(3x4,seed={seed})"), np.random.default_rng(seed)
    how = {"tau": (1.0, 2.0), "epsilon": (0.8, 0.9), "regularizer": "barrier", "risk": "per_action"}
    found = rqe(*game.payoffs, **how)
    assert sum(matrix_gaps(game.payoffs, found.strategies, **how)) < 1e-10
    elsewhere = [0.9 * x + 0.1 * rng.dirichlet(np.ones(len(x))) for x in found.strategies]
    gaps = matrix_gaps(game.payoffs, elsewhere, **how)
    assert sum(gaps) > 1e-7
    for i in (0, 1):  # and they are what the best reply gains
        own = {"tau": how["tau"][i], "epsilon": how["epsilon"][i], "regularizer": "barrier"}
        best = best_response(own_rows(*game.payoffs)[i], elsewhere[1 - i], risk="per_action", **own).value
        here = regularized_value(
            own_rows(*game.payoffs)[i],
            elsewhere[i],
            elsewhere[1 - i],
            Risk(own["tau"]),
            own["epsilon"],
            "barrier",
            "per_action",
        )
        assert best - here == pytest.approx(gaps[i], abs=1e-10)


@pytest.mark.parametrize(("divergence", "regularizer"), ALL)
def test_the_jacobian_agrees_with_finite_differences(divergence: str, regularizer: str) -> None:
    rng, h = np.random.default_rng(3), 1e-6
    payoffs = rng.normal(size=(3, 4)), rng.normal(size=(4, 3))
    risks = (Risk(0.7, divergence), Risk(1.3, divergence))
    problem = PerActionProblem(payoffs, risks, (0.5, 0.3), regularizer)
    z = problem.start((rng.dirichlet(np.ones(3)), rng.dirichlet(np.ones(4))))
    _, jacobian, by_scale = problem.residual(z, 0.8)
    for j, (own, other) in ((0, (slice(0, 3), slice(3, 7))), (1, (slice(3, 7), slice(0, 3)))):
        del j
        for k in range(other.start, other.stop):
            ahead, back = z.copy(), z.copy()
            ahead[k] += h
            back[k] -= h
            slope = (problem.residual(ahead, 0.8)[0] - problem.residual(back, 0.8)[0])[own] / (2 * h)
            assert slope == pytest.approx(jacobian[own, k], abs=1e-6)
    up, down = (problem.residual(z, 0.8 * np.exp(s))[0] for s in (h, -h))
    assert (up - down) / (2 * h) == pytest.approx(by_scale, abs=1e-6)


@pytest.mark.parametrize("divergence", ["kl", "reverse_kl", "chi2", "cvar"])
def test_limit_of_no_aversion_is_logit_quantal_response_and_nash(divergence: str) -> None:
    game = human_game("SC4")
    noisy = rqe(
        *_payoffs(game), tau=(1e-7, 1e-7), epsilon=(0.5, 0.5), divergence=divergence, risk="per_action"
    )
    for mine, theirs in zip(noisy, qre(*_payoffs(game), rationality=2.0), strict=True):
        assert mine == pytest.approx(theirs, abs=1e-5)
    sharp = rqe(
        *_payoffs(game), tau=(1e-6, 1e-6), epsilon=(1e-4, 1e-4), divergence=divergence, risk="per_action"
    )
    equilibrium = nash(*_payoffs(game))
    for i in (0, 1):
        assert sharp[i] == pytest.approx(equilibrium[i], abs=1e-3)


def test_limit_of_great_aversion_is_the_action_with_the_best_worst_outcome() -> None:
    """One adversary an action: mixing protects from nothing, so that security is pure (before epsilon)."""
    row, column = np.array([[4.0, 0.0], [1.0, 2.0]]), np.array([[3.0, -1.0], [0.0, 0.5]])
    found = rqe(row, column.T, tau=(1e3, 1e3), epsilon=(0.02, 0.02), risk="per_action")
    assert found.converged
    assert found[0] == pytest.approx([0, 1], abs=1e-6)
    assert found[1] == pytest.approx([0, 1], abs=1e-6)
    soft = rqe(row, column.T, tau=(1e3, 1e3), epsilon=(1.0, 1.0), risk="per_action")
    for i, payoffs in enumerate((row, column)):
        weights = np.exp(payoffs.min(axis=1))
        assert soft[i] == pytest.approx(weights / weights.sum(), abs=2e-3)


def test_one_adversary_an_action_differs_from_one_for_all_and_agrees_for_pure_play() -> None:
    game = human_game("SC4")
    how = {"tau": game.kl.tau, "epsilon": game.kl.epsilon, "regularizer": "barrier"}
    one, each = (rqe(*_payoffs(game), risk=risk, **how) for risk in ("aggregate", "per_action"))
    assert abs(one[0][0] - each[0][0]) > 0.1
    assert each.adversaries[0].shape == (2, 2)
    dominant = np.array([[9.0, 8.0], [1.0, 0.0]])
    how = {"tau": (1.0, 1.0), "epsilon": (0.05, 0.05)}
    one, each = (rqe(dominant, dominant, risk=risk, **how) for risk in ("aggregate", "per_action"))
    assert one[0] == pytest.approx(each[0], abs=1e-9)


def test_several_equilibria_are_told_and_the_branch_is_chosen() -> None:
    found = rqe(CONTRIBUTION, CONTRIBUTION.T, tau=(0.5, 0.5), epsilon=(0.2, 0.2), risk="per_action")
    assert found.method == "branch"
    assert found.unique is False
    assert len(found.others) == 2
    assert found[0] == pytest.approx(found[1], abs=1e-9)
    again = rqe(
        CONTRIBUTION,
        CONTRIBUTION.T,
        tau=(0.5, 0.5),
        epsilon=(0.2, 0.2),
        risk="per_action",
        start=found.others[0],
    )
    assert again[0] == pytest.approx(found.others[0][0], abs=1e-6)


@pytest.mark.parametrize("divergence", ["neutral", "kl", "chi2", "cvar"])
@given(seed=st.integers(0, 10**6), exponent=st.floats(-2, 1))
@settings(max_examples=25)
def test_utilities_move_no_more_than_their_bound(divergence: str, seed: int, exponent: float) -> None:
    rng, risk = np.random.default_rng(seed), Risk(10**exponent, divergence)
    payoffs = rng.normal(size=(3, 4))
    bound = steepness(payoffs, risk)
    for _ in range(10):
        y, z = rng.dirichlet(np.full(4, 0.3)), rng.dirichlet(np.full(4, 0.3))
        moved = np.abs(action_utilities(payoffs, y, risk)[0] - action_utilities(payoffs, z, risk)[0]).max()
        assert moved <= 0.5 * bound * np.abs(y - z).sum() + 1e-9


@pytest.mark.parametrize(
    ("divergence", "regularizer"), [("kl", "entropy"), ("chi2", "barrier"), ("cvar", "entropy")]
)
def test_contracting_replies_have_one_equilibrium_that_iteration_reaches(
    divergence: str, regularizer: str
) -> None:
    rng = np.random.default_rng(2)
    payoffs = rng.normal(size=(3, 4)), rng.normal(size=(4, 3))
    how = {"divergence": divergence, "regularizer": regularizer}
    found = rqe(*own_rows(*payoffs), tau=(0.3, 0.2), epsilon=(6.0, 6.0), risk="per_action", **how)
    assert found.regime == "unique"
    assert found.unique is True
    x, y = rng.dirichlet(np.ones(3)), rng.dirichlet(np.ones(4))
    for _ in range(60):
        x, y = (
            best_response(payoffs[0], y, tau=0.3, epsilon=6.0, risk="per_action", **how).strategy,
            best_response(payoffs[1], x, tau=0.2, epsilon=6.0, risk="per_action", **how).strategy,
        )
    assert x == pytest.approx(found[0], abs=1e-9)
    assert y == pytest.approx(found[1], abs=1e-9)
    tight = rqe(*own_rows(*payoffs), tau=(0.3, 0.2), epsilon=(0.1, 0.1), risk="per_action", **how)
    assert tight.regime == "unproven"


def test_extreme_scales_and_large_games() -> None:
    rng = np.random.default_rng(0)
    for tau in (1e-6, 1.0, 1e3):
        payoffs = 1e4 * rng.normal(size=(3, 3)), 1e4 * rng.normal(size=(3, 3))
        found = rqe(*payoffs, tau=(tau, tau), epsilon=(100.0, 100.0), risk="per_action")
        assert found.converged, found.message
    large = bimatrix("random(30x40,seed=1)")
    assert rqe(*large.payoffs, tau=(3, 3), epsilon=(0.2, 0.2), risk="per_action").gap < 1e-10


def test_other_notions_are_refused() -> None:
    for function in (rqe, lambda *payoffs, **how: matrix_gaps(payoffs, [np.ones(1)] * 2, **how)):
        with pytest.raises(RiskError, match="risk must be 'aggregate' or 'per_action'; got 'both'"):
            function(np.ones((1, 1)), np.ones((1, 1)), tau=(1, 1), epsilon=(1, 1), risk="both")


def _payoffs(game) -> tuple[np.ndarray, np.ndarray]:
    return game.payoffs
