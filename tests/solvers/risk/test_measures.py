"""Risk measures: values by their definition, gradients by finite differences, limits, and extreme scales."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from nashforge.solvers.risk import DIVERGENCES, Risk, RiskError, risk_adjusted
from nashforge.solvers.risk.utility import joint_payoffs

AVERSE = sorted(set(DIVERGENCES) - {"neutral"})
SCALES = [(tau, scale) for tau in (1e-6, 1e-2, 1.0, 50.0, 1e3) for scale in (1.0, 1e4)]


def price(divergence: str, p: np.ndarray, y: np.ndarray) -> float:
    """The divergence by its definition."""
    if divergence == "kl":
        return float(np.sum(np.where(p > 0, p * np.log(np.maximum(p, 1e-300) / y), 0)))
    if divergence == "reverse_kl":
        return float(np.sum(y * np.log(y / p)))
    return float(np.sum((p - y) ** 2 / y)) if divergence == "chi2" else 0.0


def draw(seed: int) -> tuple[np.ndarray, np.ndarray, np.random.Generator]:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 7))
    return rng.normal(size=n), rng.dirichlet(np.ones(n)), rng


@pytest.mark.parametrize(("tau", "scale"), SCALES)
@pytest.mark.parametrize("divergence", AVERSE)
def test_no_distribution_is_worse_than_the_worst_case(divergence: str, tau: float, scale: float) -> None:
    for seed in range(20):
        v, y, rng = draw(seed)
        value, p, _ = Risk(tau, divergence).worst_case(scale * v, y)
        assert p.min() >= 0
        assert p.sum() == pytest.approx(1, abs=1e-9)
        attained = scale * (p @ v) + price(divergence, p, y) / tau
        assert value == pytest.approx(attained, abs=1e-9 * max(scale, 1 / tau))
        for _ in range(20):
            other = rng.dirichlet(np.ones(len(v)))
            if divergence == "cvar" and (other > (1 + tau) * y).any():
                continue
            assert value <= scale * (other @ v) + price(divergence, other, y) / tau + 1e-9 * scale


@pytest.mark.parametrize(("tau", "scale"), SCALES)
@pytest.mark.parametrize("divergence", [*AVERSE, "neutral"])
def test_gradients_agree_with_finite_differences(divergence: str, tau: float, scale: float) -> None:
    risk, h = Risk(tau, divergence), 1e-6
    for seed in range(20):
        v, y, rng = draw(seed)
        along_v, along_y = rng.normal(size=len(v)), rng.normal(size=len(v))
        along_y = (along_y - along_y.mean()) * y.min()
        _, p, slope = risk.worst_case(scale * v, y)
        # Steps are small beside the scale on which the measure bends.
        step = h * min(1.0, 1 / (tau * scale)) * scale
        by_v = (risk.value(scale * v + step * along_v, y) - risk.value(scale * v - step * along_v, y)) / (
            2 * step
        )
        by_y = (risk.value(scale * v, y + h * along_y) - risk.value(scale * v, y - h * along_y)) / (2 * h)
        rounding = 1e-15 * scale / step
        assert by_v == pytest.approx(p @ along_v, abs=1e-5 + 10 * rounding)
        assert by_y == pytest.approx(slope @ along_y, abs=1e-6 * scale)


@given(st.integers(0, 10**6), st.sampled_from(AVERSE), st.floats(-6, 3))
@settings(max_examples=100)
def test_values_lie_between_the_worst_outcome_and_the_mean(
    seed: int, divergence: str, exponent: float
) -> None:
    v, y, _ = draw(seed)
    value = Risk(10**exponent, divergence).value(v, y)
    assert v.min() - 1e-12 <= value <= y @ v + 1e-12
    more_averse = Risk(2 * 10**exponent, divergence).value(v, y)
    assert more_averse <= value + 1e-12


@given(st.integers(0, 10**6), st.sampled_from(AVERSE), st.floats(-3, 2))
@settings(max_examples=50)
def test_values_move_with_constants_and_are_concave(seed: int, divergence: str, exponent: float) -> None:
    v, y, rng = draw(seed)
    risk = Risk(10**exponent, divergence)
    assert risk.value(v + 3.0, y) == pytest.approx(risk.value(v, y) + 3.0, abs=1e-9)
    other = rng.normal(size=len(v))
    assert risk.value((v + other) / 2, y) >= (risk.value(v, y) + risk.value(other, y)) / 2 - 1e-12


def test_chi2_is_mean_less_variance_where_the_worst_case_is_inside() -> None:
    v, y, tau = np.array([1.0, 2.0, 4.0]), np.array([0.5, 0.3, 0.2]), 0.2
    mean = y @ v
    value, p, _ = Risk(tau, "chi2").worst_case(v, y)
    assert p.min() > 0
    assert value == pytest.approx(mean - tau / 4 * (y @ (v - mean) ** 2), abs=1e-14)


def test_cvar_is_the_linear_program() -> None:
    v, y, _ = draw(5)
    tau = 1.5
    program = linprog(v, A_eq=[np.ones(len(v))], b_eq=[1], bounds=[(0, (1 + tau) * b) for b in y])
    assert Risk(tau, "cvar").value(v, y) == pytest.approx(program.fun, abs=1e-10)


@pytest.mark.parametrize("divergence", AVERSE)
def test_limits_are_the_mean_and_the_worst_outcome(divergence: str) -> None:
    v, y, _ = draw(3)
    assert Risk(0.0, divergence).value(v, y) == pytest.approx(y @ v)
    assert Risk(1e-6, divergence).value(v, y) == pytest.approx(y @ v, abs=1e-5)
    assert Risk(1e6, divergence).value(v, y) == pytest.approx(v.min(), abs=0.01)


@pytest.mark.parametrize("divergence", ["kl", "reverse_kl", "chi2", "cvar"])
def test_partners_that_never_do_what_would_hurt(divergence: str) -> None:
    v, y = np.array([0.0, 1.0, 2.0]), np.array([0.0, 0.5, 0.5])
    value, p, slope = Risk(5.0, divergence).worst_case(v, y)
    assert np.isfinite([value, *p, *slope]).all()
    # Only the reverse divergence lets the adversary play what is never expected.
    assert (p[0] > 0) == (divergence == "reverse_kl")
    assert p.sum() == pytest.approx(1)


def test_one_adversary_for_all_actions_hurts_no_more_than_one_each() -> None:
    for seed in range(20):
        rng = np.random.default_rng(seed)
        R, x, y = rng.normal(size=(3, 4)), rng.dirichlet(np.ones(3)), rng.dirichlet(np.ones(4))
        for divergence in AVERSE:
            one = risk_adjusted(R, x, y, tau=2.0, divergence=divergence)
            each = risk_adjusted(R, x, y, tau=2.0, divergence=divergence, risk="per_action")
            assert one.value >= each.value - 1e-12
            assert each.partner.shape == R.shape
            assert each.value == pytest.approx(x @ each.gradient)
            pure = risk_adjusted(R, [1, 0, 0], y, tau=2.0, divergence=divergence)
            assert pure.value == pytest.approx(each.gradient[0])


def test_gradients_in_the_own_strategy_and_in_the_partner() -> None:
    rng = np.random.default_rng(0)
    R, x, y = rng.normal(size=(3, 4)), rng.dirichlet(np.ones(3)), rng.dirichlet(np.ones(4))
    h = 1e-6
    along_x, along_y = np.array([1, -0.4, -0.6]) * x.min(), np.array([1, -1, 0.5, -0.5]) * y.min()
    for risk in ("aggregate", "per_action"):
        for divergence in AVERSE:

            def value(a: float, b: float, divergence: str = divergence, risk: str = risk) -> float:
                return risk_adjusted(
                    R, x + a * along_x, y + b * along_y, tau=0.7, divergence=divergence, risk=risk
                ).value

            exact = risk_adjusted(R, x, y, tau=0.7, divergence=divergence, risk=risk)
            by_x, by_y = (value(h, 0) - value(-h, 0)) / 2 / h, (value(0, h) - value(0, -h)) / 2 / h
            assert by_x == pytest.approx(exact.gradient @ along_x, abs=1e-7)
            assert by_y == pytest.approx(exact.partner_gradient @ along_y, abs=1e-7)


def test_opponents_of_several_players_are_one_joint_adversary() -> None:
    rng = np.random.default_rng(1)
    tensor = rng.normal(size=(2, 3, 4))
    strategies = [rng.dirichlet(np.ones(k)) for k in tensor.shape]
    for player in range(3):
        others = [strategy for q, strategy in enumerate(strategies) if q != player]
        matrix, joint = joint_payoffs(tensor, player), np.outer(*others).ravel()
        expected = np.einsum("abc,a,b,c->", tensor, *strategies)
        found = risk_adjusted(matrix, strategies[player], joint, tau=0.0)
        assert found.value == pytest.approx(expected)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"tau": -1.0}, "tau must be finite and at least 0; got -1.0"),
        ({"tau": float("inf")}, "security"),
        ({"tau": 1.0, "divergence": "tv"}, "no divergence 'tv'"),
        ({"tau": 1.0, "risk": "both"}, "risk must be"),
        ({"tau": 1.0, "partner": [0.5, 0.6]}, "sum to 1"),
        ({"tau": 1.0, "partner": [1.0]}, "one probability for each of 2"),
        ({"tau": 1.0, "payoffs": [[1.0, np.nan]]}, "finite"),
    ],
)
def test_errors_name_the_value_and_the_rule(arguments: dict, words: str) -> None:
    given_arguments = {"payoffs": [[1.0, 2.0]], "own": [1.0], "partner": [0.5, 0.5], **arguments}
    payoffs, own, partner = (given_arguments.pop(name) for name in ("payoffs", "own", "partner"))
    with pytest.raises(RiskError, match=words):
        risk_adjusted(payoffs, own, partner, **given_arguments)
