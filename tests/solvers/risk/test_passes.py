"""Quick passes for values alone: the same as the kernels', at any scale, and up whole treeplexes."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from nashforge import games
from nashforge.solvers.risk import DIVERGENCES, Risk
from nashforge.solvers.risk.dilated import seats
from nashforge.solvers.risk.passes import value_pass
from nashforge.solvers.sequence_form.profile import realization_plans

START, PARENT = np.array([0, 6], dtype=np.int32), np.array([6], dtype=np.int32)


def passed(v: np.ndarray, y: np.ndarray, risk: Risk) -> float:
    return float(value_pass(risk.code, START, PARENT, y, np.append(v, 0.0), risk.tau))


def draw(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Payoffs up to 1e4, some of them equal; probabilities down to tiny ones, and exactly 0."""
    rng = np.random.default_rng(seed)
    v, y = rng.normal(size=6) * 10.0 ** rng.uniform(-6, 4), rng.dirichlet(np.full(6, rng.choice([0.2, 5.0])))
    if seed % 3 == 0:
        v, y[rng.integers(6)] = np.round(v, 1), 0.0
    return v, y / y.sum()


@pytest.mark.parametrize("tau", [1e-6, 1e-3, 0.3, 1.0, 30.0, 1e3])
@pytest.mark.parametrize("divergence", DIVERGENCES)
def test_one_information_set_is_the_measure(divergence: str, tau: float) -> None:
    risk = Risk(tau, divergence)
    for seed in range(150):
        v, y = draw(seed)
        assert passed(v, y, risk) == pytest.approx(risk.value(v, y), abs=1e-12 * np.abs(v).max()), seed


def test_chi2_keeps_its_digits_where_the_adversary_drops_actions() -> None:
    """Against exact fractions: the least of ``p v + (p - y)^2 / y / tau`` over all supports."""
    tau = 900.0
    for seed in range(1, 60, 3):
        v, y = draw(seed)
        exact = _exact_chi2([Fraction(x) for x in v], [Fraction(x) for x in y], Fraction(tau))
        assert passed(v, y, Risk(tau, "chi2")) == pytest.approx(float(exact), abs=1e-14 * np.abs(v).max())


def _exact_chi2(v: list[Fraction], y: list[Fraction], tau: Fraction) -> Fraction:
    inside = list(range(len(v)))
    while True:
        mass = sum(y[b] for b in inside)
        c = sum(y[b] * v[b] for b in inside) / mass + 2 * (1 - mass) / (tau * mass)
        kept = [b for b in inside if 1 + tau / 2 * (c - v[b]) > 0]
        if kept == inside:
            break
        inside = kept
    p = [y[b] * (1 + tau / 2 * (c - v[b])) if b in inside else Fraction(0) for b in range(len(v))]
    return sum(p[b] * v[b] + (p[b] - y[b]) ** 2 / y[b] / tau for b in range(len(v)))


@pytest.mark.parametrize("divergence", DIVERGENCES)
def test_values_of_treeplexes_are_those_of_the_pass_that_finds_the_adversary(divergence: str) -> None:
    form = games.compile("leduc_poker")
    rng, arranged = np.random.default_rng(3), seats(form)
    profile = tuple(
        np.concatenate([rng.dirichlet(np.ones(n)) for n in np.diff(treeplex.start)])
        for treeplex in form.treeplexes
    )
    plans = realization_plans(form, profile)
    for tau in (1e-6, 0.01, 1.0, 20.0, 1e3):
        risk = Risk(tau, divergence)
        quick = arranged.value(0, 1, plans, profile[1], risk)
        assert quick == pytest.approx(arranged.against(0, 1, plans, profile[1], risk)[0], abs=1e-11)
