"""Whatever takes a game takes it in every form: a game string, a game of pyspiel, a compiled one, a file."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyspiel
import pytest

import nashforge as nf
from nashforge.games import NodeLimitError
from nashforge.solvers import best_response_values

NAME = "matrix_pd"
FILE = 'NFG 1 R "dilemma" { "A" "B" } { 2 2 }\n5 5 10 0 0 10 1 1\n'
"""The same game but for the names of its actions: the first player's action varies fastest."""
MIXED = (np.array([0.25, 0.75]), np.array([0.5, 0.5]))

CALLS: dict[str, Callable[[Any], Any]] = {
    "CFR": lambda game: nf.CFR(game, "cfr").step(3).policy,
    "PSRO": lambda game: nf.PSRO(game, "uniform", horizon=3).step(2).policy,
    "Solver": lambda game: nf.Solver(game, "cfr_plus").step(3).policy,
    "best_response": lambda game: nf.best_response(game, MIXED, 1),
    "compile": lambda game: nf.compile(game).leaf_payoffs,
    "disguise": lambda game: nf.disguise(game, 3).form.leaf_payoffs,
    "equilibrium": lambda game: nf.equilibrium(game, "nash").players[0].value,
    "expected_values": lambda game: nf.expected_values(game, MIXED),
    "exploitability": lambda game: nf.exploitability(game, MIXED),
    "from_openspiel": lambda game: nf.from_openspiel(game, nf.to_openspiel(NAME, MIXED)),
    "nash": lambda game: nf.nash(game)[0],
    "nash_conv": lambda game: nf.nash_conv(game, MIXED),
    "qre": lambda game: nf.qre(game, rationality=1.0)[0],
    "rqe": lambda game: nf.rqe(game, tau=1.0, epsilon=1.0)[0],
    "security": lambda game: nf.security(game, player=1)[0],
    "solve": lambda game: nf.solve(game, "dcfr", iterations=3).policy,
    "stackelberg": lambda game: nf.stackelberg(game).values,
    "to_openspiel": lambda game: nf.to_openspiel(game, MIXED).action_probability_array,
    "uniform_profile": lambda game: nf.uniform_profile(game),
}
OF_OPENSPIEL = {"from_openspiel", "to_openspiel"}
"""A policy of OpenSpiel is of a game that OpenSpiel plays."""


def numbers(answer: Any) -> np.ndarray[Any, Any]:
    """Return what was answered as one flat array."""
    parts = [answer] if np.isscalar(answer) else list(answer)
    return np.concatenate([np.ravel(part) for part in parts])


def test_all_that_take_a_game_are_here() -> None:
    takes = set()
    for name in nf.__all__:
        found = getattr(nf, name)
        if callable(found) and next(iter(inspect.signature(found).parameters), "") in ("game", "form"):
            takes.add(name)
    # MCCFR plays histories, which forms and tables of payoffs have none of: tests/solvers/mccfr
    assert takes - {"Solution", "MCCFR"} == set(CALLS)


@pytest.mark.parametrize("name", CALLS)
def test_it_takes_every_form(name: str, tmp_path: Path) -> None:
    path = tmp_path / "dilemma.nfg"
    path.write_text(FILE)
    call = CALLS[name]
    forms = [pyspiel.load_game(NAME), nf.compile(NAME)]
    if name not in OF_OPENSPIEL:
        forms += [path, str(path), nf.compile(path)]
    expected = numbers(call(NAME))
    for form in forms:
        np.testing.assert_allclose(numbers(call(form)), expected, rtol=1e-12, atol=1e-12)


def test_learners_and_values_of_best_responses_do_too(tmp_path: Path) -> None:
    path = tmp_path / "dilemma.nfg"
    path.write_text(FILE)
    expected = best_response_values(NAME, MIXED)
    for form in (pyspiel.load_game(NAME), nf.compile(NAME), path, str(path)):
        assert best_response_values(form, MIXED).tolist() == expected.tolist()
        assert nf.solve(form, kind="rqe", iterations=2).iterations == 2


def test_a_game_that_was_compiled_beyond_the_usual_limit_is_taken_as_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    form = nf.compile("kuhn_poker")
    monkeypatch.setenv("NASHFORGE_MAX_NODES", "5")
    assert nf.exploitability(form, nf.uniform_profile(form)) > 0
    assert nf.compile(form) is form
    with pytest.raises(NodeLimitError, match="more than 57 histories"):
        nf.compile(form, max_nodes=57)


def test_a_policy_of_openspiel_is_of_the_game_that_was_given() -> None:
    game = pyspiel.load_game("matrix_pd")
    policy = nf.to_openspiel(game, MIXED)
    assert policy.game.get_type().dynamics == pyspiel.GameType.Dynamics.SEQUENTIAL
    assert [part.tolist() for part in nf.from_openspiel(game, policy)] == [part.tolist() for part in MIXED]
