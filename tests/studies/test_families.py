"""The cost and the small half of the benchmark of games, and the page about it."""

from __future__ import annotations

import pytest

from benchmarks import families
from nashforge import games


def row(game: str, sequences: int, seconds: float, **more) -> families.Row:
    known = {
        "suite": "bench-train",
        "family": "poker",
        "players": 2,
        "histories": 100,
        "infosets": 10,
        "zero_sum": True,
        "compiling": 0.1,
        "slowest": 1.0,
        "rules": 13,
        "at_floor": 0.0,
        "spread": 0.5,
    }
    return families.Row(game=game, sequences=sequences, timed=seconds, **{**known, **more})


def test_the_small_half_has_at_most_the_median_of_sequences_and_plays_the_longest_horizon():
    rows = [row("a", 10, 1.0), row("b", 20, 2.0), row("c", 30, 3.0)]
    assert families.small_half(rows) == {"a", "b"}
    # 1,110 iterations of all, 10,000 more of the small half, at three scales.
    assert families.cost(rows) == pytest.approx(3 * (1.11 * 6 + 10 * 3))


def test_of_test_games_nothing_is_measured_that_tells_who_wins(monkeypatch):
    suite = games.Suite.model_validate({"name": "x", "purpose": "y", "families": {"poker": ["kuhn_poker"]}})
    monkeypatch.setattr(families.games, "load_suite", lambda name: suite)
    bench = families.BENCHES["psro"]
    (train,) = families.measured(bench, "psro-bench-train", ["uniform", "nash"], {})
    (test,) = families.measured(bench, "psro-bench-test", ["uniform", "nash"], {})
    assert train.spread > 0
    assert test.spread is None
    assert train.at_floor == test.at_floor == 0.5
    assert list(families.measured(bench, "psro-bench-test", ["nash"], {"kuhn_poker": test})) == [test]


def test_the_page_has_all_games_families_and_generators():
    rows = [
        row("kuhn_poker", 10, 1.0),
        row("pursuit", 20, 1.0, family="pursuit", suite="bench-test", spread=None),
    ]
    page = families.page(families.BENCHES["cfr"], rows)
    for word in (
        "| `kuhn_poker` | train |",
        "| `pursuit` | test |",
        "**`random_tree`**",
        "2 games of 2 families",
    ):
        assert word in page


def test_every_family_of_the_benchmark_has_a_source():
    suites = [games.load_suite(name) for name in families.BENCHES["cfr"].suites]
    assert {family for suite in suites for family in suite.families} == set(families.FAMILIES)
