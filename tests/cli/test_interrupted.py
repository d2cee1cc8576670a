"""Ctrl-C while programs are measured: what was measured is shown, written and kept."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nashforge.cli.rendering import output

GAMES = ("--game", "kuhn_poker", "--game", "leduc_poker")


@pytest.mark.parametrize("command", ["compare", "evaluate"])
def test_what_was_measured_is_told(
    empty: Any,
    tmp_path: Path,
    command: str,
    stopped_at_once: Callable[[subprocess.Popen[str]], None],
) -> None:
    path = tmp_path / "so-far.json"
    words = (command, "cfr", *GAMES, "-n", "30000", "--reference", "none", "--workers", "1", "-o", path)
    process = empty.start(*words)
    stopped_at_once(process)
    assert process.stderr is not None
    assert process.stderr.readline() == "2 measurements to be made\n"
    assert "1/2 cfr in kuhn_poker" in process.stderr.readline()
    os.kill(process.pid, signal.SIGINT)
    text, told = process.communicate(timeout=240)
    assert process.returncode == 130, told
    assert "kuhn_poker" in text
    assert "leduc_poker" not in text
    assert "Interrupted: 1 measurement is missing. What is finished is kept" in told
    (row,) = json.loads(path.read_text())
    assert row["game"] == "kuhn_poker"
    assert row["value"] < 0.01
    kept = empty.json("compare", "cfr", "--game", "kuhn_poker", "-n", "30000", "--reference", "none")
    assert kept[0]["value"] == row["value"]


def test_episodes_that_were_played_are_told(
    empty: Any, tmp_path: Path, stopped_at_once: Callable[[subprocess.Popen[str]], None]
) -> None:
    path, slow = tmp_path / "so-far.json", tmp_path / "slow.py"
    slow.write_text("def act(observation, memory):\n    sum(range(500_000))\n    return 7\n")
    game = ("--game", "gathering(agents=2,map=gathering_small)", "-n", "100", "--seeds", "0-1")
    process = empty.start("evaluate", slow, *game, "--workers", "1", "-o", path)
    stopped_at_once(process)
    assert process.stderr is not None
    assert process.stderr.readline() == "2 measurements to be made\n"
    assert "1/2 " in process.stderr.readline()
    os.kill(process.pid, signal.SIGINT)
    text, told = process.communicate(timeout=240)
    assert process.returncode == 130, told
    assert "seeds 0" in text
    assert "efficiency" in text
    assert "Interrupted: 1 measurement is missing. What is finished is kept" in told
    rows = json.loads(path.read_text())
    assert {row["metric"] for row in rows} >= {"efficiency", "peace"}
    assert {(row["status"], tuple(row["seeds"]), row["defined"]) for row in rows} <= {
        ("ok", (0,), 1),
        ("ok", (0,), 0),
    }


def test_lines_of_ours_stay_lines_and_foreign_ones_are_indented(searched: Any, tmp_path: Path) -> None:
    game = (
        "universal_poker(betting=nolimit,numPlayers=2,numRounds=1,blind=1 2,stack=4 4,numSuits=1,numRanks=4)"
    )
    text = searched.text("compare", "cfr", "--game", game, "-n", "3", "--workers", "1", COLUMNS="60")
    assert "\\n" not in text
    assert "numRanks=4)" in text
    crash = tmp_path / "crash.py"
    crash.write_text(
        "from nashforge.solvers.cfr.interface import *\n\n\n"
        "def new(*args):\n    raise ValueError('one\\ntwo')\n"
    )
    result = searched("evaluate", str(crash), "--game", "kuhn_poker", "-n", "3", "--workers", "1")
    assert result.exit_code == 1
    assert "\\n" not in result.stdout


def test_reasons_of_several_lines_stand_below() -> None:
    assert output.because(None) == " no reason was given"
    assert output.because("it [red]broke\n") == r" it \[red]broke"
    assert output.because("one\nError: two\x1b") == "\n  one\n  Error: two\\x1b"
