"""Runs of one model, whose calls are answered by numbers."""

from __future__ import annotations

import pytest

from benchmarks.model_faults import Numbers, configuration
from nashforge.evolve.runs import proposers
from nashforge.evolve.runs.run import start_run

from .bench import LABELS, Bench


@pytest.fixture
def bench(monkeypatch):
    """Replace the sandbox by numbers: what is tested is the way there and back."""
    made = Bench()
    monkeypatch.setattr(proposers, "_laboratory", lambda config: lambda train: made)
    return made


@pytest.fixture
def run(archive, serve, tmp_path, bench):
    """Return a function that makes a run of one model, and returns its server and the run."""

    def make(provider, script, name="one", **options):
        server = serve(script)
        values = {"proposer": f"{LABELS[provider]}@{server.url}", "max_evaluations": 2, "lookahead": 1}
        start_run(
            archive, configuration(tmp_path, server, 1, **(values | options)), name=name, executor=Numbers()
        )
        return server, archive.runs.get(name)

    return make
