"""Looks at test families: every measurement that played one counts, whoever asked for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from nashforge import games
from nashforge.archive import Archive, NewEvaluation, Status
from nashforge.evolve.benchmarking.looks import looks
from nashforge.evolve.domains import domain

TEST = games.load_suite("bench-test").games[0]


@pytest.mark.parametrize(
    ("suite", "played", "counts"),
    [
        ("bench-test", [], True),
        ("games", [TEST], True),
        ("games", [f"{TEST} (disguised, 100 iterations)"], True),
        ("bench-train", ["leduc_poker"], False),
        ("games", ["leduc_poker", "kuhn_poker"], False),
    ],
)
def test_games_of_test_families_are_looks(
    suite: str, played: list[str], counts: bool, tmp_path: Path
) -> None:
    work = domain("cfr")
    with Archive.open(str(tmp_path / "a.db")) as archive:
        program = archive.programs.add(work.source("cfr"), "cfr")
        row = NewEvaluation(program=program.hash, suite=suite, status=Status.OK, settings={"games": played})
        stored = archive.evaluations.add(row)
        assert looks(work, archive.evaluations.find(program=program)) == ([stored] if counts else [])
        assert looks(domain("gathering"), [stored]) == []
