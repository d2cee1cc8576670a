"""Long lines of descent and large families are told in few steps, the ones that matter."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from nashforge.archive import Archive, Candidate, NewEvaluation, Parent, Run, Status
from nashforge.evolve.results.lineage import family_of
from nashforge.evolve.search.population.ranking import line_of, line_of_descent, milestones

NOW = datetime(2026, 1, 1, tzinfo=UTC)
STEPS = 120


def step(index: int, train: float | None) -> Candidate:
    """Return a candidate that was only made up."""
    values = dict.fromkeys(Candidate.__dataclass_fields__)
    made: Candidate = Candidate(**values)  # type: ignore[arg-type]
    return replace(made, id=index, index=index, train=train, created=NOW)


def test_short_lines_are_told_whole() -> None:
    assert milestones([step(n, 0.0) for n in range(5)], 5) == [0, 1, 2, 3, 4]
    assert milestones([], 5) == []


def test_long_lines_are_told_by_what_raised_the_fitness_most() -> None:
    values = [0.0, 0.1, 0.1, 2.0, 1.0, 1.5, 2.1, 2.05, 5.0, 5.0, 5.01, 5.0]
    line = [step(n, value) for n, value in enumerate(values)]
    assert milestones(line, 4) == [0, 3, 8, 11]
    # A fall and the way back to what was reached before raise nothing.
    assert milestones(line, 5) == [0, 3, 6, 8, 11] or milestones(line, 5) == [0, 1, 3, 8, 11]
    assert set(milestones(line, 7)) == {0, 1, 3, 6, 8, 10, 11}
    unknown = [replace(one, train=None) for one in line]
    assert milestones(unknown, 3) == [0, 10, 11]


def test_a_circle_of_first_parents_ends() -> None:
    assert line_of({3: 2, 2: 1, 1: 3}, 3) == [3, 2, 1]
    assert line_of({}, 7) == [7]


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """An archive with a run whose best program has come a long way, with a side branch at every step."""
    path: Path = tmp_path_factory.mktemp("long") / "a.db"
    with Archive.open(path) as archive, archive.database.transaction():
        run: Run = archive.runs.create("cfr", {}, nickname="long")
        before = None
        for index in range(2 * STEPS):
            program = archive.programs.add(f"X = {index}\n", "cfr")
            parents = [] if before is None else [Parent(before.id)]
            note = f"the constant became {index}, because it was {'much ' * 30}too small"
            item = archive.candidates.add(
                run, program=program, operator="mutate", proposer="offline", note=note, parents=parents
            )
            value = index / 100 if index % 2 == 0 else -1.0
            measured = NewEvaluation(program=program.hash, suite="s", split="train", status=Status.OK)
            done = archive.candidates.finish(item, Status.OK, evaluations=[measured], train=value)
            assert done is not None
            before = done if index % 2 == 0 else before
        assert before is not None
        assert before.nickname is not None
        return path, before.nickname


def test_the_family_of_a_long_run_is_its_best_and_their_lines(long: tuple[Path, str]) -> None:
    with Archive.open(long[0]) as archive:
        whole = family_of(archive, "long")
        assert (len(whole.members), whole.complete) == (2 * STEPS, True)
        few = family_of(archive, "long", limit=STEPS + 3)
        assert not few.complete
        assert len(few.members) <= STEPS + 3
        # The line to the best is whole, and everything descends from its beginning.
        assert few.best == whole.best
        assert len(few.best) == STEPS
        assert [member.index for member in few.roots()] == [0]
        near = family_of(archive, long[1], limit=10)
        assert (len(near.members), near.complete) == (10, False)
        assert family_of(archive, long[1]).complete


def test_the_header_of_an_exported_program_tells_a_long_way_in_forty_lines(long: tuple[Path, str]) -> None:
    from nashforge.cli.commands.export import DESCENT_LINES, _story

    with Archive.open(long[0]) as archive:
        program = archive.programs.get(long[1])
        story = _story(archive, program)
        [best] = archive.candidates.of_program(program)
        line = line_of_descent(archive, best)
    assert len(line) == STEPS
    start = next(place for place, text in enumerate(story) if text.startswith("Lineage"))
    told = [text for text in story[start + 1 :] if text.startswith("  ")]
    assert f"of {STEPS} steps" in story[start]
    assert len(told) < DESCENT_LINES == 40
    assert "#0 " in told[0]
    assert any(f"#{best.index} " in text for text in told)


def test_a_report_shows_a_long_way_in_forty_steps(long: tuple[Path, str]) -> None:
    from nashforge.evolve.results.report import STEPS as TOLD
    from nashforge.evolve.results.report import report_of

    with Archive.open(long[0]) as archive:
        steps = report_of(archive, archive.runs.get("long")).descent
    assert len(steps) == TOLD
    assert sum(item.left_out for item in steps) == STEPS - TOLD
    first, *others = steps
    assert first.change == ""
    # Each shows what it changed in the program that it was made from, told or not.
    for item in others:
        index = item.candidate.index
        assert f"-X = {index - 2}\n+X = {index}" in item.change
