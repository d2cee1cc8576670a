"""What a summary says of measurements that were made up: by hand-computed values."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest

from nashforge.archive import Program, Status
from nashforge.archive.records import Score
from nashforge.evolve.benchmarking.plan import Case
from nashforge.evolve.benchmarking.statistics import Record
from nashforge.evolve.benchmarking.summary import Summary
from nashforge.evolve.evaluation.messages import Trial
from nashforge.evolve.measurement.program_results import ProgramResult


def case(game: str, family: str, iterations: int = 100, scale: float = 1.0, floor: float = 1e-7) -> Case:
    trial = Trial(label=game, game=game, iterations=iterations, scale=scale)
    return Case(game, family, "suite", "train", trial, floor, cost=1.0)


def result(label: str, of: Case, value: float | None, last: float | None = None) -> ProgramResult:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    return ProgramResult(
        label=label,
        program=Program(label, label, "cfr", "", None, now),
        game=of.game,
        iterations=of.iterations,
        metric="exploitability",
        status=Status.OK if value is not None else Status.CRASHED,
        value=value,
        curve=(),
        scores=() if last is None else (Score(of.game, "last_iterate", last),),
        seconds=0.2 if value is not None else None,
        cpu_seconds=0.1 if value is not None else None,
    )


POKER, DICE, BOTH = case("poker", "cards"), case("dice", "dice"), case("poker", "cards", 1000)


def summary(values: dict[Case, tuple[float | None, float | None]]) -> Summary:
    results = {
        (label, one): result(label, one, value)
        for one, pair in values.items()
        for label, value in zip(("new", "dcfr"), pair, strict=True)
    }
    return Summary.of(["new", "dcfr"], "dcfr", list(values), results)


def test_ratios_are_means_over_the_horizons_of_a_game_then_over_games() -> None:
    told = summary({POKER: (1e-2, 1e-1), BOTH: (1e-4, 1e-1), DICE: (1e-1, 1e-1)})
    new, reference = told.standings
    assert (new.label, reference.label) == ("new", "dcfr")
    assert new.ratio is not None
    assert new.ratio.value == pytest.approx(1.0)  # poker 2, dice 0
    assert (new.ratio.low, new.ratio.high) == pytest.approx((0.0, 2.0))
    assert new.by_iterations[100].value == pytest.approx(0.5)
    assert new.by_iterations[1000].value == pytest.approx(3.0)
    assert new.by_family == pytest.approx({"cards": 2.0, "dice": 0.0})
    assert new.record == Record(2, 1, 0)
    assert told.pair("dcfr", "new", 100) == Record(0, 1, 1)
    assert new.worst == (0.0, "dice", 100)
    assert reference.ratio is not None
    assert reference.ratio.value == 0.0


def test_values_below_the_floor_of_their_game_are_alike() -> None:
    rich = case("rich", "cards", floor=1e-5)
    told = summary({rich: (1e-12, 1e-6), DICE: (1e-12, 1e-6)})
    new = told.standings[0]
    assert told.pair("new", "dcfr") == Record(1, 1, 0)
    assert new.by_family == pytest.approx({"cards": 0.0, "dice": 1.0})


def test_a_failure_loses_and_ranks_last() -> None:
    told = summary({POKER: (None, 1e-1), DICE: (1e-6, 1e-1)})
    reference, new = told.standings
    assert new.label == "new"
    assert new.failures == 1
    assert new.record == Record(1, 0, 1)
    assert new.by_family == pytest.approx({"dice": 5.0})
    assert new.near_best[-1] == 0.5
    assert reference.failures == 0


def test_only_what_all_have_played_is_compared() -> None:
    results = {(label, POKER): result(label, POKER, 1.0) for label in ("new", "dcfr")}
    results["new", DICE] = result("new", DICE, 1e-6)
    told = Summary.of(["new", "dcfr"], "dcfr", [POKER, DICE], results)
    assert (told.cases, told.planned) == ((POKER,), 2)
    assert told.pair("new", "dcfr") == Record(0, 1, 0)


def test_scales_are_compared_with_the_same_game_without() -> None:
    big, other = case("poker", "cards", scale=100.0), case("dice", "dice", scale=0.01)
    told = summary({POKER: (1e-2, 1.0), DICE: (1e-2, 1.0), big: (1e-1, 1.0), other: (1e-2, 1.0)})
    new, reference = told.standings
    assert new.by_scale == pytest.approx({0.01: 0.0, 100.0: -1.0})
    assert new.scale_difference == pytest.approx(9.0)
    assert reference.scale_difference == 0.0
    assert told.plain == (POKER, DICE)  # copies are no games of their own
    assert new.record == Record(2, 0, 0)


def test_the_last_iterate_is_told_against_the_average_of_the_reference() -> None:
    results = {
        ("new", POKER): result("new", POKER, 1e-3, last=1e-2),
        ("dcfr", POKER): result("dcfr", POKER, 1e-1, last=1.0),
    }
    told = Summary.of(["new", "dcfr"], "dcfr", [POKER], results)
    assert {one.label: one.last_iterate for one in told.standings} == pytest.approx(
        {"new": 1.0, "dcfr": -1.0}
    )


def test_times_are_of_an_iteration() -> None:
    [new, _] = summary({POKER: (1e-2, 1e-1), BOTH: (1e-2, 1e-1)}).standings
    assert new.wall_seconds == pytest.approx((0.2 / 100 + 0.2 / 1000) / 2)
    assert new.cpu_seconds == pytest.approx((0.1 / 100 + 0.1 / 1000) / 2)


def test_one_family_has_an_interval_over_its_games_and_one_game_none() -> None:
    told = summary({POKER: (1e-2, 1e-1), case("other", "cards"): (1e-1, 1e-1)})
    found = told.standings[0].ratio
    assert found is not None
    assert (found.low, found.high) == pytest.approx((0.0, 1.0))
    alone = summary({POKER: (1e-2, 1e-1)}).standings[0].ratio
    assert alone is not None
    assert math.isclose(alone.low, alone.high)


def test_without_a_case_that_all_have_played_there_is_nothing_to_tell() -> None:
    told = Summary.of(["new", "dcfr"], "dcfr", [POKER], {})
    [new, reference] = sorted(told.standings, key=lambda one: one.label, reverse=True)
    assert (told.iterations, told.families, told.profile([1.0])) == ((), (), {})
    assert (new.ratio, new.worst, new.record, new.near_best) == (None, None, Record(0, 0, 0), ())
    assert reference.scale_difference is None
