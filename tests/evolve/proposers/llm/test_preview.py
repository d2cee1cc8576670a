"""The preview of a prompt against what is then sent."""

from __future__ import annotations

import pytest

from benchmarks.model_faults import MODELS, SUITE, Numbers
from benchmarks.model_server import new_rule
from nashforge.evolve.config.run import load_config
from nashforge.evolve.domains import domain
from nashforge.evolve.runs.preview import preview
from nashforge.evolve.runs.run import resume_run, start_run


@pytest.mark.parametrize("lookahead", [1, 4])
@pytest.mark.parametrize("islands", [False, True])
def test_a_preview_is_what_is_sent_next(archive, serve, tmp_path, lookahead, islands):
    suite = tmp_path / "tiny.toml"
    suite.write_text(SUITE)
    server = serve(new_rule)
    values = {
        "proposer": ",".join(f"{model}@{server.url}" for model in MODELS),
        **dict.fromkeys(("train", "validation", "test"), str(suite)),
        "final_test": False,
        "horizon": 40,
        "seed": 3,
        "fitness": {"kind": "negative"},
        "budget_usd": 0,
        "lookahead": lookahead,
        "model_islands": islands,
    }
    shown, sent = [], []
    start_run(archive, load_config({**values, "max_evaluations": 1}), name="shown", executor=Numbers())
    run = archive.runs.get("shown")
    for limit in range(4, 20, 3):
        before = len(server.asks)
        archive.notes.add(run, f"noted before {limit}", author="ann")
        prompt = preview(archive, run).prompt
        shown.append((prompt.system, prompt.user))
        again = {"max_evaluations": limit, "proposer": run.config["proposer"]}
        resume_run(archive, run, changes=again, executor=Numbers())
        # Calls under way at the same time arrive in any order.
        call = archive.calls.find(run=run)[before]
        sent.append((server.asks[before].system, call.request["user"]))
    assert shown == sent
    assert len(set(shown)) > 3
    noted = "- noted before 4 (ann)\n- noted before 7 (ann)\n"
    assert any(noted in user for _, user in sent[1:]), "models read the lab book, but for repairs"
    assert archive.calls.find(run=run)[-1].request["user"] in {ask.user for ask in server.asks}


def test_a_preview_while_the_seed_is_measured(archive):
    config = load_config({"train": "cfr-smoke"})
    run = archive.runs.create("cfr", config.settings())
    before = preview(archive, run).prompt
    assert archive.candidates.of(run) == [], "to look at a run changes nothing of it"
    work = domain("cfr")
    seed = archive.programs.add(work.source(work.seed), "cfr")
    archive.candidates.add(run, program=seed, operator="seed", proposer="library")
    assert preview(archive, run).prompt == before
