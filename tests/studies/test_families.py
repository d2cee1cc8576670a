"""What is told of the benchmark's games, from an archive that has measured them, and the page about them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from benchmarks import families
from nashforge import games
from nashforge.archive import Archive
from nashforge.evolve.benchmarking.campaign import Campaign
from nashforge.evolve.benchmarking.plan import benchmark_of, cases
from nashforge.evolve.domains import domain
from nashforge.evolve.evaluation.benchmark import Condition
from nashforge.evolve.executors.local import LocalExecutor
from nashforge.evolve.measurement.programs import NamedProgram


def row(game: str, sequences: int, seconds: float, **more) -> families.Row:
    known = {
        "split": "train",
        "family": "poker",
        "players": 2,
        "histories": 100,
        "infosets": 10,
        "programs": 13,
        "compiling": 0.1,
        "slowest": 1.0,
        "at_floor": 0.0,
        "spread": 0.5,
    }
    return families.Row(game=game, sequences=sequences, timed=seconds, **{**known, **more})


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive.open(tmp_path / "a.db") as opened:
        yield opened


def test_of_test_games_nothing_is_told_that_says_who_wins(monkeypatch, archive: Archive):
    suite = games.Suite.model_validate({"name": "x", "purpose": "y", "families": {"poker": ["kuhn_poker"]}})
    monkeypatch.setattr(games, "load_suite", lambda name: suite)
    monkeypatch.setitem(families.ITERATIONS, "psro", 10)
    work = domain("psro")
    with pytest.raises(SystemExit, match="no program of the library has played kuhn_poker"):
        list(families.measured(work, archive))
    two = [NamedProgram(name, work.source(name), "psro", "library") for name in ("uniform", "nash")]
    wanted = cases(work, list(benchmark_of(work).suites.items()), [Condition(10)])
    with closing(LocalExecutor(1)) as executor:
        Campaign(archive, work, two, wanted[:1]).run(executor)
    rows = {found.split: found for found in families.measured(work, archive)}
    assert set(rows) == {"train", "validation", "test"}
    assert rows["train"].spread > 0
    assert rows["test"].spread is None
    assert {found.at_floor for found in rows.values()} == {0.5}
    assert {found.programs for found in rows.values()} == {2}


def test_the_page_has_all_games_families_and_generators():
    rows = [
        row("kuhn_poker", 10, 1.0),
        row("pursuit", 20, 1.0, family="pursuit", split="test", spread=None),
    ]
    page = families.page(domain("cfr"), rows)
    for word in (
        "| `kuhn_poker` | train |",
        "| `pursuit` | test |",
        "**`random_tree`**",
        "2 games of 2 families",
    ):
        assert word in page


def test_every_family_of_the_benchmark_has_a_source():
    suites = [games.load_suite(name) for name in benchmark_of(domain("cfr")).suites.values()]
    assert {family for suite in suites for family in suite.families} == set(families.FAMILIES)
