"""``nashforge solve``: what it stops at, what it writes, what an interruption leaves."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyspiel
import pytest
from open_spiel.python.algorithms.exploitability import nash_conv
from open_spiel.python.policy import TabularPolicy

ENDLESS = "100000000"


def conv_of(rows: list[dict[str, str]], name: str) -> float:
    """Return OpenSpiel's own NashConv of a policy that was written as a table."""
    game = pyspiel.load_game(name)
    policy = TabularPolicy(game)
    policy.action_probability_array[:] = 0
    for row in rows:
        state = policy.state_lookup[row["information_set"]]
        policy.action_probability_array[state, int(row["action"])] = float(row["probability"])
    return float(nash_conv(game, policy))


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("words", [(), ("--psro", "nash")], ids=["cfr", "psro"])
def test_a_target_ends_it_and_the_policy_is_written_for_openspiel(
    empty: Any, tmp_path: Path, words: tuple[str, ...]
) -> None:
    path = tmp_path / "policy.csv"
    told = empty.json("solve", "leduc_poker", *words, "--target", "0.4", "--policy", path)
    assert told["stopped"] == "target"
    *before, last = [point["exploitability"] for point in told["curve"]]
    assert last <= 0.4 < min(before)
    assert told["iterations"] == told["curve"][-1]["iteration"] < 100
    assert conv_of(rows_of(path), "leduc_poker") / 2 == pytest.approx(told["exploitability"], abs=1e-9)


def test_a_target_that_is_not_reached_is_told(empty: Any) -> None:
    text = empty.text("solve", "kuhn_poker", "-n", "5", "--target", "1e-9")
    assert "The target of 1e-09 was not reached" in text
    assert empty.json("solve", "kuhn_poker", "-n", "5", "--target", "1e-9")["stopped"] is None


def test_the_last_iterate_is_the_answer_where_asked(empty: Any, tmp_path: Path) -> None:
    path = tmp_path / "last.csv"
    words = (
        "solve",
        "leduc_poker",
        "--rule",
        "annealed_mmd",
        "--iterate",
        "last",
        "-n",
        "30",
        "--policy",
        path,
    )
    told = empty.json(*words)
    assert told["iterate"] == "last"
    assert told["last_iterate"] is None
    assert conv_of(rows_of(path), "leduc_poker") / 2 == pytest.approx(told["exploitability"], abs=1e-9)
    text = empty.text("solve", "kuhn_poker", "--rule", "mmd", "--iterate", "last", "-n", "5")
    assert "value of the last policy: player 0" in text
    assert "last iterate" not in text


def test_games_without_information_states_are_solved_by_what_is_assumed(empty: Any, tmp_path: Path) -> None:
    game, path = "repeated_game(stage_game=matrix_rps(),num_repetitions=2)", tmp_path / "policy.csv"
    words = ("solve", game, "--information", "history", "-n", "20")
    told = empty.json(*words, "--policy", path)
    assert told["game"] == f"{game} [known: history]"
    assert told["exploitability"] < 1e-9  # all play uniformly
    assert {row["information_set"] for row in rows_of(path)} > {"history", "history 0 1"}
    size = empty.json("games", game, "--information", "observation")
    assert size["infosets"] == [10, 10]
    worth = empty.json("equilibrium", game, "--information", "history", "--concept", "nash")
    assert worth["players"][0]["value"] == pytest.approx(0, abs=1e-9)
    refused = empty("games", game, "--information", "history", "-o", tmp_path / "game.efg")
    assert refused.exit_code == 2
    assert "leave --information out" in " ".join(refused.stderr.split())


@pytest.mark.parametrize("words", [(), ("--psro", "uniform")], ids=["cfr", "psro"])
def test_time_ends_it_with_what_it_has(empty: Any, words: tuple[str, ...]) -> None:
    # PSRO holds room for all its policies from the start.
    told = empty.json("solve", "leduc_poker", *words, "-n", "3000", "--time", "0.01")
    assert told["stopped"] == "time"
    assert 1 <= told["iterations"] < 3000
    assert told["iterations"] == told["curve"][-1]["iteration"]


@pytest.mark.parametrize("kind", ["library", "sandbox", "psro"])
def test_an_interruption_keeps_the_solution_so_far(
    empty: Any,
    tmp_path: Path,
    stopped_at_once: Callable[[subprocess.Popen[str]], None],
    kind: str,
) -> None:
    from nashforge.solvers import rule_source

    rule = tmp_path / "rule.py"
    rule.write_text(rule_source("dcfr") + "\n# not the library's file\n")
    chosen = {"library": (), "sandbox": ("--rule", rule), "psro": ("--psro", "uniform")}[kind]
    steps = "20000" if kind == "psro" else ENDLESS
    files = ("--policy", tmp_path / "policy.csv", "--output", tmp_path / "curve.json")
    process = empty.start("solve", "kuhn_poker", *chosen, "-n", steps, *files)
    stopped_at_once(process)
    assert process.stdout is not None
    while "  10  " not in process.stdout.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=240)
    assert process.returncode == 130, errors
    assert "value of the average policy: player 0" in output
    curve = json.loads((tmp_path / "curve.json").read_text())
    last = curve[-1]
    assert f"Interrupted after iteration {last['iteration']} of {steps}" in errors
    assert "Traceback" not in errors
    assert 10 <= last["iteration"] < int(steps)
    found = conv_of(rows_of(tmp_path / "policy.csv"), "kuhn_poker") / 2
    assert found == pytest.approx(last["exploitability"], abs=1e-9)


@pytest.mark.parametrize(
    ("words", "told"), [(("--time", "0"), "--time 0 must be above 0"), (("--target", "-1"), "--target")]
)
def test_limits_that_make_no_sense(empty: Any, words: tuple[str, ...], told: str) -> None:
    result = empty("solve", "kuhn_poker", *words)
    assert result.exit_code == 2
    assert told in result.stderr
