"""Commands about social dilemmas: rows by metric, pictures, refinement, wrong usage."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from nashforge.cli.main import app

ROOT = Path(__file__).resolve().parents[2]
SMALL = ["--map", "cleanup_small", "--agents", "3", "--iterations", "60"]


@pytest.fixture
def call(tmp_path):
    """Return a function that calls a command on an archive of its own."""

    def run(*words):
        environment = {"NASHFORGE_DATABASE": str(tmp_path / "n.db"), "COLUMNS": "120"}
        return CliRunner(env=environment).invoke(app, [str(word) for word in words])

    return run


def test_evaluate_prints_one_row_a_metric_with_its_interval(call):
    policies = ["nearest_apple", "cleaner"]
    result = call(
        "evaluate",
        *policies,
        "--game",
        "cleanup",
        *SMALL,
        "--preset",
        "gallego2026",
        "--seeds",
        "0-2",
        "--json",
    )
    assert result.exit_code == 0, result.stderr
    rows = json.loads(result.stdout)
    metrics = ["efficiency", "equality", "sustainability", "peace", "min_reward", "gini"]
    assert [(row["program"], row["metric"]) for row in rows] == [(p, m) for p in policies for m in metrics]
    for row in rows:
        assert row["game"] == "cleanup(agents=3,map=cleanup_small,preset=gallego2026,horizon=60)"
        assert (row["status"], row["seeds"], row["tier"]) == ("ok", [0, 1, 2], "strict")
        if row["value"] is None:
            assert row["interval"] is None
        else:
            low, high = row["interval"]
            assert low <= row["value"] <= high
    by = {(row["program"], row["metric"]): row for row in rows}
    assert by["cleaner", "equality"]["value"] is None
    assert by["cleaner", "efficiency"]["value"] < 0 < by["nearest_apple", "efficiency"]["value"]


def test_a_policy_that_fails_has_rows_without_values(call, tmp_path):
    path = tmp_path / "broken.py"
    path.write_text("def act(observation, memory):\n    return 99\n")
    result = call("evaluate", path, "--game", "cleanup", *SMALL, "--seeds", "0", "--json")
    assert result.exit_code == 1
    rows = json.loads(result.stdout)
    assert {(row["status"], row["value"]) for row in rows} == {("invalid_output", None)}
    assert "act() returned 99" in rows[0]["reason"]


def test_watch_writes_pictures(call, tmp_path):
    options = ["--game", "cleanup", "--map", "cleanup_small", "--agents", "3", "--steps", "12", "--json"]
    for name, frames in (("a.gif", 13), ("a.png", 1)):
        result = call("watch", "duty_rotation", "nearest_apple", *options, "--output", tmp_path / name)
        assert result.exit_code == 0, result.stderr
        assert len(json.loads(result.stdout)["returns"]) == 3
        with Image.open(tmp_path / name) as image:
            assert getattr(image, "n_frames", 1) == frames


WATCH = ["watch", "cleaner", "--game", "cleanup", "--map", "cleanup_small", "--steps", "3", "--speed", "500"]


def test_watch_plays_in_the_terminal(tmp_path):
    ours, terminal = pty.openpty()
    kind = {
        "TERM": "xterm",
        "COLUMNS": "80",
        "LINES": "40",
        "NASHFORGE_DATABASE": str(tmp_path / "dilemmas.db"),
    }
    command = [sys.executable, "-m", "nashforge", *WATCH]
    with subprocess.Popen(
        command, cwd=ROOT, env=os.environ | kind, stdin=terminal, stdout=terminal, stderr=subprocess.PIPE
    ) as process:
        os.close(terminal)
        shown = b""
        with suppress(OSError):  # a terminal that nobody writes to any more has no end, but an error
            while read := os.read(ours, 65536):
                shown += read
        errors = process.stderr.read()
    os.close(ours)
    assert process.returncode == 0, errors.decode()
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode())  # without colours and moves of the cursor
    assert "step 3/3" in text
    assert text.count("#############") >= 2
    assert "efficiency" in text


def test_watch_says_only_the_result_where_no_terminal_is(call):
    result = call(*WATCH, "--no-json")
    assert result.exit_code == 0, result.stderr
    assert result.stdout.startswith("cleanup(")
    assert "efficiency" in result.stdout
    assert "#" not in result.stdout
    assert "step " not in result.stdout


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        (["evaluate", "cleaner", "--game", "cleanup", "--seeds", "4-1"], "smaller number first"),
        (["evaluate", "cleaner", "--game", "cleanup", "--seeds", "1,1"], "names a seed twice"),
        (["evaluate", "cleaner", "--game", "cleanup", "--game", "gathering"], "measured alone"),
        (["evaluate", "cleaner", "--seeds", "1"], "go with --game gathering"),
        (["evaluate", "cleaner", "--game", "cleanup", "--agents", "40"], "room for 1 to 10"),
        (["watch", "cleaner", "--game", "cleanup", "-o", "x.mp4"], "must end in .gif, .png or .json"),
        (["synthesize", "poker"], "choose one of gathering, cleanup"),
        (["synthesize", "cleanup", "--feedback", "full"], "sparse, dense, rich"),
        (["synthesize", "cleanup", "--suite", "gathering"], "not of cleanup"),
    ],
)
def test_wrong_usage_is_told_in_a_sentence(call, words, wrong):
    result = call(*words)
    assert result.exit_code == 2
    assert wrong in " ".join(result.stderr.split())


def test_synthesize_refines_and_stores_what_it_made(call):
    result = call(
        "synthesize",
        "cleanup",
        "--suite",
        "cleanup-small",
        "--refinements",
        "1",
        "--feedback",
        "rich",
        "--json",
    )
    assert result.exit_code == 0, result.stderr
    value = json.loads(result.stdout)
    assert [step["iteration"] for step in value["iterations"]] == [0, 1]
    assert value["test"].keys() >= {"efficiency", "equality"}
    assert value["program"] == value["iterations"][-1]["program"]
    assert call("show", value["program"], "--json").exit_code == 0


BAD_MAPS = [
    ("#####\n#PA.#\n####\n", "row 2 of the map mine.txt has 4 signs"),
    ("#####\n#PA?#\n#####\n", "has '?' in row 1, column 3"),
    ("#####\n#.A.#\n#####\n", "has no cell to start from; draw at least one P"),
    ("#####\n#PA..\n#####\n", "is open in row 1, column 4"),
    ("#####\n#P..#\n#####\n", "has no apple; draw at least one A"),
    ("######\n#P#A~#\n######\n", "apple in row 1, column 3"),
    ("#####\n#PA.#\n#####\n", "has no river, which Cleanup needs"),
    ("\n", "is empty"),
    (None, "does not exist; check the path"),
]


@pytest.mark.parametrize(("drawn", "wrong"), BAD_MAPS)
def test_maps_with_errors_are_told_in_a_sentence(call, tmp_path, monkeypatch, drawn, wrong):
    monkeypatch.chdir(tmp_path)
    if drawn is not None:
        (tmp_path / "mine.txt").write_text(drawn)
    for words in (["evaluate", "cleaner", "--json"], ["watch", "cleaner", "-o", "x.gif", "--json"]):
        result = call(*words, "--game", "cleanup", "--map", "mine.txt")
        assert result.exit_code == 2, result.stderr
        error = json.loads(result.stderr)["error"]
        assert wrong in error["message"]
        assert "defect" not in error["message"]


def test_a_map_of_the_users_is_played_on_and_faults_are_counted(call, tmp_path):
    drawn = tmp_path / "mine.txt"
    drawn.write_text("; mine\n########\n#P~%.A.#\n#P~%.A.#\n########\n")
    clumsy = tmp_path / "clumsy.py"
    clumsy.write_text("def act(observation, memory):\n    return 99 if observation.step < 2 else 7\n")
    words = ["evaluate", clumsy, "--game", "cleanup", "--map", drawn, "--iterations", "9", "--seeds", "4,6"]
    result = call(*words, "--json")
    assert result.exit_code == 0, result.stderr
    rows = json.loads(result.stdout)
    assert rows[0]["game"] == f"cleanup(agents=2,map={drawn},preset=default,horizon=9)"
    assert all(row["faults"] == {"invalid_actions": 8, "exceptions": 0, "slow_answers": 0} for row in rows)
    assert "forgiven in all episodes: 8 invalid actions" in " ".join(call(*words, "--no-json").stdout.split())


def test_the_domain_of_a_map_may_be_that_of_a_file(empty, tmp_path):
    file = tmp_path / "run.toml"
    file.write_text('domain = "cleanup"\nhorizon = 5\nmax_evaluations = 1\nfinal_test = false\n')
    empty.json("run", "--config", file, "--map", "cleanup_small", "--agents", "2", "--workers", "1")
    told = empty.json("status")["config"]
    assert told["train"] == "cleanup(agents=2,map=cleanup_small,preset=default)"


def test_a_run_and_risk_take_a_map_and_agents(empty):
    options = ("--map", "cleanup_small", "--agents", "2")
    words = (
        "--horizon",
        "20",
        "--max-evaluations",
        "2",
        "--workers",
        "1",
        "--no-final-test",
        "--name",
        "pond",
    )
    empty.json("run", "cleanup", *options, *words)
    told = empty.json("status", "pond")["config"]
    setting = "cleanup(agents=2,map=cleanup_small,preset=default)"
    assert (told["train"], told["validation"], told["test"]) == (setting,) * 3
    assert "episodes of 20 steps" in empty.text("status", "pond")
    assert empty.json("resume", "pond", "--max-evaluations", "3")["evaluations"] == 3
    found = empty.json("risk", "nearest_apple", "--game", "cleanup", *options, "-n", "5", "--seeds", "0")
    assert found["game"] == "cleanup(agents=2,map=cleanup_small,preset=default,horizon=5)"
    for wrong in (("run", "cfr", *options), ("run", "cleanup", "--suite", "cleanup", *options)):
        result = empty(*wrong)
        assert result.exit_code == 2
        assert "--map and --agents" in result.stderr
