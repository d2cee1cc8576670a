"""Runs of models start from the strongest programs of the library, and replays from what the run had."""

from __future__ import annotations

import pytest

from benchmarks.model_faults import history
from benchmarks.model_server import new_rule
from nashforge.evolve.config.run import load_config
from nashforge.evolve.proposers.llm.recordings.cassette import replay_values
from nashforge.evolve.runs.run import start_run


@pytest.mark.slow
def test_runs_of_models_start_from_the_strongest_and_replays_from_the_same(archive, serve, tiny):
    server = serve(new_rule)
    model = f"anthropic:claude-sonnet-5@{server.url}"
    config = tiny(proposer=model, max_evaluations=6, final_test=False, start=[])
    start_run(archive, config, name="live")
    begun = archive.candidates.of(archive.runs.get("live"))[:3]
    assert [c.operator for c in begun] == ["seed"] * 3
    values = {**replay_values(archive, "replay:live"), "workers": 1}
    assert values["start"] == [c.note for c in begun]
    start_run(archive, load_config({}, base=values), name="again")
    assert history(archive, "again") == history(archive, "live")


def test_a_recorded_run_of_before_starts_from_the_seed_of_the_domain(archive, serve, tiny):
    server = serve(new_rule)
    config = tiny(proposer=f"anthropic:claude-sonnet-5@{server.url}", max_evaluations=3, final_test=False)
    start_run(archive, config, name="live")
    values = {**replay_values(archive, "replay:live"), "workers": 1}
    del values["start"]
    start_run(archive, load_config({}, base=values), name="again")
    assert [row[:3] for row in history(archive, "again")] == [row[:3] for row in history(archive, "live")]
