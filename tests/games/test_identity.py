"""A game has one identity: strings that load different games never share it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np
import pyspiel
import pytest

from nashforge import games
from nashforge.games.loading.openspiel import OPENSPIEL_ERRORS, without_openspiel_noise
from nashforge.games.loading.parameters import parse_game_string, specification, written

WRAPPED = [
    "restricted_nash_response(game=kuhn_poker(),fixed_player=0,p=0.3)",
    "restricted_nash_response(game=kuhn_poker(),fixed_player=0,p=0.9)",
    "restricted_nash_response(game=kuhn_poker(),fixed_player=1,p=0.9)",
    "restricted_nash_response(game=leduc_poker(),fixed_player=1,p=0.9)",
    "normal_form_extensive_game(game=kuhn_poker())",
    "normal_form_extensive_game(game=tiny_hanabi())",
    "start_at(game=kuhn_poker(),history=0)",
    "start_at(game=kuhn_poker(),history=1)",
    "start_at(game=kuhn_poker(players=3),history=1)",
    "add_noise(game=kuhn_poker(),epsilon=0.1,seed=1)",
    "add_noise(game=kuhn_poker(),epsilon=0.1,seed=2)",
    "add_noise(game=kuhn_poker(),epsilon=1,seed=1)",
    "misere(game=kuhn_poker())",
    "misere(game=kuhn_poker(players=3))",
    "misere(game=misere(game=kuhn_poker()))",
    "cached_tree(game=kuhn_poker())",
    "zerosum(game=matrix_pd())",
    "repeated_game(stage_game=matrix_pd(),num_repetitions=2)",
    "repeated_game(stage_game=matrix_pd(),num_repetitions=3)",
    "repeated_game(stage_game=matrix_sh(),num_repetitions=2)",
    "turn_based_simultaneous_game(game=goofspiel(num_cards=3,imp_info=True))",
    "turn_based_simultaneous_game(game=goofspiel(num_cards=3,imp_info=False))",
    "coop_to_1p(game=tiny_hanabi())",
]


def variations() -> Iterator[str]:
    """Yield every game of the registry, by itself and with one parameter after the other changed."""
    for name in sorted(pyspiel.registered_names()):
        yield name
        for key, default in specification(name).items():
            if isinstance(default, bool):
                yield f"{name}({key}={not default})"
            elif isinstance(default, int | float):
                yield from (
                    f"{name}({key}={value})"
                    for value in {default + 1, default + 2, default * 2 + 1} - {default}
                )


def identities(strings: Iterator[str] | list[str]) -> dict[str, games.Identity]:
    found = {}
    for string in strings:
        try:
            found[string] = games.identity(string)
        except games.GameError:  # a wrapper without a game, or a value that the game refuses
            continue
    return found


def test_no_two_games_of_the_registry_share_an_identity():
    found = identities([*variations(), *WRAPPED])
    assert len(found) > 250
    assert len(set(found.values())) == len(found)
    assert len({identity.digest for identity in found.values()}) == len(found)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("kuhn_poker", "kuhn_poker()"),
        ("kuhn_poker", "kuhn_poker(players=2)"),
        ("leduc_poker(players=3, suit_isomorphism=True)", "leduc_poker(suit_isomorphism=true,players=3)"),
        ("misere(game=kuhn_poker())", "misere(game=kuhn_poker(players=2))"),
        (WRAPPED[0], "restricted_nash_response(p=0.30,game=kuhn_poker(players=2),fixed_player=0)"),
        ("sheriff(item_penalty=2)", "sheriff(item_penalty=2.0)"),
    ],
)
def test_spellings_of_a_game_share_its_identity(one, other):
    assert games.identity(one) == games.identity(other)


def test_wrappers_compile_to_what_they_are(exploitability, uniform_profile):
    """OpenSpiel's ``exploitability.nash_conv`` of uniform play: 0.5792 and 0.4292 for p = 0.9."""
    values = []
    for string in WRAPPED[:3]:
        form = games.compile(string)
        values.append(exploitability(form, uniform_profile(form)) * form.players)
    assert values == pytest.approx([0.8042, 0.5792, 0.4292], abs=1e-4)


EFG = """EFG 2 R "one decision" {{ "A" "B" }} ""
p "" 1 1 "" {{ "l" "r" }} 0
t "" 1 "" {{ {left}, 0 }}
t "" 2 "" {{ 0, 1 }}
"""


@pytest.mark.parametrize(
    "spelled",
    [
        "{path}",
        "efg_game(filename={path})",
        "misere(game=efg_game(filename={path}))",
        'efg_game(filename="{path}")',
    ],
)
def test_a_changed_file_is_another_game(spelled, tmp_path):
    file = tmp_path / "my.efg"
    game = spelled.format(path=file)
    found = []
    for left in (1, 2, 1):
        file.write_text(EFG.format(left=left))
        found.append((games.identity(game), float(np.abs(games.compile(game).leaf_payoffs).max())))
    assert found[0] == found[2]
    assert found[0][0] != found[1][0]
    assert [payoff for _, payoff in found] == [1.0, 2.0, 1.0]


@pytest.mark.parametrize("game", ["my.efg", "efg_game(filename=my.efg)"])
def test_a_file_of_the_same_name_in_another_folder_is_another_game(game, tmp_path, monkeypatch):
    found = []
    for left in (1, 2):
        folder = tmp_path / str(left)
        folder.mkdir()
        (folder / "my.efg").write_text(EFG.format(left=left))
        monkeypatch.chdir(folder)
        assert games.compile(game).leaf_payoffs.max() == left
        found.append((games.identity(game), games.portable(game)))
    monkeypatch.chdir("/")
    assert found[0][0] != found[1][0]
    for left, (identity, portable) in enumerate(found, start=1):
        assert games.identity(portable) == identity
        assert games.compile(portable).leaf_payoffs.max() == left


def test_any_parameter_that_names_a_file_counts(tmp_path):
    """``bargaining`` reads its instances from a file; nested games' files count as well."""
    file = tmp_path / "instances.txt"
    lines = ["1,2,3 8,1,0 4,0,2\n", "1,2,3 8,1,0 1,3,1\n"]
    for spelled in ("bargaining(instances_file={})", "misere(game=bargaining(instances_file={}))"):
        found = set()
        for line in lines:
            file.write_text(line)
            found.add(games.identity(spelled.format(file)))
        assert len(found) == 2


def test_a_value_that_happens_to_name_a_file_is_still_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("standard", "explicit"):
        (tmp_path / name).write_text("the same content")
    assert games.identity("hex(string_rep=standard)") != games.identity("hex(string_rep=explicit)")


def test_other_texts_are_their_own_identity():
    texts = ["SC4", "random(3x3,seed=1)", "random(3x3,seed=2)", "3 0 / 5 1 ; 3 5 / 0 1", "cliff_walk(4x3)"]
    found = [games.identity(text) for text in texts]
    assert all(a != b for a, b in combinations(found, 2))
    assert games.identity(" SC4 ") == found[0]


ONE_ROUND = (
    "universal_poker(betting=limit,numPlayers=2,numRounds=1,blind=1 1,raiseSize=2,firstPlayer=1,maxRaises=2,"
    "numSuits=1,numRanks=3,numHoleCards=1,numBoardCards=0)"
)


def test_universal_poker_of_one_round_can_be_written():
    form = games.compile(ONE_ROUND)
    assert (form.players, form.infosets, form.zero_sum) == (2, 18, True)


@pytest.mark.parametrize("text", ["1", "01", "1.0", "True", "-1", "+1", "1e3", ".", "1 1"])
def test_every_text_parameter_of_the_registry_takes_any_text(text):
    """OpenSpiel takes ``firstPlayer=1`` for a number; so it would any text that looks like one."""
    for name in pyspiel.registered_names():
        for key, default in specification(name).items():
            if isinstance(default, str):
                assert parse_game_string(f"{name}({key}={text})")[key] == text
            elif isinstance(default, float) and text == "1":
                value = parse_game_string(f"{name}({key}={text})")[key]
                assert (type(value), value) == (float, 1.0)


@pytest.mark.parametrize("text", ["1, 0, 0, 1", "a)b", "a(b", 'say "x"', " padded ", "", "a=b", "it's"])
def test_quoted_values_are_read_as_they_were_written(text):
    parameters = {"name": "lewis_signaling", "payoffs": text, "num_states": 2}
    assert parse_game_string(written(parameters)) == parameters


def test_games_of_every_spelling_are_loaded_as_openspiel_loads_them():
    for name in pyspiel.registered_concrete_names():
        try:
            with without_openspiel_noise():
                expected = pyspiel.load_game(name)
        except OPENSPIEL_ERRORS:
            continue
        assert str(games.load(name).game) == str(expected)


POKER = {
    "betting": "limit",
    "numPlayers": 2,
    "numRounds": 2,
    "blind": "1 1",
    "raiseSize": "2 4",
    "firstPlayer": "1 1",
    "maxRaises": "2 2",
    "numSuits": 2,
    "numRanks": 3,
    "numHoleCards": 1,
    "numBoardCards": "0 1",
}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"numPlayers": 3}, "blind=1 1 of universal_poker has 2 numbers, one for each of 3 players"),
        (
            {"betting": "nolimit", "numPlayers": 3, "blind": "1 1 1"},
            "stack=1200 1200 of universal_poker has 2",
        ),
        ({"numRounds": 3, "raiseSize": "2 2 2", "firstPlayer": "1 1 1"}, "one for each of 3 rounds"),
        ({"numRounds": 3, "numBoardCards": "0 1 1"}, "raiseSize=2 4 of universal_poker has 2"),
        ({"numSuits": 5}, "numSuits=5 of universal_poker must be between 1 and 4"),
        ({"numRanks": 14}, "numRanks=14"),
        ({"numRanks": -1}, "numRanks=-1"),
        ({"numSuits": 1, "numRanks": 2}, "deals 3 cards"),
        ({"firstPlayer": "3 1"}, "firstPlayer=3 of universal_poker must be between 1 and 2"),
        ({"firstPlayer": "0 1"}, "firstPlayer=0"),
        ({"numHoleCards": 4, "numRanks": 13, "numSuits": 4}, "numHoleCards=4"),
        ({"numPlayers": 11, "blind": " ".join("1" * 11)}, "numPlayers=11"),
        ({"numPlayers": 1, "blind": "1"}, "numPlayers=1"),
        ({"numRounds": 5}, "numRounds=5"),
        ({"blind": "a b"}, "no list of whole numbers"),
    ],
)
@pytest.mark.parametrize("spelled", ["{}", "misere(game={})"])
def test_parameters_that_end_openspiel_are_refused(changes, message, spelled):
    """Each of these (but the last) is a segmentation fault in OpenSpiel."""
    game = written({"name": "universal_poker", **POKER, **changes})
    with pytest.raises(games.GameStringError, match=message):
        games.load(spelled.format(game))


def test_parameters_that_openspiel_survives_are_left_alone():
    for changes in ({}, {"numRounds": 1}, {"blind": "1 1 1"}, {"numRanks": 13, "numSuits": 4}):
        games.load(written({"name": "universal_poker", **POKER, **changes}))
    with pytest.raises(games.GameStringError, match="players=1 of hanabi must be between 2 and 5"):
        games.load("hanabi(players=1)")
