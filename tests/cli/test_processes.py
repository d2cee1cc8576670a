"""The command as a process of its own: interruption, death, resuming, piped output."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.processes import descendants, is_alive

ROOT = Path(__file__).resolve().parents[2]
ENDLESS = ("--max-evaluations", "100000", "--no-final-test")
PATIENCE_SECONDS = 120.0


def wait_for_line(process: subprocess.Popen[str], text: str) -> None:
    """Read standard error until a line with the text comes."""
    assert process.stderr is not None
    for line in process.stderr:
        if text in line:
            return
    raise AssertionError(f"the process ended without saying {text!r}")


def wait_until_gone(pids: list[int]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while any(map(is_alive, pids)):
        assert time.monotonic() < deadline, "processes were left behind"
        time.sleep(0.05)


def test_an_interrupted_run_says_how_to_go_on_and_does(
    empty: Any, stopped_at_once: Callable[[subprocess.Popen[str]], None]
) -> None:
    process = empty.start("run", "cfr", "--json", *empty.quick, *ENDLESS, "--name", "cut-short")
    stopped_at_once(process)
    wait_for_line(process, "#0")
    pids = descendants(process.pid)
    assert pids
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 130, errors
    assert "nashforge resume cut-short" in errors
    assert "Traceback" not in errors
    value = json.loads(output)
    assert value["stop_reason"] == "interrupted"
    assert value["evaluations"] >= 1
    wait_until_gone(pids)
    assert empty.json("status")["state"] == "stopped"
    resumed = empty.json("resume", "cut-short", "--max-evaluations", value["evaluations"] + 2)
    assert resumed["evaluations"] == value["evaluations"] + 2
    assert resumed["stop_reason"] == "max_evaluations"


def test_a_killed_run_leaves_nothing_behind_and_resumes_at_once(
    empty: Any, stopped_at_once: Callable[[subprocess.Popen[str]], None]
) -> None:
    process = empty.start("run", "cfr", "--json", *empty.quick, *ENDLESS, "--name", "killed")
    stopped_at_once(process)
    wait_for_line(process, "#0")
    pids = descendants(process.pid)
    process.kill()
    process.wait()
    wait_until_gone(pids)
    before = empty.json("status", "killed")
    assert before["evaluations"] >= 1
    limit = before["evaluations"] + 2
    after = empty.json("resume", "killed", "--max-evaluations", limit)
    assert after["evaluations"] == limit
    now = empty.json("status", "killed")
    finished = sum(count for status, count in now["candidates"].items() if status != "duplicate")
    assert finished == limit
    assert now["state"] == "finished"


def test_stop_ends_a_run_of_another_process(
    empty: Any, stopped_at_once: Callable[[subprocess.Popen[str]], None]
) -> None:
    process = empty.start("run", "cfr", "--json", *empty.quick, *ENDLESS, "--name", "long")
    stopped_at_once(process)
    wait_for_line(process, "#0")
    assert empty.json("stop", "long") == {"run": "long", "state": "running", "stop_requested": True}
    output, errors = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 0, errors
    assert json.loads(output)["stop_reason"] == "stopped"
    assert empty("stop", "long").exit_code == 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_polite_kill_and_a_closed_terminal_stop_as_cleanly(
    empty: Any, stopped_at_once: Callable[[subprocess.Popen[str]], None], number: int
) -> None:
    process = empty.start("run", "cfr", "--json", *empty.quick, *ENDLESS)
    stopped_at_once(process)
    wait_for_line(process, "measuring the reference")
    process.send_signal(number)
    output, errors = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 130, errors
    assert "Traceback" not in errors
    assert json.loads(output)["stop_reason"] == "interrupted"
    assert empty.json("status")["state"] == "stopped"


def test_a_closed_pipe_is_no_error(searched: Any) -> None:
    process = searched.start("best", "--json")
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert "Traceback" not in process.stderr.read()
    process.stderr.close()
    process.wait()


def test_help_loads_nothing_heavy(record_property: Callable[[str, object], None]) -> None:
    code = (
        "import sys, nashforge.cli.main; "
        "heavy = {'numpy', 'sqlalchemy', 'pydantic', 'rich', 'numba', 'pyspiel'} & set(sys.modules); "
        "assert not heavy, heavy"
    )
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", code], check=True, cwd=root)
    began = time.perf_counter()
    result = subprocess.run(
        [sys.executable, "-m", "nashforge", "--help"], cwd=root, capture_output=True, text=True, check=True
    )
    # Reported, not asserted: the machine may be busy.
    record_property("seconds_of_help", round(time.perf_counter() - began, 3))
    assert "Search for better programs." in result.stdout
    assert all(len(line) <= 80 for line in result.stdout.splitlines())


def test_the_module_is_the_command(empty: Any) -> None:
    process = empty.start("show", "nosuch")
    _, errors = process.communicate()
    assert process.returncode == 2
    assert errors.startswith("Error: ")
    assert os.linesep + "Traceback" not in errors


@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["run", "--help"],
        ["rules"],
        ["rules", "--no-json"],
        ["show", "first-light-is-no-program"],
        ["show", "vad_cfr", "--no-json"],
        ["lineage", "--format", "dot"],
    ],
    ids=" ".join,
)
def test_output_that_nobody_reads_ends_a_command_quietly(searched: Any, words: list[str]) -> None:
    ours, theirs = os.pipe()
    os.close(ours)
    failing = words[1:] == ["first-light-is-no-program"]
    process = subprocess.run(
        [sys.executable, "-m", "nashforge", *words],
        cwd=ROOT,
        env={**os.environ, "NASHFORGE_DATABASE": str(searched.database)},
        stdout=subprocess.DEVNULL if failing else theirs,
        stderr=theirs if failing else subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(theirs)
    assert process.returncode == 141
    assert not process.stderr


@pytest.mark.skipif(os.name != "posix", reason="a shell that closes streams")
def test_closed_output_is_no_traceback(searched: Any) -> None:
    command = f"{sys.executable} -m nashforge rules >&-"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, cwd=ROOT, check=False)
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) <= 3
