"""Runs whose streams are closed or full, and processes that may open few files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name != "posix", reason="a shell that closes streams")]


def shell(commands: Any, line: str, *words: object) -> subprocess.CompletedProcess[str]:
    """Call a command with its streams as a shell redirects them; ``$@`` stands for it."""
    command = [sys.executable, "-m", "nashforge", *map(str, words)]
    return subprocess.run(
        ["sh", "-c", line, "sh", *command],
        cwd=ROOT,
        env={**os.environ, "NASHFORGE_DATABASE": str(commands.database)},
        capture_output=True,
        text=True,
        check=False,
    )


RUN = ("--max-evaluations", "2", "--no-final-test", "--name", "short")


def test_a_run_goes_on_when_nobody_hears_how_it_goes(empty: Any) -> None:
    closed = shell(empty, 'exec "$@" 2>&-', "run", "cfr", "--json", *empty.quick, *RUN)
    assert closed.returncode == 0
    assert closed.stdout.count("\n") == 1  # the outcome and nothing of the progress
    assert empty.json("status", "short")["state"] == "finished"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a full device")
def test_a_run_whose_outcome_cannot_be_printed_says_that_it_has_ended(empty: Any) -> None:
    full = shell(empty, 'exec "$@" >/dev/full', "run", "cfr", *empty.quick, *RUN)
    assert full.returncode == 1
    assert "the run short has ended (all evaluations made) and everything is stored" in full.stderr
    assert "nashforge status short" in full.stderr
    assert "Exception ignored" not in full.stderr
    assert empty.json("status", "short")["state"] == "finished"
    other = shell(empty, 'exec "$@" >/dev/full', "status", "short")
    assert other.returncode == 1
    assert "No space left on device" in other.stderr


def test_a_process_that_may_open_few_files_says_how_many_it_needs(empty: Any) -> None:
    few = shell(empty, 'ulimit -n 64; exec "$@"', "run", "cfr", *empty.quick, *RUN)
    assert few.returncode == 1
    assert "may open only 64 files at the same time" in few.stderr
    assert "ulimit -n 1024" in few.stderr
    enough = shell(empty, 'ulimit -S -n 64; exec "$@"', "run", "cfr", *empty.quick, *RUN)
    assert enough.returncode == 0, enough.stderr
