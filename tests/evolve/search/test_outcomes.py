"""From what workers report to what the archive stores, and back."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from nashforge.archive import Status
from nashforge.archive.records import Score
from nashforge.evolve.evaluation.messages import Fitness, Report, Stage, StageReport, Trial
from nashforge.evolve.search.measured.outcomes import (
    curves_of,
    last_values,
    outcome_of,
    settings_of,
    stored,
    stored_outcome,
)

SCORES = (
    Score(game="a", metric="exploitability", value=0.2, iteration=100),
    Score(game="a", metric="exploitability", value=0.5, iteration=10),
    Score(game="b", metric="exploitability", value=0.1, iteration=10),
    Score(game="a", metric="seconds", value=3.0),
)


def report(split="train", digest="d" * 16, token="a" * 32):
    stage = StageReport(
        split=split,
        suite="tiny",
        digest=digest,
        status=Status.OK,
        scores=SCORES,
        fitness=0.5,
        fingerprint="mark",
        started="2026-01-01T00:00:00+00:00",
        wall_seconds=2.0,
        cpu_seconds=1.0,
        tier="strict",
    )
    return Report(token=token, evaluator="7", stages=(stage,), worker="w1")


def row(**changes):
    made = report(**changes)
    return stored(made, made.stages[0], "program", {})


def test_a_report_is_stored_with_all_that_it_says():
    made = row()
    assert (made.program, made.suite, made.suite_digest, made.split) == ("program", "tiny", "d" * 16, "train")
    assert (made.evaluator, made.worker, made.tier, made.status) == ("7", "w1", "strict", Status.OK)
    assert (made.fitness, made.fingerprint, made.cpu_seconds, made.wall_seconds) == (0.5, "mark", 1.0, 2.0)
    assert [(s.game, s.metric, s.value, s.iteration) for s in made.scores] == [
        (s.game, s.metric, s.value, s.iteration) for s in SCORES
    ]


def test_the_same_report_has_the_same_token_and_any_other_has_another():
    """So that a report that arrives twice is stored once, and two stages of one task are both stored."""
    others = [row(split="test"), row(digest="e" * 16), row(token="b" * 32)]
    assert row().token == row().token
    assert len({made.token for made in (row(), *others)}) == 4


def test_the_last_checkpoint_counts_whatever_the_order():
    assert last_values(report().stages[0].scores, "exploitability") == {"a": 0.2, "b": 0.1}


def test_curves_are_in_the_order_of_iterations():
    assert curves_of(SCORES, "exploitability") == {"a": ((10, 0.5), (100, 0.2)), "b": ((10, 0.1),)}


def test_an_outcome_has_final_values_curves_and_times():
    found = outcome_of(None, "mark", SCORES, "exploitability", Fitness())
    assert (found.fingerprint, found.scores, found.seconds) == ("mark", {"a": 0.2, "b": 0.1}, {"a": 3.0})
    assert found.parts == ()


def test_an_objective_has_parts_with_the_floor_of_the_run():
    fitness = Fitness(kind="objective", objective="log(exploitability) + 2*seconds", floor=0.15)
    scores = (
        Score(game="a", metric="exploitability", value=0.001),
        Score(game="a", metric="seconds", value=3.0),
    )
    parts = outcome_of(None, None, scores, "exploitability", fitness).parts
    assert parts == pytest.approx((0.8239087409, -6.0))
    assert outcome_of(None, None, (), "exploitability", fitness).parts == ()


def test_what_numbers_depend_on_is_recorded():
    trials = tuple(Trial(label=name, game="kuhn_poker", iterations=n) for name, n in (("a", 10), ("b", 40)))
    found = settings_of(Stage(split="train", suite="tiny", trials=trials))
    assert (found["horizon"], found["games"]) == (40, ["a", "b"])
    assert found["fitness"]["floor"] == Fitness().floor


def test_reports_of_earlier_versions_are_read() -> None:
    """Scores were objects in the queue; today they are arrays, as short as in the archive."""
    score = {"game": "a", "metric": "exploitability", "value": 0.5, "direction": "min", "iteration": 10}
    head = '{"split": "train", "suite": "s", "digest": "d", "status": "ok", "started": "2026-01-01"'
    old = StageReport.model_validate_json(f'{head}, "wall_seconds": 1, "scores": [{json.dumps(score)}]}}')
    assert old.scores == (Score(**score),)
    assert StageReport.model_validate_json(old.model_dump_json()) == old
    with pytest.raises(ValidationError, match="'min' or 'max'"):
        StageReport.model_validate_json(f'{head}, "wall_seconds": 1, "scores": [["a", "m", 1.0, "up"]]}}')


def test_what_was_imported_counts_until_it_was_measured_here(archive):
    program = archive.programs.add("x = 1", "cfr")
    own = archive.evaluations.add(replace(row(), program=program.hash))
    theirs = replace(own, fingerprint="theirs", scores=(SCORES[2],), imported=datetime.now(UTC))
    run = archive.runs.create("cfr", {})
    made = archive.candidates.add(run, program=program, operator="mutate", proposer="offline")
    brought = replace(made, imported=theirs.imported)
    for candidate, rows, mark, value in (
        (made, (own, theirs), "mark", {"a": 0.2, "b": 0.1}),
        (made, (theirs, own), "mark", {"a": 0.2, "b": 0.1}),
        (made, (theirs,), None, {}),
        (brought, (theirs,), "theirs", {"b": 0.1}),
    ):
        found = stored_outcome(candidate, rows, "exploitability", Fitness())
        assert (found.fingerprint, found.scores) == (mark, value)
