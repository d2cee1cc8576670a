"""Nash, logit QRE and security strategies against Gambit, published values and linear programs."""

from __future__ import annotations

import numpy as np
import pytest

from games.matrix import bimatrix, human_game, human_games
from solvers.equilibria import nash, qre, security
from solvers.risk import RiskError


@pytest.mark.parametrize("game", human_games(), ids=lambda game: game.name)
def test_nash_equilibria_of_games_played_by_people(game) -> None:
    found = nash(game.payoffs_1, game.payoffs_2)
    assert len(found.equilibria) == 1
    assert (found[0][0], found[1][0]) == pytest.approx(game.nash, abs=1e-3)
    assert found.gaps[0] < 1e-9


@pytest.mark.parametrize(
    ("name", "expected"), [("SC1", (0.042, 0.638)), ("SC2", (0.154, 0.580)), ("SC3", (0.168, 0.770))]
)
def test_published_logit_equilibria(name: str, expected: tuple[float, float]) -> None:
    game = human_game(name)
    found = qre(game.payoffs_1, game.payoffs_2, rationality=1.05)
    assert (found[0][0], found[1][0]) == pytest.approx(expected, abs=1e-3)
    assert found.gap < 1e-10


def test_logit_equilibria_are_those_of_gambit() -> None:
    gambit = pytest.importorskip("pygambit")
    rng = np.random.default_rng(3)
    for _ in range(3):
        first, second = rng.normal(size=(3, 4)), rng.normal(size=(4, 3))
        game = gambit.Game.from_arrays(first, second.T)
        for point in gambit.qre.logit_solve_lambda(game, [0.5, 2.0, 8.0]):
            expected = [float(point.profile[s]) for player in game.players for s in player.strategies]
            found = qre(first, second, rationality=point.lam)
            assert np.concatenate(found.strategies) == pytest.approx(expected, abs=1e-6)


def test_nash_equilibria_are_those_of_gambit() -> None:
    gambit = pytest.importorskip("pygambit")
    rng = np.random.default_rng(4)
    for _ in range(5):
        first, second = rng.normal(size=(3, 3)), rng.normal(size=(3, 3))
        game = gambit.Game.from_arrays(first, second.T)
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
    assert found.method == "linear program"
    assert found.gaps[0] < 1e-8
    value = found[0] @ zero_sum.payoffs_1 @ found[1]
    assert security(zero_sum.payoffs_1)[1] == pytest.approx(value, abs=1e-9)
    large = nash(*bimatrix("random(9,seed=1)").payoffs)
    assert large.method == "mixed-integer program"
    assert max(large.gaps) < 1e-9
    assert not large.complete


def test_security_guarantees_its_value() -> None:
    strategy, value = security(human_game("SC4").payoffs_1)
    assert strategy == pytest.approx([4 / 11, 7 / 11])
    assert value == pytest.approx(63 / 11)
    strategy, value = security([[3, 1], [2, 0]])
    assert strategy == pytest.approx([1, 0])
    assert value == pytest.approx(1)


def test_errors_name_the_value_and_the_rule() -> None:
    with pytest.raises(RiskError, match="rationality"):
        qre(np.ones((2, 2)), np.ones((2, 2)), rationality=0)
    with pytest.raises(RiskError, match="own actions as rows"):
        nash(np.ones((2, 3)), np.ones((2, 3)))
