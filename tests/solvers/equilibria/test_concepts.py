"""Solution concepts by name: one kind of answer for games of every kind."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from nashforge.solvers.equilibria import nash, solve_concept
from nashforge.solvers.equilibria.concepts import CONCEPTS, PARAMETERS, ConceptError


@pytest.mark.parametrize("concept", CONCEPTS)
def test_every_concept_tells_its_method_parameters_and_strategies(concept: str) -> None:
    found = solve_concept("7 0 / 5 9 ; 4 11 / 6 2", concept)
    assert set(found.parameters) == set(PARAMETERS.get(concept, ()))
    assert found.method
    assert not found.extensive
    for player in found.players:
        (choice,) = player.strategy
        assert sum(choice.probabilities) == pytest.approx(1)
    assert json.loads(json.dumps(found.as_dict()))["concept"] == concept


def test_players_are_worth_what_they_play() -> None:
    rows, columns = [[7, 0], [5, 9]], [[4, 11], [6, 2]]
    x, y = nash(rows, columns)[0], nash(rows, columns)[1]
    found = solve_concept("7 0 / 5 9 ; 4 11 / 6 2", "nash")
    assert found.players[0].value == pytest.approx(float(x @ rows @ y))
    assert found.players[1].value == pytest.approx(float(x @ columns @ y))
    assert found.players[0].strategy[0].probabilities == pytest.approx(tuple(x))


def test_parameters_are_those_fitted_to_people_unless_given() -> None:
    assert solve_concept("SC4", "rqe").parameters["tau"] == (0.1, 30.0)
    assert solve_concept("SC4", "rqe", tau=(1.0, 2.0)).parameters["tau"] == (1.0, 2.0)
    both = solve_concept("SC4", "rqe", tau=1, epsilon=2.0).parameters
    assert (both["tau"], both["epsilon"]) == ((1, 1), (2.0, 2.0))
    nobody = solve_concept("0 10 / 10 0 ; 1 0 / 0 1", "rqe").parameters
    assert (nobody["tau"], nobody["epsilon"]) == ((1.0, 1.0), (1.0, 0.1))


@pytest.mark.parametrize(
    ("concept", "given"),
    [
        ("nash", {"tau": 1.0}),
        ("nash", {"tau": np.ones(2)}),
        ("qre", {"objective": "fairness"}),
        ("rqe", {"rationality": "x"}),
        ("security", {"leader": 1}),
    ],
)
def test_a_parameter_of_another_concept_is_refused(concept: str, given: dict[str, Any]) -> None:
    (name,) = given
    with pytest.raises(ConceptError, match=rf"^{name} is a parameter of .*, not of {concept}; leave it out$"):
        solve_concept("7 0 / 5 9 ; 4 11 / 6 2", concept, **given)


def test_extensive_games_have_information_sets_and_two_concepts() -> None:
    found = solve_concept("kuhn_poker", "nash")
    assert found.extensive
    assert found.players[0].value == pytest.approx(-1 / 18)
    assert found.players[0].strategy[0].names == ("Pass", "Bet")
    assert found.certificate["exploitability"] < 1e-9
    with pytest.raises(ConceptError, match="nash or security"):
        solve_concept("kuhn_poker", "qre")
    with pytest.raises(ConceptError, match="no concept 'maximin'"):
        solve_concept("SC4", "maximin")
