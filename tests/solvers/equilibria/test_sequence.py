"""Extensive games by linear programs: known values, and the exact measures of the profiles."""

from __future__ import annotations

import numpy as np
import pytest

from nashforge import games
from nashforge.solvers.equilibria import security
from nashforge.solvers.equilibria.sequence_lp import sequence_guarantees, sequence_nash, sequence_security
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
