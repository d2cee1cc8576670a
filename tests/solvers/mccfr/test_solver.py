"""MCCFR step by step: it repeats itself, converges as OpenSpiel's does, and refuses in sentences."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyspiel
import pytest

import nashforge as nf
from nashforge.games import GameError, ImperfectRecallError, InconsistentActionsError, NodeLimitError
from nashforge.games.writing import write_game_file
from nashforge.solvers.mccfr.game import SampledGame
from nashforge.solvers.mccfr.rules import sampled_names
from nashforge.solvers.mccfr.solver import SCHEMES
from nashforge.solvers.mccfr.table import NOWHERE, Table
from nashforge.solvers.programs.arguments import ArgumentError
from nashforge.solvers.programs.policies import UnknownStateError


def numbers(solver: nf.MCCFR) -> dict[str, dict[int, float]]:
    return {
        **solver.average_policy.table(),
        **{f"now {k}": v for k, v in solver.current_policy.table().items()},
    }


@pytest.mark.parametrize("sampling", SCHEMES)
@pytest.mark.parametrize("rule", sampled_names())
def test_the_same_seed_gives_the_same_bits_however_it_is_stepped(sampling: str, rule: str) -> None:
    whole = nf.MCCFR("kuhn_poker", rule, sampling=sampling, seed=5, horizon=30).step(30)
    parts = nf.MCCFR("kuhn_poker", rule, sampling=sampling, seed=5, horizon=30).step(11)
    parts.played(20)  # which draws from luck of its own
    parts.run(12)
    assert numbers(parts.step(7)) == numbers(whole)
    assert (parts.iteration, parts.visited, parts.infosets) == (30, whole.visited, whole.infosets)
    other = nf.MCCFR("kuhn_poker", rule, sampling=sampling, seed=6, horizon=30).step(30)
    assert numbers(other) != numbers(whole)


GOOD = {"external": 0.012, "outcome": 0.03, "chance": 0.012}


@pytest.mark.parametrize("sampling", SCHEMES)
@pytest.mark.parametrize("rule", ["cfr", "lcfr", "dcfr"])
def test_it_converges_in_kuhn_poker(sampling: str, rule: str) -> None:
    iterations = {"external": 6000, "outcome": 12_000, "chance": 3000}[sampling]
    solver = nf.MCCFR("kuhn_poker", rule, sampling=sampling, seed=2).step(iterations)
    assert solver.exploitability < 3 * GOOD[sampling]
    assert solver.values()[0] == pytest.approx(-1 / 18, abs=0.02)


@pytest.mark.parametrize(
    ("sampling", "theirs"),
    [("external", pyspiel.ExternalSamplingMCCFRSolver), ("outcome", pyspiel.OutcomeSamplingMCCFRSolver)],
)
def test_it_is_as_good_as_that_of_openspiel_after_as_many_iterations(sampling: str, theirs: Any) -> None:
    """In the mean over seeds, whose standard error is a tenth of it."""
    iterations, form, gaps = 600, nf.compile("kuhn_poker"), []
    for seed in range(16):
        mine = nf.MCCFR("kuhn_poker", "cfr", sampling=sampling, seed=seed).step(iterations)
        solver = theirs(pyspiel.load_game("kuhn_poker"), seed=seed + 1)
        for _ in range(iterations):
            solver.run_iteration()
        other = nf.from_openspiel(form, solver.average_policy())
        gaps.append((mine.exploitability, nf.exploitability(form, other)))
    ours, openspiel = np.mean(gaps, axis=0)
    assert ours < 1.4 * openspiel


def test_three_players_have_averages_by_their_own_reach() -> None:
    solver = nf.MCCFR("kuhn_poker(players=3)", "cfr", seed=1).step(1500)
    exact = nf.CFR("kuhn_poker(players=3)", "cfr").step(1500)
    assert solver.exploitability < 0.06
    assert solver.players == 3
    assert np.abs(np.array(solver.values()) - nf.expected_values(exact.game, exact.policy)).max() < 0.05


def test_moves_at_the_same_time_are_taken_in_turn_unseen() -> None:
    solver = nf.MCCFR("goofspiel(num_cards=3,imp_info=True,points_order=descending)", seed=1).step(600)
    assert solver.exploitability < 0.1


def test_game_files_and_loaded_games_are_taken(tmp_path: Path) -> None:
    path = tmp_path / "kuhn.efg"
    write_game_file(nf.compile("kuhn_poker"), "kuhn_poker", path)
    for game in (pyspiel.load_game("kuhn_poker"), path, str(path)):
        assert nf.MCCFR(game, seed=3).step(1500).exploitability < 0.1


def test_chance_that_a_game_draws_itself_follows_the_seed() -> None:
    def play(seed: int) -> dict[str, dict[int, float]]:
        return numbers(nf.MCCFR("tarok(players=3)", sampling="outcome", seed=seed).step(3))

    assert play(4) == play(4)
    assert play(4) != play(5)
    solver = nf.MCCFR("tarok(players=3)", sampling="outcome", seed=4).step(2)
    with pytest.raises(GameError, match="samples its chance events"):
        solver.exploitability  # noqa: B018


def test_policies_are_asked_for_states_and_become_arrays() -> None:
    solver = nf.MCCFR("kuhn_poker", seed=1).step(300)
    policy = solver.average_policy
    assert set(policy("0pb")) == {"Pass", "Bet"}
    assert sum(policy("0pb", player=0).values()) == pytest.approx(1)
    assert nf.exploitability("kuhn_poker", solver.profile) == solver.exploitability
    assert len(policy) == 12 == len(policy.rows()) // 2
    theirs = nf.to_openspiel("kuhn_poker", solver.profile)
    assert theirs.policy_for_key("0pb").tolist() == list(policy("0pb").values())
    with pytest.raises(UnknownStateError, match="no state '0bpb' of kuhn_poker was visited; did you mean"):
        policy("0bpb")
    with pytest.raises(GameError, match="leduc_poker has no information set"):
        policy.on(nf.compile("leduc_poker"))


def test_what_was_not_visited_is_played_uniformly() -> None:
    solver = nf.MCCFR("kuhn_poker", sampling="outcome")
    assert solver.exploitability == pytest.approx(0.458333, abs=1e-6)
    assert len(solver.average_policy) == 0


def test_a_run_stops_at_the_target_and_measures_on_the_way() -> None:
    solver = nf.MCCFR("kuhn_poker", seed=1)
    found = solver.run(5000, target=0.1)
    assert found.stopped == "target"
    assert found.gap <= 0.1
    assert solver.iteration == found.iterations < 5000
    assert [point.infosets for point in found.curve] == sorted(point.infosets for point in found.curve)
    assert solver.curve[-1].visited == solver.visited
    assert repr(solver).startswith("<lcfr by external sampling in kuhn_poker after ")


def test_where_a_game_is_too_large_nothing_exact_is_claimed() -> None:
    solver = nf.MCCFR("kuhn_poker", max_nodes=50)
    found = solver.run(5)
    assert np.isnan(found.gap)
    assert found.policy == ()
    with pytest.raises(NodeLimitError, match="more than 50 histories"):
        solver.exploitability  # noqa: B018
    with pytest.raises(NodeLimitError):
        solver.run(5, target=0.1)
    assert solver.iteration == 5


def test_a_game_that_forgets_is_refused_once_it_does() -> None:
    with pytest.raises(ImperfectRecallError, match="has imperfect recall: player"):
        nf.MCCFR("goofspiel(num_cards=4,points_order=descending)", seed=1).step(300)


class State:
    """One player with one card, who may do more with one history than with the other."""

    def __init__(self, history: tuple[int, ...] = ()) -> None:
        self._history = history

    def current_player(self) -> int:
        return (-1, 0, -4)[len(self._history)]

    def chance_outcomes(self) -> list[tuple[int, float]]:
        return [(0, 0.5), (1, 0.5)]

    def legal_actions(self) -> list[int]:
        return [0, 1] if self._history == (0,) else [0, 1, 2]

    def action_to_string(self, player: int, action: int) -> str:
        return str(action)

    def information_state_string(self) -> str:
        return "the same"

    def child(self, action: int) -> State:
        return State((*self._history, action))

    def apply_action(self, action: int) -> None:
        self._history = (*self._history, action)

    def returns(self) -> list[float]:
        return [0.0]


def test_an_ill_formed_game_is_refused_once_it_shows() -> None:
    game: Any = SimpleNamespace(new_initial_state=State)
    table = Table(SampledGame("odd", "odd", 1, game, "odd"))
    table.at(State((0,)), 0, [NOWHERE])
    with pytest.raises(InconsistentActionsError, match="odd is ill-formed: the information set 'the same'"):
        table.at(State((1,)), 0, [NOWHERE])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sampling": "externl"}, "there is no sampling scheme 'externl'; did you mean external"),
        ({"exploration": 0.5}, "exploration is for outcome sampling"),
        ({"baseline": False, "sampling": "chance"}, "baseline is for outcome sampling"),
        ({"exploration": 0, "sampling": "outcome"}, "exploration must be a probability above 0"),
        ({"exploration": "much", "sampling": "outcome"}, "exploration must be a probability above 0"),
        ({"seed": -1}, "seed must be a whole number of at least 0"),
        ({"horizon": 0}, "horizon must be a whole number of at least 1"),
        ({"rule": "pcfr_plus"}, "pcfr_plus has no sampled form"),
    ],
)
def test_wrong_arguments_are_told(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        nf.MCCFR("kuhn_poker", **arguments)
    with pytest.raises(ArgumentError, match="iterations must be a whole number"):
        nf.MCCFR("kuhn_poker").step(0)


@pytest.mark.parametrize(
    ("game", "message"),
    [
        ("hanabi", "provides no information-state strings"),
        ("normal_matrix(actions=3)", "has no histories to be sampled"),
        ("mfg_crowd_modelling", "mean-field"),
        ("kuhn_pokr", "no game called"),
    ],
)
def test_games_that_cannot_be_sampled_are_told(game: str, message: str) -> None:
    with pytest.raises(GameError, match=message):
        nf.MCCFR(game)


def test_a_compiled_game_has_no_histories() -> None:
    with pytest.raises(GameError, match="is compiled, and has no histories to be sampled"):
        nf.MCCFR(nf.compile("kuhn_poker"))
