"""Nash, logit QRE and security strategies against Gambit, published values and linear programs."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nashforge.games.matrix import bimatrix, human_game, human_games
from nashforge.solvers.equilibria import nash, qre, rqe, security
from nashforge.solvers.risk import RiskError

sys.path.insert(0, str(Path(__file__).parents[3]))  # benchmarks are not installed

from benchmarks.branches import averse_small_steps, small_steps


@pytest.mark.parametrize("game", human_games(), ids=lambda game: game.name)
def test_nash_equilibria_of_games_played_by_people(game) -> None:
    found = nash(game.payoffs[0], game.payoffs[1])
    assert len(found.equilibria) == 1
    assert (found[0][0], found[1][0]) == pytest.approx(game.nash, abs=1e-3)
    assert found.gaps[0] < 1e-9


@pytest.mark.parametrize(
    ("name", "expected"), [("SC1", (0.042, 0.638)), ("SC2", (0.154, 0.580)), ("SC3", (0.168, 0.770))]
)
def test_published_logit_equilibria(name: str, expected: tuple[float, float]) -> None:
    game = human_game(name)
    found = qre(game.payoffs[0], game.payoffs[1], rationality=1.05)
    assert (found[0][0], found[1][0]) == pytest.approx(expected, abs=1e-3)
    assert found.gap < 1e-10


def test_logit_equilibria_are_those_of_gambit() -> None:
    gambit = pytest.importorskip("pygambit")
    rng = np.random.default_rng(3)
    for _ in range(3):
        first, second = rng.normal(size=(3, 4)), rng.normal(size=(3, 4))
        game = gambit.Game.from_arrays(first, second)
        for point in gambit.qre.logit_solve_lambda(game, [0.5, 2.0, 8.0]):
            expected = [float(point.profile[s]) for player in game.players for s in player.strategies]
            found = qre(first, second, rationality=point.lam)
            assert np.concatenate(found.strategies) == pytest.approx(expected, abs=1e-6)


STAG_HUNT = np.array([[4.0, 1.0], [3.0, 3.0]])


@pytest.mark.parametrize("rationality", [5.0, 10.0, 100.0])
def test_the_principal_branch_is_taken_where_newton_finds_another_equilibrium(rationality: float) -> None:
    """The branch from uniform play ends at the safe action; the mixed fixed point lies elsewhere."""
    found = qre(STAG_HUNT, STAG_HUNT.T, rationality=rationality)
    assert found.principal
    assert found[0] == pytest.approx([0, 1], abs=1e-3)
    assert found[1] == pytest.approx([0, 1], abs=1e-3)
    ends = sorted(round(float(x[0]), 2) for x, _ in found.others)
    assert ends == [round(ends[0], 2), 1.0 if rationality > 5 else 0.99]
    assert 0.66 < ends[0] < 0.74
    assert max(found.other_gaps) < 1e-10
    averse = rqe(STAG_HUNT, STAG_HUNT.T, tau=1e-4, epsilon=1 / rationality)
    assert averse.principal
    assert averse[0] == pytest.approx(found[0], abs=1e-4)


@given(seed=st.integers(0, 10**9), coordination=st.booleans(), exponent=st.floats(0, 3))
@settings(max_examples=40)
def test_logit_equilibria_are_the_ends_of_branches_followed_in_small_steps(
    seed: int, coordination: bool, exponent: float
) -> None:
    rng = np.random.default_rng(seed)
    first = rng.normal(size=rng.integers(2, 5, size=2))
    second = rng.normal(size=first.shape)
    if coordination:
        second = first + 0.2 * second
    rationality = 10**exponent / max(np.ptp(first), np.ptp(second))
    found, end = qre(first, second, rationality=rationality), small_steps(first, second, rationality)
    assert found.converged
    assert found.principal
    assert end is not None
    for mine, theirs in zip(found, end, strict=True):
        assert mine == pytest.approx(theirs, abs=1e-6)


@pytest.mark.parametrize("shape", [(1, 3), (3, 1), (1, 1)])
def test_players_with_one_action(shape: tuple[int, int]) -> None:
    payoffs = np.arange(shape[0] * shape[1], dtype=float).reshape(shape)
    noisy = qre(payoffs, payoffs, rationality=2.0)
    weights = np.exp(2.0 * payoffs.ravel())
    mixed = max(noisy, key=len)
    assert noisy.converged
    assert mixed == pytest.approx(weights / weights.sum())


@pytest.mark.parametrize(("scale", "offset"), [(1e-12, 0), (1e-9, 5), (1e8, 0), (1e12, 1e12), (1, 1e6)])
def test_units_of_utility_change_nothing(scale: float, offset: float) -> None:
    first, second = (payoffs for payoffs in bimatrix("SC4").payoffs)
    plain = qre(first, second, rationality=1.05)
    other = qre(scale * first + offset, scale * second + offset, rationality=1.05 / scale)
    assert other.converged
    assert other.gap <= 1e-10 * sum(other.stakes)
    for x, y in zip(plain, other, strict=True):
        assert x == pytest.approx(y, abs=1e-6)


def test_convergence_is_relative_to_what_is_at_stake() -> None:
    """Uniform play of a dilemma in billionths is no equilibrium, although it loses no more than 1e-9."""
    found = rqe(1e-9 * STAG_HUNT, 1e-9 * STAG_HUNT.T, tau=1e5, epsilon=1e-11)
    expected = rqe(STAG_HUNT, STAG_HUNT.T, tau=1e-4, epsilon=1e-2)
    assert found[0] == pytest.approx(expected[0], abs=1e-6)
    penalty = np.array([[5.0, -1e8], [4.0, 4.0]])
    found = qre(penalty, [[1.0, -1e8], [1.0, 0.0]], rationality=3.0)
    assert found.converged
    u = penalty @ found[1]
    assert found[0][0] / found[0][1] == pytest.approx(np.exp(3.0 * (u[0] - u[1])), rel=1e-6)


def test_nash_equilibria_are_those_of_gambit() -> None:
    gambit = pytest.importorskip("pygambit")
    rng = np.random.default_rng(4)
    for _ in range(5):
        first, second = rng.normal(size=(3, 3)), rng.normal(size=(3, 3))
        game = gambit.Game.from_arrays(first, second)
        theirs = gambit.nash.enummixed_solve(game, rational=False).equilibria
        expected = {
            tuple(round(float(e[s]), 6) + 0.0 for player in game.players for s in player.strategies)
            for e in theirs
        }
        found = nash(first, second)
        assert {tuple(np.round(np.concatenate(e), 6) + 0.0) for e in found.equilibria} == expected


def test_zero_sum_and_large_games() -> None:
    zero_sum = bimatrix("zero_sum(20x30,seed=2)")
    found = nash(*zero_sum.payoffs)
    assert found.method == "complementary pivoting"
    assert found.gaps[0] < 1e-8
    value = found[0] @ zero_sum.payoffs[0] @ found[1]
    assert security(zero_sum.payoffs[0])[1] == pytest.approx(value, abs=1e-9)
    large = nash("random(20x30,seed=1)")
    assert large.method == "complementary pivoting"
    assert max(large.gaps) < 1e-9
    assert not large.complete


def test_security_guarantees_its_value() -> None:
    strategy, value = security(human_game("SC4").payoffs[0])
    assert strategy == pytest.approx([4 / 11, 7 / 11])
    assert value == pytest.approx(63 / 11)
    strategy, value = security([[3, 1], [2, 0]])
    assert strategy == pytest.approx([1, 0])
    assert value == pytest.approx(1)


def test_errors_name_the_value_and_the_rule() -> None:
    with pytest.raises(RiskError, match="rationality"):
        qre(np.ones((2, 2)), np.ones((2, 2)), rationality=0)
    with pytest.raises(RiskError, match=r"the row player's actions as rows, shape \(2, 3\).*transpose it"):
        nash(np.ones((2, 3)), np.ones((3, 2)))


@pytest.mark.slow
@given(seed=st.integers(0, 10**9), barrier=st.booleans(), exponents=st.tuples(*[st.floats(0, 2.5)] * 2))
@settings(max_examples=15)
def test_averse_equilibria_are_the_ends_of_branches_followed_in_small_steps(
    seed: int, barrier: bool, exponents: tuple[float, float]
) -> None:
    rng = np.random.default_rng(seed)
    first = rng.normal(size=rng.integers(2, 4, size=2))
    second = first + 0.2 * rng.normal(size=first.shape)
    how = {
        "tau": 10.0 ** rng.uniform(-4, 1, size=2),
        "epsilon": [float(np.ptp(first)) / 10**exponent for exponent in exponents],
        "regularizer": "barrier" if barrier else "entropy",
    }
    found, end = rqe(first, second, **how), averse_small_steps(first, second, **how)
    assert found.converged
    assert found.principal
    assert end is not None
    for mine, theirs in zip(found, end, strict=True):
        assert mine == pytest.approx(theirs, abs=1e-5)


@pytest.mark.parametrize("divergence", ["kl", "reverse_kl", "chi2", "cvar"])
@pytest.mark.parametrize("shape", [(1, 1), (1, 3), (2, 2)])
def test_payoffs_that_are_all_alike_leave_nothing_to_fear(divergence: str, shape: tuple[int, int]) -> None:
    flat = np.full(shape, 7.0)
    found = rqe(flat, flat, tau=1.0, epsilon=0.5, divergence=divergence)
    assert found.converged
    for strategy in found:
        assert strategy == pytest.approx(np.full(len(strategy), 1 / len(strategy)), abs=1e-9)


@pytest.mark.parametrize(
    ("first", "second", "rationality", "ends"),
    [
        (
            [[1.374248253132098, -0.4357814396478854], [0.2917143658918881, 1.4452692694173763]],
            [[1.3761520032660246, -0.32404939305089964], [0.49198488145618774, 1.4766480355175438]],
            6.829176723772617,
            None,
        ),
        (
            [
                [1.7254482704447394, 0.4206794480317567, 0.3450496908449076],
                [-0.7095911718830923, 2.1867260867319365, 0.10188600247459279],
                [0.1271314058560042, 0.11136822532087765, 1.7413336105009818],
            ],
            [
                [1.7893311144952155, 0.34889678632403265, -0.03527736883029131],
                [-0.7313741174645769, 2.025979717027801, 0.3179186849821698],
                [0.06937810465692867, 0.1280632965422796, 1.5714124193789532],
            ],
            234.18450091249318,
            (1, 1),
        ),
    ],
)
def test_branches_that_pass_closely_are_not_confused(
    first: list, second: list, rationality: float, ends: tuple[int, int] | None
) -> None:
    """Pitchforks that are not quite ones: longer steps ended on the mixed equilibrium between pure ones."""
    found = qre(first, second, rationality=rationality)
    end = small_steps(np.array(first), np.array(second), rationality)
    assert end is not None
    for mine, theirs in zip(found, end, strict=True):
        assert mine == pytest.approx(theirs, abs=1e-6)
    assert ends is None or (int(found[0].argmax()), int(found[1].argmax())) == ends
