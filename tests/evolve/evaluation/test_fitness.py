"""How measurements become one number."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nashforge.archive.records import Score
from nashforge.evolve.evaluation.fitness import best_of, fitness_of, floors_of, reference_programs
from nashforge.evolve.evaluation.messages import Fitness

FLOOR = 1e-7
RATIO = Fitness(floor=FLOOR)
POSITIVE = st.floats(1e-6, 1e3)


def ratio(value, reference, fitness=RATIO):
    return fitness_of(fitness, {"a": value}, {"a": reference})


def test_an_order_of_magnitude_below_the_reference_is_one():
    assert ratio(1e-3, 1e-2) == pytest.approx(1.0)
    assert ratio(1e-2, 1e-3) == pytest.approx(-1.0)


def test_games_count_alike():
    found = fitness_of(RATIO, {"a": 1e-3, "b": 1.0}, {"a": 1e-1, "b": 1.0})
    assert found == pytest.approx((2 + 0) / 2)


@pytest.mark.parametrize("value", [0.0, 1e-300, 1e-12, FLOOR])
def test_below_the_floor_nothing_more_is_won(value):
    """Else a game that is solved to rounding would outweigh all others."""
    assert ratio(value, 1e-3) == pytest.approx(4.0)


@pytest.mark.parametrize("reference", [0.0, 1e-15, FLOOR])
def test_a_reference_below_the_floor_asks_for_no_more_than_the_floor(reference):
    assert ratio(1e-6, reference) == pytest.approx(-1.0)
    assert ratio(0.0, reference) == 0.0


def test_the_floor_is_that_of_the_run():
    assert ratio(0.0, 1.0, Fitness(floor=1e-3)) == pytest.approx(3.0)


def test_logarithms_in_objectives_have_the_floor_too():
    scores = [Score(game="a", metric="exploitability", value=0.0)]
    fitness = Fitness(kind="objective", objective="log(exploitability)", floor=1e-5)
    assert fitness_of(fitness, {"a": 0.0}, {}, scores) == pytest.approx(5.0)


@given(POSITIVE, POSITIVE, POSITIVE)
def test_less_is_never_worse_and_the_reference_itself_is_zero(first, second, reference):
    low, high = sorted((first, second))
    assert ratio(low, reference) >= ratio(high, reference)
    assert ratio(reference, reference) == 0.0
    assert ratio(low, high) == pytest.approx(math.log10(high / low), abs=1e-12)


def test_plain_means_have_the_sign_of_what_is_better():
    values = {"a": 1.0, "b": 4.0}
    assert fitness_of(Fitness(kind="value"), values, {}) == 2.5
    assert fitness_of(Fitness(kind="negative"), values, {}) == -2.5


def test_a_missing_reference_is_an_error():
    with pytest.raises(KeyError):
        fitness_of(RATIO, {"a": 1.0}, {})


def test_a_game_counts_no_more_than_the_clip():
    clipped = Fitness(floor=FLOOR, clip=2.0)
    assert ratio(1e-6, 1.0, clipped) == 2.0
    assert ratio(1.0, 1e-6, clipped) == -2.0
    assert ratio(1e-2, 1e-1, clipped) == pytest.approx(1.0)


@pytest.mark.parametrize(("weight", "expected"), [(0.0, 0.0), (0.25, -0.25), (1.0, -1.0)])
def test_the_worst_game_counts_beside_the_mean(weight, expected):
    values, references = {"a": 1e-2, "b": 1e-4}, {"a": 1e-3, "b": 1e-3}
    assert fitness_of(Fitness(worst=weight), values, references) == pytest.approx(expected)


def test_a_floor_of_a_game_comes_before_that_of_all():
    fitness = Fitness(floor=1e-7, floor_relative=1e-4)
    floors = floors_of(fitness, {"a": 10.0})
    assert floors == {"a": pytest.approx(1e-3)}
    assert fitness_of(fitness, {"a": 0.0}, {"a": 1.0}, floors=floors) == pytest.approx(3.0)
    assert fitness_of(fitness, {"a": 0.0}, {"a": 1.0}) == pytest.approx(7.0)
    assert floors_of(Fitness(), {"a": 10.0}) == {}


def test_a_reference_names_one_program_or_several_or_all():
    library = ["cfr", "dcfr", "pcfr"]
    assert reference_programs("dcfr", library) == ("dcfr",)
    assert reference_programs("dcfr, cfr,dcfr", library) == ("dcfr", "cfr")
    assert reference_programs("library", library) == tuple(library)
    assert reference_programs("library", ["library"]) == ("library",), "a program may be called so"
    assert Fitness.model_validate({"reference": ["dcfr", "cfr"]}).reference == "dcfr,cfr"


def test_the_best_reference_of_each_game_counts():
    first, second = {"a": 1.0, "b": 1.0}, {"a": 2.0, "b": 0.5, "c": 3.0}
    assert best_of([first, second]) == {"a": 1.0, "b": 0.5, "c": 3.0}
    assert best_of([first, second], "max") == {"a": 2.0, "b": 1.0, "c": 3.0}
    assert best_of([]) == {}


def test_what_is_not_used_is_not_written():
    """Runs in archives, and digests of what was measured, are older."""
    assert Fitness().model_dump() == {"kind": "log_ratio", "floor": 1e-7, "reference": "dcfr"}
    used = Fitness(floor_relative=1e-6, clip=3.0, worst=0.1)
    assert Fitness.model_validate(used.model_dump()) == used
