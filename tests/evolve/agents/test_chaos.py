"""One trial of `benchmarks/agents_chaos.py`: whatever dies, nothing is lost, and no token is held by two."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.slow
def test_nothing_is_lost_when_agents_their_server_and_the_run_die() -> None:
    options = ["--trials", "1", "--evaluations", "4", "--kills", "3"]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.agents_chaos", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 of 1 trials lost nothing, gave no token to two" in done.stdout
