"""What people give to the functions by mistake is told in a sentence, and never taken for something else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import nashforge as nf
from nashforge.errors import NashforgeError

FORM = nf.compile("kuhn_poker")
UNIFORM = nf.uniform_profile(FORM)


@pytest.mark.parametrize("player", [-1, 2, "0", 0.0, True, None])
def test_a_player_is_one_of_those_there_are(player: Any) -> None:
    with pytest.raises(NashforgeError, match=r"no player .*; choose one of 0 to 1"):
        nf.best_response(FORM, UNIFORM, player=player)
    if player is not None:  # whoever's it is
        with pytest.raises(NashforgeError, match=r"no player .*; choose one of 0 to 1"):
            nf.solve("kuhn_poker", iterations=1).policy("0pb", player=player)


@pytest.mark.parametrize("measure", [nf.exploitability, nf.nash_conv, nf.expected_values])
def test_profiles_are_those_of_the_game(measure: Callable[..., Any]) -> None:
    for wrong in (5, None, "uniform", nf.solve("kuhn_poker", iterations=1), [], UNIFORM[:1], ["a", "b"]):
        with pytest.raises(NashforgeError, match="polic"):
            measure(FORM, wrong)
    assert np.all(np.isfinite(measure(FORM, np.array(UNIFORM))))


def test_policies_of_openspiel_are_of_the_game() -> None:
    for wrong in (5, UNIFORM, "x"):
        with pytest.raises(NashforgeError, match="is no policy of OpenSpiel"):
            nf.from_openspiel(FORM, wrong)
    with pytest.raises(NashforgeError, match="does not cover the information state"):
        nf.from_openspiel(nf.compile("leduc_poker"), nf.to_openspiel(FORM, UNIFORM))


def test_other_things_are_what_they_should_be() -> None:
    with pytest.raises(NashforgeError, match="rationality must be a pair, one number a player, or a number"):
        nf.qre([[1, 2], [3, 4]], rationality="x")  # type: ignore[arg-type]
    with pytest.raises(NashforgeError, match="there is no concept 5; choose one of nash"):
        nf.equilibrium("kuhn_poker", 5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="seed must be a whole number of at least 0, or a generator; got -1"):
        nf.disguise(FORM, -1)
    with pytest.raises(NashforgeError, match="a suite is named, or the path of a file; got 5"):
        nf.load_suite(5)  # type: ignore[arg-type]
