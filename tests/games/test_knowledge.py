"""Games by what players observe, or by histories: beside information-state strings, or where none are."""

from __future__ import annotations

import pytest

from nashforge import games
from nashforge.games.compilation import traversal
from nashforge.games.errors import GameError, InconsistentActionsError, UnsupportedGameError
from nashforge.solvers import solve
from nashforge.solvers.equilibria.extensive.guarantees import sequence_nash

BOTH = [
    "kuhn_poker",
    "kuhn_poker(players=3)",
    "leduc_poker",
    "goofspiel(num_cards=4,imp_info=True,points_order=descending)",
    "first_sealed_auction(max_value=4)",
    "oshi_zumo(coins=3,size=1,horizon=3)",
    "tiny_bridge_2p",
]

NEW = {
    # Game, and by what: players, information sets, histories.
    (
        "hanabi(players=2,colors=1,ranks=2,hand_size=1,max_information_tokens=1,max_life_tokens=1)",
        "observation",
    ): ((2, 176, 465)),
    ("coop_box_pushing(horizon=1)", "observation"): (2, 2, 245),
    ("coop_to_1p(game=tiny_hanabi())", "observation"): (1, 64, 487),
    ("deep_sea(size=4)", "observation"): (1, 15, 31),
    ("catch(rows=4,columns=3)", "observation"): (1, 39, 121),
    ("repeated_game(stage_game=matrix_pd(),num_repetitions=3)", "observation"): (2, 42, 127),
    ("repeated_game(stage_game=matrix_pd(),num_repetitions=3)", "history"): (2, 42, 127),
    ("python_iterated_prisoners_dilemma(max_game_length=4)", "history"): (2, 170, 1191),
    ("pathfinding(horizon=4)", "history"): (1, 156, 781),
    ("markov_soccer(horizon=3)", "history"): (2, 204, 8163),
    ("breakthrough(rows=3,columns=3)", "history"): (2, 1080, 3380),
    ("capture_the_flag(horizon=2)", "history"): (2, 102, 4081),
}


def described(form: games.SequenceForm) -> tuple[object, ...]:
    return (
        [treeplex.start.tolist() for treeplex in form.treeplexes],
        [treeplex.parent.tolist() for treeplex in form.treeplexes],
        form.leaf_sequences.tolist(),
        form.leaf_payoffs.tolist(),
    )


@pytest.mark.parametrize("game", BOTH)
def test_observations_tell_what_information_states_do(game: str) -> None:
    """The same arrays: information sets are numbered as they are first seen, whatever they are called."""
    form, observed = games.compile(game), games.compile(game, information="observation", cache=False)
    assert described(observed) == described(form)
    assert observed.name == f"{game} [known: observations]"


def test_histories_are_information_states_where_information_is_perfect() -> None:
    form = games.compile("oshi_zumo(coins=3,size=1,horizon=3)")
    known = games.compile("oshi_zumo(coins=3,size=1,horizon=3)", information="history")
    assert described(known) == described(form)
    assert known.treeplexes[1].labels[0] == "history"  # not what player 0 has just chosen


def test_observations_remember_where_information_states_forget() -> None:
    """Goofspiel in the open forgets who bid what when: its sets are split by what was seen."""
    game = "goofspiel(num_cards=4,points_order=descending)"
    with pytest.raises(games.ImperfectRecallError):
        games.compile(game)
    observed, history = (games.compile(game, information=by) for by in ("observation", "history"))
    assert sequence_nash(observed).values == pytest.approx(sequence_nash(history).values)


@pytest.mark.parametrize(("game", "by"), NEW, ids=[f"{game.partition('(')[0]}-{by}" for game, by in NEW])
def test_games_without_information_state_strings_are_played(game: str, by: str) -> None:
    with pytest.raises(UnsupportedGameError, match=f"no information-state strings.*--information.*{by}"):
        games.compile(game)
    form = games.compile(game, information=by)
    assert (form.players, form.infosets, form.nodes) == NEW[game, by]


@pytest.mark.parametrize(
    "game",
    [
        "markov_soccer(horizon=2)",
        "breakthrough(rows=3,columns=3)",
        "pig(winscore=4,horizon=6,diceoutcomes=3)",
        "capture_the_flag(horizon=2)",
    ],
)
def test_games_are_worth_the_same_by_observations_and_by_histories(game: str) -> None:
    worth = [
        solve(games.compile(game, information=by), "cfr_plus", 300).values()[0]
        for by in ("observation", "history")
    ]
    assert worth[0] == pytest.approx(worth[1], abs=5e-3)


def test_a_repeated_dilemma_is_defected_in_to_the_end() -> None:
    """Three rounds with payoffs 10, 5, 1 and 0: both get 1 in each."""
    form = games.compile("repeated_game(stage_game=matrix_pd(),num_repetitions=3)", information="history")
    assert solve(form, "cfr_plus", 200).values() == pytest.approx([3.0, 3.0], abs=0.1)


@pytest.mark.parametrize(
    ("game", "by", "message"),
    [
        ("kuhn_poker", "history", "has no perfect information.*--information state or observation"),
        ("liars_dice(dice_sides=3)", "observation", "no observation strings"),
        ("python_iterated_prisoners_dilemma(max_game_length=3)", "observation", "no observation strings"),
        ("dark_hex(num_rows=2,num_cols=2)", "observation", "less than its information-state strings"),
        ("normal_matrix(actions=2)", "observation", "is a part of the game"),
    ],
)
def test_where_it_would_be_wrong_it_is_refused(game: str, by: str, message: str) -> None:
    with pytest.raises(UnsupportedGameError, match=message):
        games.compile(game, information=by)


def test_observations_that_tell_too_little_to_move_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traversal, "far_too_large", lambda game, max_nodes: False)  # which it is, too
    with pytest.raises(
        InconsistentActionsError, match="cannot be played by what its observation strings tell"
    ):
        games.compile("einstein_wurfelt_nicht", information="observation", max_nodes=300_000)


def test_wrong_words_and_compiled_games_are_refused() -> None:
    with pytest.raises(GameError, match="no information by 'states'; did you mean state"):
        games.compile("kuhn_poker", information="states")  # type: ignore[arg-type]
    with pytest.raises(GameError, match="is compiled"):
        games.compile(games.compile("kuhn_poker"), information="observation")


def test_the_cache_keeps_them_apart() -> None:
    plain = games.compile("leduc_poker")
    known = games.compile("leduc_poker", information="observation")
    assert games.compile("leduc_poker").treeplexes[0].labels == plain.treeplexes[0].labels
    again = games.compile("leduc_poker", information="observation")
    assert again.name == known.name
    assert again.treeplexes[0].labels == known.treeplexes[0].labels != plain.treeplexes[0].labels


def test_policies_are_no_policies_of_openspiel() -> None:
    found = solve(games.compile("kuhn_poker", information="observation"), "cfr", 5)
    with pytest.raises(GameError, match="OpenSpiel has no information states"):
        found.to_openspiel()
