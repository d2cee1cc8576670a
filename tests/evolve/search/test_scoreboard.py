"""What a search knows of the outcomes told so far: counts, the best, the gate of validation, failures."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nashforge.archive import Candidate, Parent, Program, Status
from nashforge.evolve.search.scoreboard import RECENT_FAILURES, Outcome, Scoreboard

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def program(index):
    return Program(f"hash{index}", f"name-{index}", "cfr", f"source {index}", None, NOW)


def candidate(index, train=None, validation=None, *, status=None, parents=(), reason=None, island=0):
    """A finished candidate: measured if it has a fitness, else crashed unless another status is given."""
    return Candidate(
        id=100 + index,
        run_id=1,
        run="run",
        index=index,
        status=status or (Status.CRASHED if train is None else Status.OK),
        program=f"hash{index}",
        nickname=f"name-{index}",
        operator="seed" if index == 0 else "mutate",
        proposer="offline",
        island=island,
        reason=reason,
        note=None,
        data={},
        created=NOW,
        finished=NOW,
        train=train,
        validation=validation,
        test=None,
        parents=tuple(Parent(100 + parent) for parent in parents),
    )


def test_the_noise_is_that_of_further_disguises_and_unknown_where_all_are_clipped():
    for copies, expected in (
        ((), None),
        ((-2.0, -2.0), None),
        ((-1.5, -1.5 - 1e-9), None),
        ((0.1, 0.5), 0.08**0.5),
    ):
        board = Scoreboard(5)
        board.tell(Outcome(candidate(0, 1.0, 0.5), copies=copies), program(0))
        if expected is None:
            assert board.noise is None
        else:
            assert board.noise.deviation == pytest.approx(expected)
            assert board.noise.single == pytest.approx(2**0.5 * expected / 2)
            assert board.noise.confirmed == pytest.approx(expected / 2)
            assert board.noise.copies == 2


def told(board, *candidates):
    """Tell outcomes, each with a program of its own."""
    return [board.tell(Outcome(each), program(each.index)) for each in candidates]


def trained(board, *fitness):
    """Tell measured candidates with these training fitnesses, the seed first."""
    told(board, *(candidate(index, train) for index, train in enumerate(fitness)))


def test_before_the_seed_is_told_nothing_is_held_back():
    assert Scoreboard(validate_top=2).gate is None


def test_programs_below_the_seed_are_not_validated():
    board = Scoreboard(validate_top=3)
    trained(board, 0.5, 0.1, -2.0)
    assert board.gate == 0.5


def test_the_gate_rises_to_the_last_of_the_best():
    board = Scoreboard(validate_top=2)
    trained(board, 0.0, 3.0, 1.0, 2.0)
    assert board.gate == 2.0
    told(board, candidate(4, 5.0))
    assert board.gate == 3.0


@given(seed=st.floats(-3, 3), others=st.lists(st.floats(-3, 3), max_size=12), verify=st.integers(1, 5))
def test_the_gate_lets_the_best_through_that_beat_the_seed(seed, others, verify):
    board = Scoreboard(verify)
    trained(board, seed, *others)
    best = sorted([seed, *others], reverse=True)[:verify]
    passed = [train for train in [seed, *others] if train >= board.gate]
    assert sorted(set(passed), reverse=True) == sorted({t for t in best if t >= seed}, reverse=True)


def test_the_best_is_verified_and_good_on_both_kinds_of_games():
    board = Scoreboard(validate_top=3)
    found = told(
        board,
        candidate(0, 0.0, 0.0),
        candidate(1, 9.0),  # not validated
        candidate(2, 2.0, 1.0),
        candidate(3, 5.0, -4.0),  # fits the training games alone
    )
    assert [best for _, best in found] == [True, False, True, False]
    assert board.best.index == 2
    assert board.seed.index == 0


def test_a_tie_leaves_the_older_program_the_best():
    board = Scoreboard(validate_top=3)
    assert [best for _, best in told(board, candidate(0, 1.0, 1.0), candidate(1, 1.0, 1.0))] == [True, False]


def test_evaluations_are_counted_and_repetitions_and_empty_proposals_are_not():
    board = Scoreboard(validate_top=3)
    told(board, candidate(0, 1.0), candidate(1), candidate(2, status=Status.DUPLICATE))
    board.tell(Outcome(replace(candidate(3, status=Status.REJECTED), program=None)), None)
    assert (board.told, board.evaluated) == (4, 2)
    assert board.failed == {"crashed": 1, "duplicate": 1, "rejected": 1}


def test_patience_is_counted_from_the_last_better_training_fitness():
    board = Scoreboard(validate_top=3)
    counts = []
    for each in (
        candidate(0, 1.0),
        candidate(1, 1.0),  # as good is not better
        candidate(2, status=Status.DUPLICATE),  # costs no evaluation
        candidate(3),
        candidate(4, 1.5),
        candidate(5, 1.2),
    ):
        told(board, each)
        counts.append(board.since_best)
    assert counts == [0, 1, 1, 2, 0, 1]


def test_more_is_hopeless_when_patience_is_at_its_end():
    board = Scoreboard(validate_top=3)
    told(board, candidate(0, 1.0), candidate(1, 0.5))
    assert board.hopeless(2, None) is None
    told(board, candidate(2))
    assert board.hopeless(2, None) == "patience"
    assert board.hopeless(None, None) is None


def test_more_is_hopeless_after_so_many_proposals_in_a_row_that_came_to_nothing():
    board = Scoreboard(validate_top=3)

    def nothing(index, status=Status.REJECTED):
        empty = candidate(index, status=status, reason="no edit  in it")
        board.tell(Outcome(replace(empty, program=None, nickname=None)), None)

    told(board, candidate(0, 1.0))
    nothing(1)
    told(board, candidate(2, 0.5))
    nothing(3)
    nothing(4, Status.CANCELLED)  # nobody proposed anything
    assert board.hopeless(None, 2) is None
    nothing(5)
    assert board.hopeless(None, 2).startswith("useless: 2 proposals in a row")
    assert "because: no edit in it;" in board.hopeless(None, 2)


def test_what_a_program_gains_is_measured_against_its_parent_and_the_seed():
    board = Scoreboard(validate_top=3)
    told(board, candidate(0, 1.0), candidate(1, 3.0), candidate(2, -5.0))
    assert board.gain(candidate(3, 4.0, parents=[1])) == pytest.approx(1.0)
    assert board.gain(candidate(3, 2.0, parents=[1])) == 0.0
    assert board.gain(candidate(3, 2.0, parents=[2])) == pytest.approx(1.0)  # the seed is better than it
    assert board.gain(candidate(3, parents=[1])) == 0.0


def test_the_latest_failures_are_kept_with_what_they_were_made_from():
    board = Scoreboard(validate_top=3)
    told(board, candidate(0, 1.0))
    told(board, *(candidate(k, parents=[0], reason=f"ouch {k}", island=k) for k in range(1, 9)))
    assert [failure.index for failure in board.failures] == list(range(9 - RECENT_FAILURES, 9))
    last = board.failures[-1]
    assert (last.reason, last.source, last.status, last.island) == ("ouch 8", "source 8", "crashed", 8)
    assert last.parent.index == 0
    assert last.repairable


def test_a_behaviour_belongs_to_the_first_program_that_showed_it():
    board = Scoreboard(validate_top=3)
    for index in (0, 1):
        board.tell(Outcome(candidate(index, 1.0), fingerprint="same"), program(index))
    assert board.known == {"same": "name-0"}


def test_a_newer_reading_replaces_what_is_held():
    board = Scoreboard(validate_top=3)
    told(board, candidate(0, 1.0, 1.0), candidate(1, 2.0, 2.0))
    board.update(candidate(1, 2.0, 7.0))
    assert (board.best.validation, board.seed.validation) == (7.0, 1.0)
