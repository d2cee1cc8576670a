"""Extensive games in Gambit's format: read as pygambit reads them, and written so that it reads them."""

from __future__ import annotations

import io

import pytest

from nashforge import games
from nashforge.games.files.extensive import read_efg
from nashforge.games.matrix import bimatrix
from nashforge.games.writing import write_efg, write_game_file

INNER = """EFG 2 R "a \\"title\\"" { "A" "B" }
p "" 1 1 "" { "l" "r" } 1 "o1" { 0.5, -1/2 }
c "" 1 "" { "h" 1/3 "t" 2/3 } 0
p "n" 2 1 "i" { "x" "y" } 0
t "" 2 "w" { 1 -1 }
t "" 3 "z" { 2.5 -5/2 }
p "" 2 1 0
t "" 2
t "" 3
t "" 0
"""


def values_by_gambit(text: str) -> list[float]:
    """Return the players' values when everybody plays uniformly, as pygambit reads the file."""
    gambit = pytest.importorskip("pygambit")
    game = gambit.read_efg(io.BytesIO(text.encode()))
    profile = game.mixed_behavior_profile()
    return [float(profile.payoff(player)) for player in game.players]


def uniform_values(form: games.SequenceForm, uniform_profile, expected_values) -> list[float]:
    return [float(value) for value in expected_values(form, uniform_profile(form))]


def test_outcomes_at_inner_nodes_add_up(tmp_path, uniform_profile, expected_values):
    file = tmp_path / "inner.efg"
    file.write_text(INNER)
    form = games.compile(file)
    assert (form.players, form.nodes, form.infosets, form.zero_sum) == (2, 9, 2, True)
    # Right: 1/2. Left: a half each of 1 and 5/2, beside the 1/2.
    assert uniform_values(form, uniform_profile, expected_values)[0] == pytest.approx(0.5 + 1.75 / 2)
    assert uniform_values(form, uniform_profile, expected_values) == pytest.approx(values_by_gambit(INNER))
    assert form.treeplexes[0].action_names == ("l", "r")


def test_outcomes_at_inner_nodes_count_whoever_reads_the_file(tmp_path, uniform_profile, expected_values):
    """OpenSpiel does not read them; by whichever name the file is called, they count."""
    file = tmp_path / "inner.efg"
    file.write_text(INNER)
    form = games.compile(f"efg_game(filename={file})")
    assert uniform_values(form, uniform_profile, expected_values) == pytest.approx(values_by_gambit(INNER))


WRITTEN = [
    "kuhn_poker",
    "kuhn_poker(players=3)",
    "matrix_pd",
    "tiny_hanabi",
    "goofspiel(num_cards=3,imp_info=True,points_order=random)",
    "liars_dice(dice_sides=2)",
    "first_sealed_auction(max_value=3)",
]


@pytest.mark.parametrize("game", WRITTEN)
def test_extensive_games_are_written_as_gambit_openspiel_and_we_read_them(
    game, tmp_path, uniform_profile, expected_values, exploitability
):
    file = tmp_path / "game.efg"
    with file.open("w", encoding="utf-8") as stream:
        write_efg(games.load(game), stream, max_nodes=10**5)
    original = games.compile(game)
    for again in (games.compile(file), games.compile(f"efg_game(filename={file})")):
        assert (again.nodes, again.infosets, again.leaves) == (
            original.nodes,
            original.infosets,
            original.leaves,
        )
        assert again.zero_sum == original.zero_sum
        for measure in (expected_values, exploitability):
            assert measure(again, uniform_profile(again)) == pytest.approx(
                measure(original, uniform_profile(original)), abs=1e-12
            )
    assert values_by_gambit(file.read_text()) == pytest.approx(
        list(expected_values(original, uniform_profile(original))), abs=1e-9
    )


def test_a_game_from_a_file_is_written_exactly(tmp_path):
    file, again = tmp_path / "a.efg", tmp_path / "b.efg"
    file.write_text(INNER)
    with again.open("w") as stream:
        write_efg(games.load(file), stream, max_nodes=100)
    assert "1/3" in again.read_text()
    ends = []
    for path in (file, again):
        nodes, payoffs = [games.load(path).game.root], []
        while nodes:
            node = nodes.pop()
            nodes += node.children
            payoffs += [] if node.children else [node.payoffs]
        ends.append(payoffs)
    assert ends[0] == ends[1]


@pytest.mark.parametrize("spelled", ["{}", "efg_game(filename={})"])
def test_a_policy_of_a_file_is_not_taken_for_one_of_openspiel(spelled, tmp_path, uniform_profile):
    from nashforge.solvers import to_openspiel

    file = tmp_path / "inner.efg"
    file.write_text(INNER)
    form = games.compile(spelled.format(file))
    with pytest.raises(games.GameError, match="OpenSpiel numbers its actions otherwise"):
        to_openspiel(form, uniform_profile(form))


ENTRY = """EFG 2 R "entry" { "E" "I" } ""
p "" 1 1 "" { "in" "out" } 0
p "" 2 1 "" { "fight" "share" } 0
t "" 1 "" { -1 -1 }
t "" 2 "" { 1 1 }
t "" 3 "" { 0 2 }
"""


def test_a_player_who_does_not_come_to_move_has_a_strategic_form(tmp_path):
    """What follows "out" is the same whatever the other would have done."""
    file = tmp_path / "entry.efg"
    file.write_text(ENTRY)
    found = bimatrix(str(file))
    assert found.payoffs[0].tolist() == [[-1, 1], [0, 0]]
    assert found.payoffs[1].tolist() == [[-1, 1], [2, 2]]
    form = games.compile(str(file))
    write_game_file(form, str(file), tmp_path / "entry.nfg")
    again = bimatrix(str(tmp_path / "entry.nfg"))
    assert (again.payoffs[0].tolist(), again.payoffs[1].tolist()) == (
        found.payoffs[0].tolist(),
        found.payoffs[1].tolist(),
    )


def test_ends_with_and_without_a_move_are_added(tmp_path):
    """Chance decides whether the second player moves: its other outcome counts for all its actions."""
    file = tmp_path / "late.efg"
    file.write_text(
        'EFG 2 R "late" { "A" "B" } ""\np "" 1 1 "" { "x" "y" } 0\nc "" 1 "" { "h" 1/2 "t" 1/2 } 0\n'
        'p "" 2 1 "" { "l" "r" } 0\nt "" 1 "" { 2 0 }\nt "" 2 "" { 4 0 }\nt "" 3 "" { 10 6 }\n'
        't "" 4 "" { 7 8 }\n'
    )
    found = bimatrix(str(file))
    assert found.payoffs[0].tolist() == [[6, 7], [7, 7]]
    assert found.payoffs[1].tolist() == [[3, 3], [8, 8]]


def test_what_chance_never_does_is_no_part_of_the_game(tmp_path):
    """Pennies, beside a branch of probability 0 whose payoffs sum to another constant."""
    file = tmp_path / "zero.efg"
    file.write_text(
        'EFG 2 R "zero" { "A" "B" } ""\nc "" 1 "" { "h" 1 "t" 0 } 0\np "" 1 1 "" { "x" "y" } 0\n'
        'p "" 2 1 "" { "l" "r" } 0\nt "" 1 "" { 1 -1 }\nt "" 2 "" { -1 1 }\n'
        'p "" 2 1 "" { "l" "r" } 0\nt "" 3 "" { -1 1 }\nt "" 4 "" { 1 -1 }\n'
        'p "" 1 2 "" { "x2" "y2" } 0\nt "" 5 "" { 3 3 }\nt "" 6 "" { -5 -5 }\n'
    )
    form = games.compile(str(file))
    assert form.zero_sum
    assert [treeplex.infosets for treeplex in form.treeplexes] == [1, 1]
    assert (form.leaf_chance > 0).all()
    write_game_file(form, str(file), tmp_path / "again.efg")
    assert games.compile(str(tmp_path / "again.efg")).nodes == form.nodes


def chances(*written):
    listed = " ".join(f'"{k}" {number}' for k, number in enumerate(written))
    ends = 't "" 0\n' * len(written)
    return f'EFG 2 R "chances" {{ "A" "B" }} ""\nc "" 1 "" {{ {listed} }} 0\n{ends}'


@pytest.mark.parametrize(
    "written",
    [
        ("1/3", "1/3", "1/3"),
        ("0.3333333", "0.3333333", "0.3333333"),
        (0.1 + 0.2, 1 - (0.1 + 0.2)),
        ("2.5e-1", "0.75"),
        (repr(1 / 3),) * 3,
    ],
)
def test_probabilities_sum_to_one_within_their_rounding(written):
    root = read_efg(chances(*written), "my.efg").root
    assert sum(root.probabilities) == 1


@pytest.mark.parametrize(
    "written", [("0.5", "0.4999995"), ("1/3", "1/3", "333333/1000000"), ("0.3333",) * 3, ("1/2", "0.49999")]
)
def test_probabilities_that_miss_one_by_more_than_rounding(written):
    with pytest.raises(games.GameFileError, match=r"line 2: expected probabilities that sum to 1"):
        read_efg(chances(*written), "my.efg")


@pytest.mark.parametrize(
    ("again", "message"), [("y x", "another order than in line 3"), ("x z", "otherwise")]
)
def test_actions_of_an_information_set_are_named_alike(again, message):
    """Taken by position, branches would be exchanged; Gambit refuses such files, too."""
    names = " ".join(f'"{name}"' for name in again.split())
    text = (
        'EFG 2 R "unordered" { "A" "B" } ""\np "" 1 1 "" { "x" "y" } 0\np "" 2 1 "" { "x" "y" } 0\n'
        't "" 1 "" { 1 1 }\nt "" 2 "" { 1 2 }\n'
        'p "" 2 1 "" { NAMES } 0\nt "" 3 "" { 1 3 }\nt "" 4 "" { 1 4 }\n'
    )
    with pytest.raises(games.GameFileError, match=f"line 6: .*{message}"):
        read_efg(text.replace("NAMES", names), "my.efg")
