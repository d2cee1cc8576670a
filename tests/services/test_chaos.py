"""One bounded trial of `benchmarks/chaos.py`: whatever dies, nothing is lost."""

from __future__ import annotations

import subprocess
import sys

from nashforge.evolve.service.servers import PostgreSQL, Redis

from .conftest import ROOT, missing


def test_nothing_is_lost_when_everything_dies() -> None:
    for server in (PostgreSQL, Redis):
        if not server.installed():
            missing(f"{server.binary} is not installed, and only a private one may be killed")
    options = ["--trials", "1", "--evaluations", "16", "--every", "3", "--limit", "300"]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.chaos", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 of 1 trials lost nothing, repeated nothing and left nothing over" in done.stdout
