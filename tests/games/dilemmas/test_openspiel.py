"""OpenSpiel's own tools on the registered games."""

from __future__ import annotations

import numpy as np
import pyspiel
import pytest
from open_spiel.python import rl_environment

import nashforge.games.dilemmas.openspiel  # noqa: F401  registers the games
from nashforge.games.dilemmas import kernels, make
from nashforge.games.dilemmas.actions import STAND

SMALL = {
    "gathering": "python_gathering(map=gathering_small,agents=3,horizon=40,seeds=7)",
    "cleanup": "python_cleanup(map=cleanup_small,agents=3,horizon=40,seeds=7)",
}


@pytest.mark.parametrize("name", SMALL)
def test_random_simulations_find_nothing_wrong(name):
    game = pyspiel.load_game(SMALL[name])
    pyspiel.random_sim_test(game, num_sims=2, serialize=False, verbose=False)


@pytest.mark.parametrize("name", SMALL)
def test_states_play_as_the_environment_does(name):
    game = pyspiel.load_game(SMALL[name])
    state = game.new_initial_state()
    assert [p for _, p in state.chance_outcomes()] == [1 / 7] * 7
    state.apply_action(4)
    environment = make(f"{name}(map={name}_small,agents=3,horizon=40)")
    environment.reset(np.random.default_rng([4, 0]))
    rng = np.random.default_rng(1)
    while not state.is_terminal():
        assert state.is_simultaneous_node()
        actions = [int(rng.choice(state.legal_actions(player))) for player in range(3)]
        clone = state.clone()
        state.apply_actions(actions)
        assert state.rewards() == environment.step(actions).tolist()
        # The copy was left where it was, and has the same luck to come.
        assert clone.environment.step_number == environment.step_number - 1
        clone.apply_actions(actions)
        assert clone.rewards() == state.rewards()
        assert (clone.environment.state == state.environment.state).all()
    assert state.returns() == environment.returns.tolist()


def test_who_is_out_of_the_game_can_only_stand():
    state = pyspiel.load_game(SMALL["gathering"]).new_initial_state()
    state.apply_action(0)
    state.environment.table[kernels.TIMEOUT, 1] = 2
    assert state.legal_actions(1) == [STAND]
    assert len(state.legal_actions(0)) == 8
    state.environment.table[kernels.TIMEOUT, 1] = 1  # falls to 0 before anybody acts
    assert len(state.legal_actions(1)) == 8


@pytest.mark.parametrize("name", SMALL)
def test_the_reinforcement_learning_interface_sees_planes(name):
    environment = rl_environment.Environment(
        SMALL[name], observation_type=rl_environment.ObservationType.OBSERVATION
    )
    environment.seed(3)
    step = environment.reset()
    for _ in range(10):
        state = environment.get_state
        for player in range(3):
            planes = np.reshape(step.observations["info_state"][player], (10, -1))
            table = state.environment.table
            assert planes[0].sum() == 1 == planes[1:5].sum()
            assert planes[0, table[kernels.CELL, player]] == 1
            assert planes[7].sum() == (state.environment.apples == 0).sum()
            assert planes[8].sum() == state.environment.waste.sum()
            assert (planes[9] == state.environment.grid.walls).all()
        step = environment.step([int(np.random.default_rng(7).integers(0, 8)) for _ in range(3)])


def test_a_map_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="room for 1 to 6"):
        pyspiel.load_game("python_gathering(map=gathering_small,agents=9)")


@pytest.mark.parametrize("name", SMALL)
def test_bots_of_openspiel_play(name):
    game = pyspiel.load_game(SMALL[name])
    bots = [pyspiel.make_uniform_random_bot(player, 123) for player in range(game.num_players())]
    returns = pyspiel.evaluate_bots(game.new_initial_state(), bots, 3)
    assert len(returns) == game.num_players()
    assert all(game.min_utility() <= value <= game.max_utility() for value in returns)


@pytest.mark.parametrize("name", SMALL)
def test_states_survive_serialization_and_turns_taken_one_by_one(name):
    game = pyspiel.load_game(SMALL[name])
    rng = np.random.default_rng(0)
    together = game.new_initial_state()
    in_turn = pyspiel.convert_to_turn_based(game).new_initial_state()
    for state in (together, in_turn):
        state.apply_action(5)
    for _ in range(6):
        actions = [int(rng.choice(together.legal_actions(p))) for p in range(game.num_players())]
        together.apply_actions(actions)
        for action in actions:
            in_turn.apply_action(action)
    assert in_turn.returns() == together.returns()
    _, again = pyspiel.deserialize_game_and_state(pyspiel.serialize_game_and_state(game, together))
    assert str(again) == str(together)
    assert again.history() == together.history()
