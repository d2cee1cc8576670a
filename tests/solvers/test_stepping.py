"""Solvers that are driven by hand do what `solve` does, can be asked on the way, and start from policies."""

from __future__ import annotations

import pickle
from itertools import count
from types import SimpleNamespace

import numpy as np
import pyspiel
import pytest
from open_spiel.python.algorithms import cfr
from open_spiel.python.algorithms.exploitability import exploitability, nash_conv

import nashforge as nf
from nashforge.errors import NashforgeError
from nashforge.games import GameError
from nashforge.solvers.cfr.rules import rule_names
from nashforge.solvers.programs import trajectory
from nashforge.solvers.programs.arguments import ArgumentError
from nashforge.solvers.programs.policies import UnknownStateError
from nashforge.solvers.sequence_form.profile import PolicyError

WARM = ("cfr", "cfr_plus", "dcfr", "pcfr_plus", "dcfr_plus", "apcfr_plus")
"""Rules that play in proportion to positive regrets, and weigh all iterations."""


def distance(one, other) -> float:
    return max(float(np.abs(a - b).max()) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("program", ["dcfr", "nash", "mirror_descent"])
def test_steps_are_those_of_solve(program: str) -> None:
    game = "SC4" if program == "mirror_descent" else "kuhn_poker"
    whole = nf.solve(game, program, 20)
    solver = nf.Solver(game, program, horizon=20)
    assert solver.step(7).step().iteration == 8
    solver.step(12)
    assert solver.exploitability == whole.gap
    assert distance(solver.policy, whole.policy) == 0
    assert solver.solution().gap == whole.gap
    assert repr(solver).endswith("after 20 iterations>")


def test_what_is_in_play_is_that_of_openspiel() -> None:
    theirs = cfr.CFRSolver(pyspiel.load_game("kuhn_poker"))
    solver = nf.CFR("kuhn_poker", "cfr", horizon=5)
    for _ in range(5):
        theirs.evaluate_and_update_policy()
        solver.step()
        for mine, other in (
            (solver.current_policy, theirs.current_policy()),
            (solver.average_policy, theirs.average_policy()),
        ):
            assert distance(mine, nf.from_openspiel(solver.game, other)) < 1e-12


def test_a_run_stops_at_the_target_and_goes_on() -> None:
    solver = nf.CFR("leduc_poker", horizon=500)
    reached = solver.run(target=0.05)
    assert (reached.stopped, reached.exploitability <= 0.05) == ("target", True)
    assert 1 < reached.iterations < 500
    better = solver.run(100, checkpoints=())
    assert better.iterations == reached.iterations + 100
    assert better.exploitability < reached.exploitability
    assert [point.iteration for point in solver.curve] == sorted(p.iteration for p in solver.curve)
    assert solver.solution().curve == tuple(solver.curve)


def test_seconds_are_those_of_all_iterations_however_they_were_made(monkeypatch) -> None:
    solver = nf.CFR("kuhn_poker", horizon=20)
    ticks = count()
    monkeypatch.setattr(trajectory, "time", SimpleNamespace(perf_counter=lambda: float(next(ticks))))
    solver.run(2, checkpoints=[1])
    solver.step(3)
    solver.run(2, checkpoints=[1])
    # Each time that the clock runs, it is looked at twice.
    assert [(point.iteration, point.seconds) for point in solver.curve] == [(1, 1), (2, 2), (6, 4), (7, 5)]


def test_psro_makes_no_more_iterations_than_it_has_room_for() -> None:
    solver = nf.PSRO("kuhn_poker", "nash", horizon=3)
    with pytest.raises(ArgumentError, match=r"mixed nothing yet; call step\(\)"):
        solver.exploitability  # noqa: B018
    assert solver.step(3).policies == 4
    with pytest.raises(ArgumentError, match="1 more iterations after 3 are above the horizon of 3"):
        solver.step()


@pytest.mark.parametrize("rule", WARM)
def test_a_warm_start_plays_and_averages_what_it_was_given(rule: str) -> None:
    start = nf.solve("leduc_poker", "cfr_plus", 100)
    warm = nf.CFR("leduc_poker", rule, start=start, horizon=100)
    assert warm.iteration == 100
    assert distance(warm.current_policy, start.policy) < 1e-6
    # What the first, uniform policy reached alone is not averaged: elsewhere it is what was given.
    assert warm.exploitability == pytest.approx(start.exploitability, rel=1e-6)
    warm.step(100)
    cold = nf.solve("leduc_poker", rule, 100)
    assert warm.exploitability < min(cold.exploitability, start.exploitability)


def test_a_warm_start_takes_openspiels_policies_and_arrays() -> None:
    theirs = cfr.CFRPlusSolver(pyspiel.load_game("kuhn_poker"))
    for _ in range(50):
        theirs.evaluate_and_update_policy()
    policy = theirs.average_policy()
    solver = nf.CFR("kuhn_poker", start=policy, worth=50)
    assert solver.exploitability == pytest.approx(exploitability(pyspiel.load_game("kuhn_poker"), policy))
    arrays = nf.from_openspiel(solver.game, policy)
    assert distance(nf.CFR("kuhn_poker", start=arrays, worth=50).policy, solver.policy) == 0


def test_what_cannot_be_started_from_is_told() -> None:
    start = nf.solve("kuhn_poker", "dcfr", 50)
    assert "vad_cfr" in rule_names()
    with pytest.raises(ArgumentError, match="vad_cfr cannot be started from policies"):
        nf.CFR("kuhn_poker", "vad_cfr", start=start)
    with pytest.raises(PolicyError, match="shape"):
        nf.CFR("leduc_poker", start=start)
    with pytest.raises(PolicyError, match=r"one array for each of the 2 players.*got a int"):
        nf.CFR("kuhn_poker", start=3)


@pytest.mark.parametrize("game", ["kuhn_poker(players=3)", "leduc_poker", "goofspiel(num_cards=3)"])
def test_a_solution_is_worth_the_same_to_openspiel(game: str) -> None:
    found = nf.solve(game, iterations=20)
    loaded = pyspiel.load_game(game)
    if loaded.get_type().dynamics == pyspiel.GameType.Dynamics.SIMULTANEOUS:
        loaded = pyspiel.convert_to_turn_based(loaded)
    theirs = nash_conv(loaded, found.to_openspiel())
    assert theirs / loaded.num_players() == pytest.approx(found.exploitability, abs=1e-12)


def test_policies_are_asked_by_state_and_action_name() -> None:
    found = nf.solve("leduc_poker", iterations=20)
    loaded = pyspiel.load_game("leduc_poker")
    state = loaded.new_initial_state()
    for action in (0, 2):
        state.apply_action(action)
    asked = found.policy(state.information_state_string())
    table = found.table()[state.information_state_string()]
    assert asked == {state.action_to_string(action): table[action] for action in state.legal_actions()}
    assert set(asked) == {"Call", "Raise"}
    again = pickle.loads(pickle.dumps(found))
    assert again.policy(state.information_state_string()) == asked


def test_states_of_both_players_are_told_apart() -> None:
    found = nf.solve("contribution_line(2)", "mirror_descent", 5)
    name = found.policy.game.labels[0]
    assert list(found.policy(name, player=1).values()) == pytest.approx(found.policy[1][0])
    with pytest.raises(UnknownStateError, match=r"players 0, 1 have a state .* each; say whose"):
        found.policy(name)
    with pytest.raises(GameError, match=r"^contribution_line\(2\) has no game tree"):
        found.to_openspiel()


def test_an_unknown_state_is_told_with_what_is_like_it() -> None:
    policy = nf.solve("kuhn_poker", iterations=2).policy
    with pytest.raises(UnknownStateError, match=r"^kuhn_poker has no state '0pbb'; did you mean 0pb"):
        policy("0pbb")
    with pytest.raises(UnknownStateError, match="it has 12, among them '0', '0b'"):
        policy("anything")
    with pytest.raises(UnknownStateError, match="no state '0p' of player 0"):
        policy("0p", player=0)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"iterations": "10"}, "iterations must be a whole number of at least 1; got '10'"),
        ({"iterations": 2.5}, "iterations must be a whole number of at least 1; got 2.5"),
        ({"iterations": True}, "iterations must be .*; got True"),
        ({"checkpoints": 5}, r"checkpoints must be whole numbers, such as \[10, 100\]; got 5"),
        ({"checkpoints": ["a"]}, "each of checkpoints must be a whole number"),
        ({"target": "small"}, "the target must be a number of at least 0; got 'small'"),
        ({"seconds": 0}, "the seconds must be a number above 0; got 0"),
        ({"rule": 3}, "the path of a Python file, or a class; got 3"),
        ({"kind": 3}, "no kind of programs 3; choose one of cfr, psro, rqe"),
        ({"kind": ["cfr"]}, r"no kind of programs \['cfr'\]; did you mean cfr"),
        ({"on_checkpoint": 3}, "on_checkpoint is a function of a checkpoint; got 3"),
    ],
)
def test_wrong_arguments_are_told_in_a_sentence(arguments: dict[str, object], told: str) -> None:
    with pytest.raises(NashforgeError, match=told):
        nf.solve("kuhn_poker", **arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize("solver", [nf.Solver, nf.CFR, nf.PSRO])
@pytest.mark.parametrize("program", [3, b"dcfr", ["dcfr"]])
def test_what_is_no_program_is_told_by_every_solver(solver: type[nf.Solver], program: object) -> None:
    with pytest.raises(ArgumentError, match="the path of a Python file, or a class; got "):
        solver("kuhn_poker", program)  # type: ignore[arg-type]


def test_numbers_of_numpy_are_numbers() -> None:
    found = nf.solve("kuhn_poker", iterations=np.int64(10), checkpoints=np.arange(1, 5), target=np.float32(0))
    assert found.iterations == 10
