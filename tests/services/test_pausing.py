"""Runs are held back, let go on and stopped from another process."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from nashforge.archive import Archive, NotFound, RunState
from nashforge.evolve.results.run_status import run_status

from .conftest import ROOT, Service


def said(database: str, *words: str) -> Any:
    """Return what a command prints as JSON."""
    done = subprocess.run(
        [sys.executable, "-m", "nashforge", *words, "--database", database, "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("executor", ["local", "celery"])
def test_a_run_is_held_back_and_goes_on_where_it_is(
    executor: str, postgresql: str, redis: str, tmp_path: Any
) -> None:
    service = Service(postgresql, redis, tmp_path)
    try:
        if executor == "celery":
            service.worker("w1")
        suite = service.config().evaluation.train
        suites = [word for kind in ("", "validation-", "test-") for word in (f"--{kind}suite", suite)]
        options = ["--horizon", "40", "--executor", executor, "--workers", "1", "--no-final-test"]
        process = service.start(
            *("run", "cfr", "--name", "held", "--max-evaluations", "200"), *suites, *options, log="run.log"
        )
        with Archive.open(postgresql) as archive:
            service.wait(lambda: count(archive) >= 3, "some evaluations", process)
            assert said(postgresql, "pause", "held") == {"run": "held", "paused": True}
            service.wait(lambda: "paused" in (tmp_path / "run.log").read_text(), "the pause", process)
            assert run_status(archive, archive.runs.get("held")).state == "paused"
            before = count(archive)
            assert said(postgresql, "resume", "held") == {"run": "held", "paused": False}
            service.wait(lambda: count(archive) > before + 2, "more evaluations", process)
            assert process.poll() is None
            said(postgresql, "pause", "held")
            said(postgresql, "stop", "held")
            assert process.wait(60.0) == 0
            assert archive.runs.get("held").state is RunState.STOPPED
    finally:
        service.end()


def count(archive: Archive) -> int:
    """Return how many candidates are finished."""
    try:
        return sum(c.status.finished for c in archive.candidates.of(archive.runs.get("held")))
    except NotFound:
        return 0
