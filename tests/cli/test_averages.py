"""Rules that weigh nothing in their first iterations say so, and do not pass uniform play off as theirs."""

from __future__ import annotations

import sqlite3
import warnings
from pathlib import Path
from typing import Any

import pytest

from nashforge import games
from nashforge.solvers import NoAverageWarning, exploitability, solve, uniform_profile

WORDS = "vad_cfr has no average in kuhn_poker after 200 iterations"


def test_the_library_warns_and_marks_the_solution() -> None:
    form = games.compile("kuhn_poker")
    with pytest.warns(NoAverageWarning, match=WORDS):
        found = solve("kuhn_poker", "vad_cfr", 200)
    assert not found.averaged
    assert found.exploitability == exploitability(form, uniform_profile(form)) == pytest.approx(11 / 24)


@pytest.mark.parametrize(("rule", "iterations"), [("vad_cfr", 520), ("dcfr", 1), ("cfr_plus", 200)])
def test_who_has_an_average_is_not_warned(rule: str, iterations: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", NoAverageWarning)
        assert solve("kuhn_poker", rule, iterations).averaged


def test_a_player_who_never_moves_needs_no_average(tmp_path: Path) -> None:
    file = tmp_path / "one.efg"
    file.write_text(
        'EFG 2 R "one" { "A" "B" } ""\np "" 1 1 "" { "x" "y" } 0\nt "" 1 "" { 1 -1 }\nt "" 2 "" { 2 -2 }\n'
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error", NoAverageWarning)
        found = solve(str(file), "dcfr", 50)
    assert found.averaged
    assert found.policy[0].argmax() == 1


def test_solve_says_it(empty: Any) -> None:
    assert WORDS in empty.text("solve", "kuhn_poker", "--rule", "vad_cfr", "-n", "200")
    assert empty.json("solve", "kuhn_poker", "--rule", "vad_cfr", "-n", "200")["averaged"] is False
    assert "no average" not in empty.text("solve", "kuhn_poker", "-n", "200")
    assert empty.json("solve", "kuhn_poker", "-n", "200")["averaged"] is True


def test_what_is_measured_in_the_sandbox_or_read_from_the_archive_says_it(empty: Any) -> None:
    words = ("vad_cfr", "dcfr", "--game", "kuhn_poker", "-n", "200", "--workers", "1")
    for command in ("evaluate", "compare"):  # the second reads what the first has stored
        assert WORDS in empty.text(command, *words)
        rows = empty.json("compare", *words)
        assert [row["averaged"] for row in rows] == [False, True]
        assert rows[0]["value"] == pytest.approx(11 / 24)


def test_it_is_said_once_and_not_for_every_game(empty: Any) -> None:
    games = [word for game in ("kuhn_poker", "kuhn_poker(players=3)") for word in ("--game", game)]
    for command in ("evaluate", "compare"):
        text = empty.text(command, "vad_cfr", *games, "-n", "20", "--workers", "1")
        assert text.count("no average") == 1
        assert "vad_cfr has no average in 2 games after 20 iterations" in " ".join(text.split())


def test_an_average_that_happens_to_be_uniform_is_one(empty: Any) -> None:
    words = ("vad_cfr", "cfr_plus", "--game", "matrix_rps", "-n", "3", "--workers", "1")
    rows = empty.json("evaluate", *words)
    assert rows[0]["value"] == rows[1]["value"] == 0
    assert [row["averaged"] for row in rows] == [False, True]


def test_the_last_iterate_is_measured_beside_the_average(empty: Any) -> None:
    solved = empty.json("solve", "kuhn_poker", "--rule", "pcfr_plus", "-n", "200")
    assert solved["last_iterate"] == solved["curve"][-1]["last_iterate"] != solved["exploitability"]
    assert "last iterate" in empty.text("solve", "kuhn_poker", "-n", "20")
    words = ("pcfr_plus", "dcfr", "--game", "kuhn_poker", "-n", "200", "--workers", "1")
    [row, _] = empty.json("evaluate", *words)
    assert row["metrics"]["last_iterate"] == pytest.approx(solved["last_iterate"], rel=1e-9)
    assert row["value"] == pytest.approx(solved["exploitability"], rel=1e-9)
    [plain, _] = empty.json("compare", *words)
    assert plain["curve"][-1]["last_iterate"] == row["metrics"]["last_iterate"]
    [other, _] = empty.json("compare", *words, "--metric", "last_iterate")
    assert other["metric"] == "last_iterate"
    assert other["fitness"] is None
    assert other["value"] == other["curve"][-1]["value"] == row["metrics"]["last_iterate"]
    assert len(other["curve"]) == len(plain["curve"]) > 10


def test_what_was_stored_before_a_metric_was_measured_is_measured_again(empty: Any) -> None:
    words = ("dcfr", "--game", "kuhn_poker", "-n", "50", "--workers", "1")
    empty.json("evaluate", *words)
    with sqlite3.connect(empty.database) as connection:
        assert connection.execute("DELETE FROM scores WHERE metric = 'last_iterate'").rowcount > 0
    connection.close()
    [row] = empty.json("compare", *words)
    assert "last_iterate" not in row["metrics"]
    [row] = empty.json("compare", *words, "--metric", "last_iterate")
    assert row["value"] > 0


def test_a_metric_to_compare_by_leaves_no_fitness(empty: Any) -> None:
    words = ("dcfr", "--game", "kuhn_poker", "-n", "50")
    told = empty("compare", *words, "--metric", "last_iterate", "--reference", "cfr")
    assert told.exit_code == 2
    assert "leave --reference" in told.stderr
    told = empty("compare", *words, "--metric", "last_iterat")
    assert told.exit_code == 2
    assert "did you mean last_iterate" in told.stderr.replace("'", "")
