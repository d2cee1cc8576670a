"""What a mean hides: games won, tied and lost."""

import pytest

from nashforge.evolve.evaluation.messages import Fitness
from nashforge.evolve.evaluation.standing import Standing, standing, together

VALUES = {"a": 1e-3, "b": 0.95, "c": 1.3, "d": 1e-9}
REFERENCES = {"a": 1.0, "b": 1.0, "c": 1.0, "d": 1e-8}


def test_games_are_won_tied_or_lost_beyond_what_reordering_changes():
    found = standing(Fitness(clip=1.0), VALUES, REFERENCES)
    assert found is not None
    assert (found.wins, found.ties, found.losses) == (1, 2, 1), "below the floor nothing is won"
    assert found.worst == ("c", pytest.approx(-0.1139, abs=1e-4))
    assert found.ratios["a"] == pytest.approx(3.0), "the clip is of the fitness alone"
    assert found.as_dict()["worst"] == {"game": "c", "fitness": found.ratios["c"]}


def test_games_at_a_limit_of_fitness_are_known():
    found = standing(Fitness(clip=1.0), VALUES, REFERENCES)
    assert found is not None
    assert (found.limits, found.limit) == ({"a": "ahead", "d": "floor"}, None)
    few = {label: VALUES[label] for label in ("a", "d")}
    for fitness, values, limit in (
        (Fitness(clip=1.0), few, "several"),
        (Fitness(clip=1.0), {"a": 1e-3}, "ahead"),
        (Fitness(clip=4.0), {"a": 1e-3}, None),
        (Fitness(), {"a": 1e-3}, None),
        (Fitness(clip=2.0), {"a": 1e3, "b": 100.0}, "behind"),
        (Fitness(), {"d": 1e-9}, "floor"),
        (Fitness(floor=1e-10), {"d": 1e-9}, None),
        (Fitness(floor_relative=1e-3), {"d": 1e-9}, "floor"),
    ):
        floors = {"d": 1e-8} if fitness.floor_relative else None
        found = standing(fitness, values, REFERENCES, floors)
        assert found is not None
        assert found.limit == limit
        assert together([found, Standing({"e": 0.0})]).limit is None
        assert together([found]) == found


def test_without_references_nothing_stands():
    assert standing(Fitness(), VALUES, {"a": 1.0}) is None
    assert standing(Fitness(), {}, REFERENCES) is None
    assert standing(Fitness(kind="negative"), VALUES, REFERENCES) is None


def test_suites_are_joined():
    train, validation = Standing({"a": 1.0}), Standing({"b": -1.0})
    assert together([train, None, validation]) == Standing({"a": 1.0, "b": -1.0})
    assert together([None]) is None
