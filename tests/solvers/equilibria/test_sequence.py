"""Extensive games by linear programs: known values, and the exact measures of the profiles."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from benchmarks.trees import exact_guarantees, random_tree
from nashforge import games
from nashforge.games.files.extensive import ExtensiveFile, read_efg
from nashforge.solvers.equilibria import security
from nashforge.solvers.equilibria.extensive import guarantees
from nashforge.solvers.equilibria.extensive.guarantees import (
    sequence_guarantees,
    sequence_nash,
    sequence_security,
)
from nashforge.solvers.risk.measures import RiskError
from nashforge.solvers.sequence_form.profile import best_response_values


@pytest.mark.parametrize(("game", "value"), [("kuhn_poker", -1 / 18), ("leduc_poker", -0.0856064240780)])
def test_values_of_poker(game: str, value: float) -> None:
    found = sequence_nash(games.compile(game))
    assert found.values[0] == pytest.approx(value, abs=1e-9)
    assert found.values[1] == pytest.approx(-value, abs=1e-9)
    assert found.exploitability < 1e-9


def test_security_in_a_general_sum_game_is_that_of_its_matrix() -> None:
    form = games.compile("matrix_pd")
    strategy, value = security([[5, 0], [10, 1]])
    for player in (0, 1):
        policy, guaranteed = sequence_security(form, player)
        assert policy == pytest.approx(strategy)
        assert guaranteed == pytest.approx(value)


def test_what_is_guaranteed_holds_against_the_worst_opponent() -> None:
    form = games.compile("kuhn_poker")
    found = sequence_guarantees(form)
    assert -best_response_values(form, found.profile)[::-1] == pytest.approx(np.array(found.values), abs=1e-9)


def test_games_that_no_linear_program_solves() -> None:
    with pytest.raises(games.UnsupportedGameError, match="two players"):
        sequence_security(games.compile("kuhn_poker(players=3)"), 0)
    with pytest.raises(games.UnsupportedGameError, match="do not sum to a constant"):
        sequence_nash(games.compile("matrix_pd"))


def random_game(path: Path, rng: np.random.Generator, penalty: int) -> ExtensiveFile:
    path.write_text(random_tree(rng, depth=4, penalty=Fraction(penalty)))
    return read_efg(path.read_text(), path.name)


@pytest.mark.parametrize(
    "penalty", [10**8, *(pytest.param(p, marks=pytest.mark.slow) for p in (10**7, -(10**9), 10**11))]
)
@pytest.mark.parametrize("program", ["exact", "HiGHS"])
def test_penalties_do_not_hide_the_value(
    penalty: int, program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A penalty of 1e8 must not become the unit in which a value of 1/6 is found: right it is, or refused."""
    if program == "HiGHS":
        monkeypatch.setattr(guarantees, "EXACT_ENTRIES", 0)
    rng, solved = np.random.default_rng(abs(penalty)), 0
    for index in range(50):
        path = tmp_path / f"{index}.efg"
        game = random_game(path, rng, penalty)
        form = games.compile(str(path))
        try:
            found = sequence_guarantees(form)
        except RiskError:
            assert program == "HiGHS"
            continue
        solved += 1
        size = max(1.0, abs(found.values[0]))
        exact = [float(value) for value in exact_guarantees(game, form, found.profile)]
        assert found.values == pytest.approx(exact, rel=1e-9, abs=1e-9)
        assert -1e-9 * size <= -sum(exact) <= 1e-9 * size
        assert all(gap <= 1e-9 * stake for gap, stake in zip(found.regrets, found.stakes, strict=True))
    assert solved >= 10


@pytest.mark.slow
def test_values_are_those_of_gambit(tmp_path: Path) -> None:
    """In rationals, at penalties that version 16.7 can hold: from 1e8 its own answers have regret."""
    gambit = pytest.importorskip("pygambit")
    rng = np.random.default_rng(7)
    for index in range(40):
        path = tmp_path / f"{index}.efg"
        random_game(path, rng, 10**6)
        solved = gambit.nash.lp_solve(gambit.read_efg(path), rational=True).equilibria[0]
        if solved.max_regret() == 0:
            value = float(Fraction(str(solved.payoff(next(iter(solved.game.players))))))
            assert sequence_nash(games.compile(str(path))).values[0] == pytest.approx(value, abs=1e-9)
