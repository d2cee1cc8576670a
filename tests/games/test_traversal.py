"""Games that OpenSpiel's own library does not contain: ill-formed, forgetful and very deep ones."""

from __future__ import annotations

import math
import sys
from typing import Any

import pyspiel
import pytest

from nashforge import games
from nashforge.games.compilation import traversal
from nashforge.games.compilation.probing import CERTAINTY, far_too_large

GAME_TYPE = pyspiel.GameType(
    short_name="python_scripted",
    long_name="A game written for a test",
    dynamics=pyspiel.GameType.Dynamics.SEQUENTIAL,
    chance_mode=pyspiel.GameType.ChanceMode.EXPLICIT_STOCHASTIC,
    information=pyspiel.GameType.Information.IMPERFECT_INFORMATION,
    utility=pyspiel.GameType.Utility.GENERAL_SUM,
    reward_model=pyspiel.GameType.RewardModel.TERMINAL,
    max_num_players=1,
    min_num_players=1,
    provides_information_state_string=True,
    provides_information_state_tensor=False,
    provides_observation_string=False,
    provides_observation_tensor=False,
)


class ScriptedGame(pyspiel.Game):
    """One player; a script says what each history is: ("chance", outcomes), (label, actions) or a payoff."""

    def __init__(self, script: Any) -> None:
        info = pyspiel.GameInfo(
            num_distinct_actions=4,
            max_chance_outcomes=4,
            num_players=1,
            min_utility=-1.0,
            max_utility=1.0,
            utility_sum=0.0,
            max_game_length=100_000,
        )
        super().__init__(GAME_TYPE, info, {})
        self.script = script

    def new_initial_state(self) -> ScriptedState:
        return ScriptedState(self)


class ScriptedState(pyspiel.State):
    def __init__(self, game: ScriptedGame) -> None:
        super().__init__(game)
        self.script = game.script
        self.past: tuple[int, ...] = ()

    @property
    def now(self) -> Any:
        return self.script(self.past)

    def current_player(self) -> int:
        if not isinstance(self.now, tuple):
            return pyspiel.PlayerId.TERMINAL
        return pyspiel.PlayerId.CHANCE if self.now[0] == "chance" else 0

    def _legal_actions(self, player: int) -> list[int]:
        return list(self.now[1])

    def chance_outcomes(self) -> list[tuple[int, float]]:
        return list(self.now[1])

    def _apply_action(self, action: int) -> None:
        self.past = (*self.past, action)

    def information_state_string(self, player: int = 0) -> str:
        return str(self.now[0])

    def is_terminal(self) -> bool:
        return not isinstance(self.now, tuple)

    def returns(self) -> list[float]:
        return [float(self.now)]

    def _action_to_string(self, player: int, action: int) -> str:
        return str(action)

    def __str__(self) -> str:
        return str(self.past)


COIN = ("chance", [(0, 0.25), (1, 0.75)])


def test_a_scripted_game_compiles():
    script = {(): COIN, (0,): ("x", [0, 2]), (1,): ("x", [0, 2])}
    form = games.compile(ScriptedGame(lambda past: script.get(past, sum(past) / 4)))
    assert (form.nodes, form.infosets, form.leaves, form.zero_sum) == (7, 1, 2, False)
    assert form.treeplexes[0].actions.tolist() == [0, 2]
    assert form.leaf_payoffs.tolist() == [[0.75 * 0.25, 0.25 * 0.5 + 0.75 * 0.75]]
    assert form.leaf_chance.tolist() == [1.0, 1.0]


def test_a_game_deeper_than_the_recursion_limit_compiles():
    depth = 3 * sys.getrecursionlimit()
    form = games.compile(ScriptedGame(lambda past: (f"{len(past)}", [0]) if len(past) < depth else 1.0))
    assert (form.nodes, form.infosets, form.leaves) == (depth + 1, depth, 1)
    assert form.treeplexes[0].parent.tolist() == [depth, *range(depth - 1)]


def test_an_endless_game_meets_the_limit():
    with pytest.raises(games.NodeLimitError, match="500"):
        games.compile(ScriptedGame(lambda past: (f"{len(past)}", [0])), max_nodes=500)


def test_action_sets_that_differ_within_an_information_set_are_refused():
    script = {(): COIN, (0,): ("same", [0, 1]), (1,): ("same", [0, 2])}
    game = ScriptedGame(lambda past: script.get(past, 0.0))
    for recall in ("refuse", "refine"):
        with pytest.raises(games.InconsistentActionsError, match=r"'same'.*\[0, 1\].*\[0, 2\]"):
            games.compile(game, imperfect_recall=recall)


def test_an_absent_minded_driver_is_noticed_and_refined():
    """One information set visited twice on a path, as in Piccione & Rubinstein (1997)."""
    payoffs = {(1,): 0.0, (0, 1): 4.0, (0, 0): 1.0}
    game = ScriptedGame(lambda past: payoffs.get(past, ("crossing", [0, 1])))
    with pytest.raises(games.ImperfectRecallError, match="'crossing'"):
        games.compile(game)
    form = games.compile(game, imperfect_recall="refine")
    assert form.treeplexes[0].labels == ("crossing [own sequence empty]", "crossing [own sequence 0]")
    assert form.leaf_payoffs.tolist() == [[0.0, 1.0, 4.0]]  # after exit, go-go, go-exit


@pytest.mark.parametrize("payoff", [math.nan, math.inf])
def test_payoffs_must_be_finite(payoff):
    with pytest.raises(games.UnsupportedGameError, match="not finite"):
        games.compile(ScriptedGame(lambda past: payoff if past else ("x", [0])))


def test_chance_must_sum_to_one():
    outcomes = ("chance", [(0, 0.5), (1, 0.25)])
    with pytest.raises(games.UnsupportedGameError, match=r"sum to 0\.75, not 1"):
        games.compile(ScriptedGame(lambda past: 0.0 if past else outcomes))


def test_games_written_in_python_are_never_cached(game_cache):
    before = sorted(game_cache.rglob("*"))
    assert games.compile("python_kuhn_poker").infosets == 12
    games.compile(ScriptedGame(lambda past: 0.0 if past else ("x", [0])))
    assert sorted(game_cache.rglob("*")) == before


def test_names_as_long_as_their_histories_count_against_the_limit() -> None:
    with pytest.raises(games.NodeLimitError, match=r" has information sets whose names take .* max_nodes"):
        games.compile(ScriptedGame(lambda past: (str(past), [0])), max_nodes=5_000)


@pytest.mark.parametrize("name", ["chess", "go", "connect_four", "python_kuhn_poker", "leduc_poker"])
def test_games_that_are_far_too_large_are_refused_before_they_are_traversed(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Traversed(Exception):
        """Instead of visiting the histories."""

    def traverse(*_: object) -> None:
        raise Traversed

    monkeypatch.setattr(traversal, "_traverse", traverse)
    large = name in ("chess", "go", "connect_four")
    with pytest.raises(games.NodeLimitError if large else Traversed):
        games.compile(pyspiel.load_game(name))


def test_plays_tell_how_large_a_game_is_only_where_it_is_certain() -> None:
    bushy = ScriptedGame(lambda past: ("x", list(range(10))) if len(past) < 15 else 1.0)  # 1e15 plays
    assert far_too_large(bushy, int(1e15 / CERTAINTY) - 1)
    assert not far_too_large(bushy, int(1e15 / CERTAINTY) + 1)
    endless = ScriptedGame(lambda past: ("x", [0]))
    assert not far_too_large(endless, 500)
    unused = [(0, 1.0), *((k, 0.0) for k in range(1, 99))]
    assert not far_too_large(ScriptedGame(lambda past: ("chance", unused)), 1)
