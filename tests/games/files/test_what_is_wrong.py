"""Ill-formed game files end in one sentence, with the file and the line of what is wrong."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nashforge import games
from nashforge.games.files.extensive import read_efg
from nashforge.games.files.strategic import read_nfg

HEAD = 'NFG 1 R "t" { "A" "B" } { 2 2 }\n'
TREE = 'EFG 2 R "t" { "A" "B" }\n'


@pytest.mark.parametrize(
    ("suffix", "text", "message"),
    [
        (
            "nfg",
            "",
            "line 1: expected a file that begins with 'NFG 1 R \"title\"', found the end of the file",
        ),
        ("nfg", "EFG 2 R", "line 1: expected a file that begins with 'NFG 1"),
        ("nfg", "NFG 1 R title", "line 1: expected the title in quotes, found 'title'"),
        ("nfg", 'NFG 1 R "t', "line 1: the quotation mark has no second one"),
        (
            "nfg",
            HEAD + "1 2 3\n4 5 6 7\n",
            "line 4: expected the payoff of player 2 in profile 4 of 4, found the end",
        ),
        ("nfg", HEAD + "1 2 3 4 5 6 7 8 9", "line 2: expected the end of the file after 4 profiles"),
        (
            "nfg",
            HEAD + "1 2 3 4\n5 x 7 8",
            "line 3: expected the payoff of player 2 in profile 3 of 4, found 'x'",
        ),
        ("nfg", HEAD + "1 2 3 4 5 1/0 7 8", "line 2: '1/0' divides by zero"),
        ("nfg", HEAD + "1 2 3 4 5 1e999999999 7 8", "line 2: the number '1e999999999' is out of range"),
        ("nfg", HEAD + "1 2 3 4 5 nan 7 8", "expected the payoff of player 2 in profile 3 of 4, found 'nan'"),
        (
            "nfg",
            'NFG 1 R "t" { "A" "B" } { 2 }\n1 2',
            "line 1: expected how many strategies player 2 of 2 has",
        ),
        (
            "nfg",
            'NFG 1 R "t" { "A" "B" } { 30 30 }\n1',
            "line 1: expected 900 profiles of strategies, more than",
        ),
        (
            "nfg",
            'NFG 1 R "t" { "A" "B" } { 9999999 1 }\n1',
            "line 1: expected 9,999,999 strategies of player 1",
        ),
        (
            "nfg",
            'NFG 1 R "t" { "A" } { { "x" } }\n{ { "o" 1 } }\n2',
            "number of an outcome, 0 to 1, of profile 1",
        ),
        ("efg", TREE, "line 2: expected a node"),
        (
            "efg",
            TREE + 't "" 1',
            "line 2: expected the payoffs of outcome 1, which is new here, found the end",
        ),
        ("efg", TREE + 't "" 1 "" { 1 }', "line 2: expected the payoff of player 2 of 2, found '}'"),
        ("efg", TREE + 't "" 1 "" { 1 2 3 }', 'line 2: expected "}" after the payoffs of 2 players'),
        ("efg", TREE + 'p "" 3 1 "" { "a" } 0', "line 2: expected the number of a player, 1 to 2, found '3'"),
        ("efg", TREE + 'p "" 1 1 0', "line 2: expected the actions of information set 1, which is new here"),
        ("efg", TREE + 'p "" 1 1 "" { "a" "b" } 0\nt "" 0\n', "line 4: expected a node"),
        ("efg", TREE + 't "" 0\nt "" 0\n', "line 3: expected the end of the file"),
        (
            "efg",
            TREE + 'c "" 1 "" { "a" 0.5 "b" 0.4 } 0\nt "" 0\nt "" 0\n',
            "line 2: expected probabilities that sum to 1, found 0.9",
        ),
        (
            "efg",
            TREE + 'p "" 1 1 "" { "a" "b" } 0\np "" 1 1 "" { "a" } 0\nt "" 0\nt "" 0\n',
            "line 3: information set 1 was described otherwise in line 2",
        ),
        (
            "efg",
            TREE + 'p "" 1 1 "" { "a" "b" } 0\nt "" 1 "" { 1 2 }\nt "" 1 "" { 1 3 }\n',
            "line 4: outcome 1 has other payoffs than in line 3",
        ),
    ],
)
@pytest.mark.parametrize("spelled", ["{}", "{suffix}_game(filename={})"])
def test_what_is_wrong_is_told_with_file_and_line(suffix, text, message, spelled, tmp_path, capfd):
    file = tmp_path / f"my.{suffix}"
    file.write_text(text)
    with pytest.raises(games.GameFileError) as raised:
        games.compile(spelled.format(file, suffix=suffix))
    assert f"{file}, {message}" in str(raised.value) or (
        message in str(raised.value) and "my." in str(raised.value)
    )
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("name", ["missing.efg", "folder.nfg", "pipe.efg"])
def test_what_is_no_file_is_told(name, tmp_path):
    import os

    (tmp_path / "folder.nfg").mkdir()
    os.mkfifo(tmp_path / "pipe.efg")
    with pytest.raises(games.GameFileError, match=name):
        games.compile(tmp_path / name)


@settings(max_examples=2 * settings.default.max_examples)
@given(text=st.text(st.sampled_from('pct"\\ {}012/.,-eaEFGR\n'), max_size=80), tree=st.booleans())
def test_no_file_ends_in_a_traceback(text, tree):
    for head, read in ((TREE, read_efg), (HEAD, read_nfg)):
        try:
            read((head if tree else "") + text, "x")
        except games.GameFileError as error:
            told = str(error)
        else:
            continue
        assert "line " in told
