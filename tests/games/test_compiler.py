"""Compiled games against OpenSpiel: sizes, payoffs, recall."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys

import numpy as np
import pyspiel
import pytest

from nashforge import games
from nashforge.games.loading.openspiel import load_game

BATTLESHIP = (
    "battleship(board_width=2,board_height=2,ship_sizes=[2],ship_values=[2],num_shots=3,"
    "allow_repeated_shots=False)"
)

# Nodes, information sets, exploitability of uniform play: reference/cfr.md, measured with OpenSpiel.
SIZES = [
    ("kuhn_poker", 58, 12, 0.458333),
    ("kuhn_poker(players=3)", 617, 48, 0.687500),
    ("kuhn_poker(players=4)", 7_886, 160, 0.869010),
    ("leduc_poker", 9_457, 936, 2.373611),
    ("goofspiel(num_cards=4,imp_info=True,points_order=descending)", 1_077, 162, 0.708333),
    ("goofspiel(num_cards=5,imp_info=True,points_order=descending)", 26_931, 2_124, 0.775000),
    ("liars_dice(dice_sides=4)", 8_181, 1_024, 0.655060),
    ("liars_dice(dice_sides=5)", 51_181, 5_120, 0.720871),
    ("blotto(coins=10,fields=3)", 4_423, 2, 0.318182),
    (BATTLESHIP, 10_069, 3_286, 0.5),
]

PERFECT_INFORMATION_GOOFSPIEL = "goofspiel(num_cards=4,points_order=descending)"


def turn_based(game: str) -> pyspiel.Game:
    loaded = pyspiel.load_game(game)
    if loaded.get_type().dynamics == pyspiel.GameType.Dynamics.SIMULTANEOUS:
        return pyspiel.convert_to_turn_based(loaded)
    return loaded


@pytest.mark.parametrize(("game", "nodes", "infosets", "uniform_exploitability"), SIZES)
def test_sizes_and_uniform_exploitability(
    game, nodes, infosets, uniform_exploitability, exploitability, uniform_profile
):
    form = games.compile(game)
    assert (form.name, form.nodes, form.infosets, form.zero_sum) == (game, nodes, infosets, True)
    assert exploitability(form, uniform_profile(form)) == pytest.approx(uniform_exploitability, abs=1e-6)


@pytest.mark.parametrize(
    "game",
    [
        "kuhn_poker",
        "kuhn_poker(players=4)",
        "leduc_poker",
        "goofspiel(num_cards=3,players=3,imp_info=True,points_order=descending)",
        "goofspiel(num_cards=4,imp_info=True,points_order=random)",
        "liars_dice(dice_sides=3)",
        "blotto(coins=4,fields=3,players=3)",
        "matrix_pd",
        "tiny_hanabi",
        "first_sealed_auction(max_value=4)",
        "turn_based_simultaneous_game(game=goofspiel(num_cards=3,imp_info=True,points_order=descending))",
        BATTLESHIP,
    ],
)
def test_random_play_is_worth_what_openspiel_says(game, expected_values, random_profile):
    form = games.compile(game)
    profile = random_profile(form, np.random.default_rng(7))
    table = {
        label: [
            (int(treeplex.actions[sequence]), float(policy[sequence]))
            for sequence in range(treeplex.start[infoset], treeplex.start[infoset + 1])
        ]
        for treeplex, policy in zip(form.treeplexes, profile, strict=True)
        for infoset, label in enumerate(treeplex.labels)
    }
    assert len(table) == form.infosets
    root = turn_based(game).new_initial_state()
    theirs = pyspiel.expected_returns(root, pyspiel.TabularPolicy(table), -1, False)
    np.testing.assert_allclose(expected_values(form, profile), theirs, rtol=0, atol=1e-12)


@pytest.mark.parametrize("game", ["leduc_poker", "kuhn_poker(players=3)", PERFECT_INFORMATION_GOOFSPIEL])
def test_leaves_are_distinct_and_in_lexicographic_order(game):
    form = games.compile(game, imperfect_recall="refine")
    tuples = [tuple(column) for column in form.leaf_sequences.T.tolist()]
    assert tuples == sorted(set(tuples))
    reached = form.leaf_sequences.max(axis=1)
    assert (reached <= [treeplex.sequences for treeplex in form.treeplexes]).all()


def test_parents_are_the_owners_previous_moves():
    """The private card never changes between an information set of Leduc and the one it hangs from."""
    treeplex = games.compile("leduc_poker").treeplexes[1]
    owner = np.repeat(np.arange(treeplex.infosets), np.diff(treeplex.start))
    for infoset, parent in enumerate(treeplex.parent):
        private = treeplex.labels[infoset].split("[Private: ")[1][0]
        if parent != treeplex.sequences:
            assert treeplex.labels[owner[parent]].split("[Private: ")[1][0] == private


def test_arrays_are_immutable():
    form = games.compile("kuhn_poker")
    with pytest.raises(ValueError, match="read-only"):
        form.leaf_payoffs[0, 0] = 1.0


def test_general_sum_is_noticed():
    assert not games.compile("matrix_pd").zero_sum
    assert not games.compile("first_sealed_auction(max_value=3)").zero_sum


def test_imperfect_recall_is_refused_with_the_parameter_that_avoids_it():
    with pytest.raises(games.ImperfectRecallError, match=r"imp_info=True.*imperfect_recall='refine'"):
        games.compile(PERFECT_INFORMATION_GOOFSPIEL)


def test_refining_splits_by_own_sequence_and_nothing_else(expected_values, uniform_profile):
    """Against a plain recursion over histories that keeps what every player has seen and done."""
    kinds: set[tuple[int, str, tuple[tuple[str, int], ...]]] = set()

    def visit(state: pyspiel.State, own: dict[int, tuple[tuple[str, int], ...]]) -> None:
        if state.is_terminal():
            return
        player = state.current_player()
        label = state.information_state_string() if player >= 0 else ""
        if player >= 0:
            kinds.add((player, label, own[player]))
        for action in state.legal_actions():
            mine = (*own[player], (label, action)) if player >= 0 else ()
            visit(state.child(action), {**own, player: mine})

    root = turn_based(PERFECT_INFORMATION_GOOFSPIEL).new_initial_state()
    visit(root, {0: (), 1: ()})
    form = games.compile(PERFECT_INFORMATION_GOOFSPIEL, imperfect_recall="refine")
    assert form.nodes == 1_077
    assert form.infosets == len(kinds) > 270
    for treeplex in form.treeplexes:
        assert len(set(treeplex.labels)) == treeplex.infosets
    originals = {(player, label) for player, label, _ in kinds}
    assert len(originals) == 270
    compiled = {
        (player, label.partition(" [own sequence ")[0])
        for player, treeplex in enumerate(form.treeplexes)
        for label in treeplex.labels
    }
    assert compiled == originals
    theirs = pyspiel.expected_returns(root, pyspiel.UniformRandomPolicy(root.get_game()), -1, False)
    np.testing.assert_allclose(expected_values(form, uniform_profile(form)), theirs, rtol=0, atol=1e-12)


def test_refined_players_can_exploit_at_least_as_well(exploitability, uniform_profile):
    form = games.compile(PERFECT_INFORMATION_GOOFSPIEL, imperfect_recall="refine")
    assert exploitability(form, uniform_profile(form)) >= 0.75 - 1e-12  # the unrefined game's


@pytest.mark.parametrize("game", ["kuhn_poker(players=3)", "liars_dice(dice_sides=3)"])
def test_refining_a_game_with_perfect_recall_changes_nothing(game, assert_same_form):
    assert_same_form(games.compile(game, imperfect_recall="refine"), games.compile(game, cache=False))


def test_node_limit_is_exact_and_names_the_option():
    assert games.compile("kuhn_poker", max_nodes=58, cache=False).nodes == 58
    for cache in (False, True):  # a game that is cached is refused all the same
        games.compile("kuhn_poker", cache=cache)
        with pytest.raises(games.NodeLimitError, match=r"more than 57 histories.*max_nodes"):
            games.compile("kuhn_poker", max_nodes=57, cache=cache)


def test_the_environment_sets_the_node_limit(monkeypatch):
    monkeypatch.setenv("NASHFORGE_MAX_NODES", "57")
    with pytest.raises(games.NodeLimitError, match="more than 57 histories"):
        games.compile("kuhn_poker")
    for wrong in ("5e6", "0", "-1", "9" * 5000):
        monkeypatch.setenv("NASHFORGE_MAX_NODES", wrong)
        with pytest.raises(games.GameError, match=r"NASHFORGE_MAX_NODES.*; set it to a positive"):
            games.compile("kuhn_poker")
    assert games.compile("kuhn_poker", max_nodes=58).nodes == 58


def test_game_objects_compile_like_their_strings(assert_same_form):
    loaded = pyspiel.load_game("leduc_poker(players=2)")
    form = games.compile(loaded)
    assert form.name == "leduc_poker(players=2)"
    assert_same_form(form, games.compile("leduc_poker"))


def test_game_objects_are_not_confused_by_equal_names():
    def matrix(payoff: float) -> pyspiel.Game:
        return pyspiel.create_matrix_game("mine", "Mine", ["a"], ["b"], [[payoff]], [[-payoff]])

    assert str(matrix(1.0)) == str(matrix(2.0))
    assert [games.compile(matrix(x)).leaf_payoffs[0, 0] for x in (1.0, 2.0)] == [1.0, 2.0]


@pytest.mark.parametrize(
    ("game", "message"),
    [
        ("leduk_poker", "no game called 'leduk_poker'; did you mean leduc_poker"),
        ("", "names no game"),
        ("(players=3)", "names no game"),
        ("leduc_poker(players=99)", r"cannot load the game 'leduc_poker\(players=99\)'.*players"),
        ("leduc_poker(seats=3)", "Unknown parameter 'seats'"),
        ("leduc_poker(players=", "closing bracket is missing"),
        ("leduc_poker(players=2))", "follows the last bracket"),
        ("leduc_poker(players=2,players=3)", "'players' is given twice"),
        ("leduc_poker(3)", "expected NAME=VALUE at"),
        ("kuhn_poker(players=many)", "players=many is not a parameter of kuhn_poker: write a whole number"),
        ("nfg_game", "its parameters are filename"),
        ("misere(game=kuhn_pocker())", "no game called 'kuhn_pocker'; did you mean kuhn_poker"),
    ],
)
def test_bad_game_strings_are_explained(game, message, capfd):
    with pytest.raises(games.GameStringError, match=message):
        games.compile(game)
    assert capfd.readouterr().err == ""  # OpenSpiel prints its exceptions; people get ours only


@pytest.mark.parametrize(
    ("game", "message"),
    [
        ("bridge_uncontested_bidding", "samples its chance events"),
        ("backgammon", "no information-state strings"),
        ("mfg_crowd_modelling", "mean-field"),
    ],
)
def test_games_without_an_exact_tree_are_refused(game, message):
    with pytest.raises(games.UnsupportedGameError, match=message):
        games.compile(game)


def test_wrong_options_are_refused():
    with pytest.raises(ValueError, match="'refuse' or 'refine'"):
        games.compile("kuhn_poker", imperfect_recall="ignore")
    with pytest.raises(ValueError, match="max_nodes must be at least 1"):
        games.compile("kuhn_poker", max_nodes=0)
    with pytest.raises(
        TypeError, match=r"game string, the path of a \.nfg or \.efg file, or a pyspiel\.Game"
    ):
        games.compile(3)


def test_progress_is_told_the_number_of_histories():
    seen: list[int] = []
    form = games.compile("liars_dice(dice_sides=5)", cache=False, progress=seen.append)
    assert seen == sorted(seen)
    assert len(seen) == form.nodes // 10_000
    assert seen[-1] <= form.nodes


def test_canonical_names():
    from nashforge.games.loading.openspiel import canonical_name

    assert canonical_name("leduc_poker") == "leduc_poker"
    assert canonical_name(" goofspiel(num_cards=4, imp_info=True)") == "goofspiel(imp_info=True,num_cards=4)"
    assert canonical_name(load_game("kuhn_poker(players=3)")) == "kuhn_poker(players=3)"


def test_importing_games_is_light():
    code = "import sys, games; print([m for m in ('pyspiel', 'numpy', 'pydantic') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_exported_name_exists():
    for name in games.__all__:
        assert getattr(games, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        games.nothing  # noqa: B018


@pytest.mark.slow
def test_three_player_leduc_in_little_memory(tmp_path):
    """1.8 million histories in a process that never holds 1 GB; then again from the cache."""
    # VmHWM begins anew with the process; ru_maxrss holds what the process that started it had, too.
    code = (
        "import re\nfrom nashforge import games\n"
        "for _ in range(2):\n"
        "    form = games.compile('leduc_poker(players=3)')\n"
        "    games.compilation.compiler.disk.clear_memory()\n"
        "peak = re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1]\n"
        "print(form.nodes, form.infosets, peak)\n"
    )
    environment = {**os.environ, "NASHFORGE_CACHE": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    nodes, infosets, kilobytes = map(int, done.stdout.split())
    assert (nodes, infosets) == (1_831_601, 25_800)
    assert kilobytes < 1_000_000


def test_a_node_limit_survives_the_way_between_processes():
    error = pickle.loads(pickle.dumps(games.NodeLimitError("chess", 5, 7)))
    assert str(error) == str(games.NodeLimitError("chess", 5, 7))
    assert (error.game, error.max_nodes) == ("chess", 5)


@pytest.mark.parametrize("scale", [1e-300, 1e-12, 3e-10, 1.0, 1e12])
@pytest.mark.parametrize(
    ("first", "second", "constant"),
    [
        ([[1, -1], [-1, 1]], [[-1, 1], [1, -1]], 0.0),
        ([[3, 0], [5, 1]], [[3, 5], [0, 1]], None),
        ([[1, 2], [3, 4]], [[4, 3], [2, 1]], 5.0),
        ([[1, 1], [1, 1]], [[1, 1], [1, 1]], 2.0),
        ([[0.1, 0.7], [0.2, 0.3]], [[-0.1, -0.7], [-0.2, -0.3]], 0.0),
        ([[1, 0], [0, 1]], [[-1, 0], [1e-6, -1]], None),
    ],
)
def test_sums_of_payoffs_are_judged_by_what_is_at_stake(first, second, constant, scale):
    scaled = [[[scale * x for x in row] for row in payoffs] for payoffs in (first, second)]
    form = games.compile(pyspiel.create_matrix_game("m", "M", ["a", "b"], ["c", "d"], *scaled))
    assert form.zero_sum is (constant == 0.0)
    if constant is None:
        assert form.constant_sum is None
    else:
        assert form.constant_sum == pytest.approx(scale * constant, rel=1e-12)


def test_a_sum_that_is_lost_in_large_payoffs_is_not_called_zero():
    payoffs = [[1e6 + 1.0, 1e6], [1e6, 1e6 + 1.0]], [[-1e6, -1e6], [-1e6, -1e6]]
    form = games.compile(pyspiel.create_matrix_game("m", "M", ["a", "b"], ["c", "d"], *payoffs))
    assert (form.zero_sum, form.constant_sum) == (False, None)


def test_actions_have_the_names_that_openspiel_prints():
    assert set(games.compile("kuhn_poker").treeplexes[0].action_names) == {"Pass", "Bet"}
    simultaneous = games.compile("matrix_pd").treeplexes[1]
    assert [simultaneous.action_name(k) for k in range(2)] == ["Cooperate", "Defect"]
    hidden = games.disguise(games.compile("kuhn_poker"), 1).form.treeplexes[0]
    assert hidden.action_names == ()
    assert hidden.action_name(0) == str(hidden.actions[0])


@pytest.mark.parametrize("game", ["kuhn_poker", "kuhn_poker(players=3)", "liars_dice(dice_sides=3)"])
def test_the_range_of_payoffs_is_that_of_the_game(game: str) -> None:
    """Chance does not shrink it, although payoffs are kept multiplied by it."""
    loaded = pyspiel.load_game(game)
    assert games.compile(game).payoff_range == pytest.approx(loaded.max_utility() - loaded.min_utility())


def test_a_game_that_openspiel_cannot_play_is_told_once(capfd):
    with pytest.raises(games.UnsupportedGameError, match="OpenSpiel cannot enumerate the histories"):
        games.compile("goofspiel(num_cards=3,num_turns=2,imp_info=True)")
    assert capfd.readouterr().err == ""
