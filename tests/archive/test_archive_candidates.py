"""Candidates and their measurements: stored once, in one transaction, replayed in order."""

from __future__ import annotations

from typing import Any

import pytest

from nashforge.archive import Conflict, NewEvaluation, NotFound, Parent, Role, Score, Status
from nashforge.archive.hashing import LOG_LIMIT
from nashforge.archive.records import OPEN, Run
from nashforge.archive.store import Archive

from .conftest import Maker, all_programs


def test_a_candidate_comes_back_as_it_was_stored(archive: Archive, run: Run, make: Maker) -> None:
    first = make.candidate(run, 0)
    program = make.program(1)
    stored = archive.candidates.add(
        run,
        program=program,
        operator="crossover",
        proposer="anthropic:model",
        index=5,
        parents=[Parent(first.id), Parent(first.id, Role.INSPIRATION)],
        island=2,
        note="clip the regrets",
        data={"seed": [1, 2]},
    )
    assert stored == archive.candidates.get(stored.id) == archive.candidates.of(run)[1]
    assert (stored.run, stored.program, stored.nickname) == (run.nickname, program.hash, program.nickname)
    assert (stored.index, stored.island, stored.note, stored.data) == (
        5,
        2,
        "clip the regrets",
        {"seed": [1, 2]},
    )
    assert stored.parents == (Parent(first.id), Parent(first.id, Role.INSPIRATION))
    assert (stored.status, stored.finished) == (Status.PENDING, None)
    assert make.candidate(run, 2).index == 6


def test_what_writing_returns_is_what_is_stored(archive: Archive, run: Run, make: Maker) -> None:
    parent = make.candidate(run, 0)
    opened = archive.candidates.add(
        run, operator="diff", proposer="offline", index=1, parents=[Parent(parent.id)], note="\x00 note"
    )
    assert opened == archive.candidates.get(opened)
    given = archive.candidates.set_program(opened, make.program(2), data={"pair": (1, 2), "model": None})
    assert given == archive.candidates.get(given)
    done = archive.candidates.finish(given, Status.CRASHED, reason="\ud83d broke", data={"calls": (1,)})
    assert done == archive.candidates.get(given)
    failed = archive.candidates.add(
        run, operator="diff", proposer="offline", index=2, status=Status.DUPLICATE, reason="seen"
    )
    assert failed == archive.candidates.get(failed)
    assert failed.finished is not None


def test_an_index_is_used_once(archive: Archive, run: Run, make: Maker) -> None:
    make.candidate(run, 0, index=3)
    with pytest.raises(Conflict, match="already has a candidate at index 3"):
        make.candidate(run, 1, index=3)
    assert make.candidate(archive.runs.create("cfr", {}), 1, index=3).index == 3


def test_what_it_refers_to_must_be_there(archive: Archive, run: Run) -> None:
    for options in ({"program": "0" * 64}, {"parents": [Parent(12345)]}):
        with pytest.raises(Conflict, match="not stored"):
            archive.candidates.add(run, operator="x", proposer="y", **options)  # type: ignore[arg-type]
    with pytest.raises(Conflict, match="not stored"):
        archive.candidates.add(999, operator="x", proposer="y", index=0)
    assert archive.candidates.of(run) == []
    with pytest.raises(NotFound):
        archive.candidates.get(1)


def test_a_failed_proposal_is_a_candidate_without_program(archive: Archive, run: Run) -> None:
    failed = archive.candidates.add(
        run, operator="diff", proposer="x", status=Status.REJECTED, reason="the hunk does not apply"
    )
    assert (failed.program, failed.nickname, failed.status.failed) == (None, None, True)
    assert failed.finished is not None
    with pytest.raises(ValueError, match="becomes 'ok' through"):
        archive.candidates.add(run, operator="x", proposer="y", status=Status.OK)


def test_a_proposal_gets_its_program_once(archive: Archive, run: Run, make: Maker) -> None:
    asked = archive.candidates.add(run, operator="rewrite", proposer="x")
    assert asked.status is Status.PROPOSING
    given = archive.candidates.set_program(asked, make.program(3), note="new", data={"a": 1})
    assert (given.status, given.program, given.note, given.data) == (
        Status.PENDING,
        make.program(3).hash,
        "new",
        {"a": 1},
    )
    with pytest.raises(Conflict, match="is pending, not being proposed"):
        archive.candidates.set_program(asked, make.program(4))


def test_finishing_stores_everything_once(archive: Archive, run: Run, make: Maker) -> None:
    candidate = make.candidate(run, 1)
    stage = NewEvaluation(
        program=candidate.program or "",
        suite="stage",
        split="stage",
        status=Status.OK,
        seeds=(1, 2),
        settings={"iterations": 50},
        tier="landlock",
        worker="w",
        log="fine",
        cpu_seconds=0.5,
        wall_seconds=0.75,
        peak_memory=2**40,
        fingerprint="f",
    )
    train = make.measured(candidate.program, 0.5)

    def finish() -> bool:
        return archive.candidates.finish(
            candidate,
            Status.OK,
            evaluations=[stage, train],
            train=0.5,
            validation=-0.25,
            data={"k": 1},
            state={"rng": 3},
        )

    assert finish()
    assert not finish()
    done = archive.candidates.get(candidate)
    assert (done.status, done.train, done.validation, done.test) == (Status.OK, 0.5, -0.25, None)
    assert (done.data, archive.runs.get_value(run, "rng")) == ({"k": 1}, 3)
    assert done.finished is not None
    first, second = archive.evaluations.find(candidate=candidate)
    for name in (
        "token",
        "program",
        "suite",
        "split",
        "seeds",
        "settings",
        "tier",
        "worker",
        "log",
        "status",
    ):
        assert getattr(first, name) == getattr(stage, name), name
    for name in ("cpu_seconds", "wall_seconds", "peak_memory", "fingerprint"):
        assert getattr(first, name) == getattr(stage, name), name
    assert (second.scores, second.fitness, second.run_id) == (train.scores, 0.5, run.id)
    assert not archive.candidates.finish(candidate, Status.CRASHED, reason="late")
    assert archive.candidates.get(candidate) == done


def test_what_fails_in_the_middle_leaves_nothing(archive: Archive, run: Run, make: Maker) -> None:
    candidate = make.candidate(run, 1)
    good, bad = make.measured(candidate.program), make.measured("0" * 64)
    with pytest.raises(Conflict):
        archive.candidates.finish(candidate, Status.OK, evaluations=[good, bad], train=1.0, state={"a": 1})
    assert archive.candidates.get(candidate) == candidate
    assert archive.evaluations.find() == []
    assert archive.runs.get_value(run, "a") is None
    assert archive.candidates.finish(candidate, Status.OK, evaluations=[good], train=1.0)


def test_failures_have_no_score(archive: Archive, run: Run, make: Maker) -> None:
    candidate = make.candidate(run, 1)
    with pytest.raises(ValueError, match="must have no fitness"):
        archive.candidates.finish(candidate, Status.CRASHED, train=0.0)
    with pytest.raises(ValueError, match="no scores and no fitness"):
        NewEvaluation(program="x", suite="s", status=Status.TIMEOUT, fitness=0.0)
    with pytest.raises(ValueError, match="must be finite"):
        archive.candidates.finish(candidate, Status.OK, train=float("nan"))
    for status in (Status.PENDING, Status.RUNNING, Status.PROPOSING):
        with pytest.raises(ValueError, match="finish"):
            archive.candidates.finish(candidate, status)
        with pytest.raises(ValueError, match="finished"):
            NewEvaluation(program="x", suite="s", status=status)
    archive.candidates.finish(candidate, Status.TIMEOUT, reason="10 s")
    with pytest.raises(Conflict, match="can have no fitness"):
        archive.candidates.set_fitness(candidate, test=1.0)


@pytest.mark.parametrize(
    "scores",
    [
        (Score("g", "m", float("inf")),),
        (Score("g", "m", 1.0, "up"),),
        (Score("g", "m", 1.0), Score("g", "m", 2.0)),
        (Score("g", "m", 1.0, iteration=3), Score("g", "m", 1.0, iteration=3)),
    ],
)
def test_scores_are_checked(scores: tuple[Score, ...]) -> None:
    with pytest.raises(ValueError):
        NewEvaluation(program="x", suite="s", status=Status.OK, scores=scores)


def test_fitness_can_come_later(archive: Archive, run: Run, make: Maker) -> None:
    candidate = make.finished(run, 1, 0.5)
    later = archive.candidates.set_fitness(candidate, test=0.25)
    assert (later.train, later.validation, later.test) == (0.5, None, 0.25)
    assert archive.candidates.set_fitness(candidate) == later


def test_replay_gives_every_outcome_in_order(archive: Archive, run: Run, make: Maker) -> None:
    order = [4, 0, 3, 1, 2, 6]
    for index in order:
        make.candidate(run, index, index=index)
    by_index = {c.index: c for c in archive.candidates.of(run)}
    for index in (3, 0, 4):
        candidate = by_index[index]
        evaluation = make.measured(candidate.program, index / 10)
        archive.candidates.finish(candidate, Status.OK, evaluations=[evaluation], train=index / 10)
    archive.candidates.finish(by_index[1], Status.CRASHED)
    outcomes = list(archive.candidates.outcomes(run, page=2))
    assert [c.index for c, _ in outcomes] == [0, 1, 2, 3, 4, 6]
    assert [[e.fitness for e in evaluations] for _, evaluations in outcomes] == [
        [0.0],
        [],
        [],
        [0.3],
        [0.4],
        [],
    ]
    assert outcomes[3][1][0].scores == make.measured("x", 0.3).scores
    assert [c.index for c in archive.candidates.of(run, status=OPEN)] == [2, 6]
    assert [c.index for c in archive.candidates.of(run, start=2, limit=2)] == [2, 3]


def test_measurements_stand_side_by_side(archive: Archive, make: Maker) -> None:
    program = make.program(1)
    first = archive.evaluations.add(make.measured(program, 0.1))
    second = archive.evaluations.add(make.measured(program, 0.2))
    failure = NewEvaluation(program=program.hash, suite="cfr-train", suite_digest="d1", status=Status.TIMEOUT)
    archive.evaluations.add(failure)
    assert archive.evaluations.add(failure).token == failure.token
    assert archive.evaluations.find(program=program, status=[Status.OK]) == [first, second]
    assert len(archive.evaluations.find(program=program)) == 3
    assert archive.evaluations.find(program=program, limit=2)[0] == second
    assert archive.evaluations.find(split="test") == []
    cached = archive.evaluations.cached(program, suite_digest="d1", evaluator="1", split="train")
    assert cached == second
    different: list[dict[str, Any]] = [
        {"split": "validation"},
        {"split": None},
        {"seeds": [1]},
        {"settings": {"iterations": 5}},
        {"evaluator": "2"},
        {"suite_digest": "d2"},
    ]
    for change in different:
        wanted = {"suite_digest": "d1", "evaluator": "1", "split": "train", **change}
        assert archive.evaluations.cached(program, **wanted) is None


def test_any_text_can_be_logged(archive: Archive, run: Run, make: Maker) -> None:
    candidate = make.candidate(run, 1)
    nasty = "\x00\ud800\u202e é" + "x" * (2 * LOG_LIMIT) + "end"
    archive.candidates.finish(
        candidate,
        Status.CRASHED,
        reason=nasty,
        evaluations=[
            NewEvaluation(
                program=candidate.program or "", suite="s", status=Status.CRASHED, log=nasty, reason=nasty
            )
        ],
    )
    (evaluation,) = archive.evaluations.find(candidate=candidate)
    for text in (evaluation.log, evaluation.reason, archive.candidates.get(candidate).reason):
        assert text is not None
        assert len(text) < LOG_LIMIT + 100
        assert text.startswith("\ufffd?\u202e é")
        assert text.endswith("end")
        assert "characters left out" in text


def test_a_block_is_one_transaction(archive: Archive, run: Run, make: Maker) -> None:
    class Interrupted(Exception):
        pass

    def half() -> None:
        with archive.database.transaction():
            candidate = make.candidate(run, 1)
            assert archive.candidates.get(candidate) == candidate
            raise Interrupted

    with pytest.raises(Interrupted):
        half()
    assert archive.candidates.of(run) == []
    assert all_programs(archive) == []
    with archive.database.transaction():
        make.candidate(run, 1)
    assert len(archive.candidates.of(run)) == 1


def test_an_attempt_undoes_itself_and_not_what_is_around_it(archive: Archive, run: Run, make: Maker) -> None:
    class Refused(Exception):
        pass

    def refused() -> None:
        with archive.database.savepoint():
            make.candidate(run, 2)
            raise Refused

    with archive.database.transaction():
        kept = [make.candidate(run, 1)]
        with pytest.raises(Refused):
            refused()
        with archive.database.savepoint():
            kept.append(make.candidate(run, 3))
    assert archive.candidates.of(run) == kept
    with pytest.raises(Refused):
        refused()
    assert archive.candidates.of(run) == kept
