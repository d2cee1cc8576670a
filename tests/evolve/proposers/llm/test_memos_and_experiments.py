"""Memos, and measurements of variants, on the way to a program: booked, told on, and replayed."""

from __future__ import annotations

import json

import pytest

from benchmarks.model_faults import Numbers, check_ledger, configuration, history
from benchmarks.model_server import RULE, Reply, new_rule
from nashforge.archive import CallStatus
from nashforge.evolve.config.run import load_config
from nashforge.evolve.domains import domain
from nashforge.evolve.executors.local import LocalExecutor
from nashforge.evolve.measurement.experiments import measure_variants, stage_of
from nashforge.evolve.proposers.experiments import Experiment, Findings, Variant, asked_for
from nashforge.evolve.proposers.llm.memos import memos_of
from nashforge.evolve.proposers.llm.recordings.cassette import cassette_lines, replay_values
from nashforge.evolve.runs.preview import preview
from nashforge.evolve.runs.run import resume_run, start_run

VARIANT = RULE.format(power=7)


def replayed(archive, name, tmp_path):
    """Return the histories of replays of a run, from the archive and from its cassette."""
    cassette = tmp_path / "tape.jsonl"
    cassette.write_text("".join(cassette_lines(archive, archive.runs.get(name))))
    found = []
    for k, reference in enumerate((name, str(cassette))):
        again = load_config({}, base=replay_values(archive, f"replay:{reference}"))
        start_run(archive, again, name=f"again-{k}", executor=Numbers())
        found.append(history(archive, f"again-{k}"))
    return found


def test_a_memo_is_booked_told_to_later_prompts_and_replayed(archive, serve, tmp_path):
    def script(ask):
        if "Do not write a program" in ask.user:
            return Reply(f"Established: memo {ask.number}.")
        return new_rule(ask)

    server = serve(script)
    config = configuration(tmp_path, server, 1, max_evaluations=9, lookahead=1, reflect_every=3)
    start_run(archive, config, name="one", executor=Numbers())
    run = archive.runs.get("one")
    calls = archive.calls.find(run=run)
    memos = [call for call in calls if call.request["purpose"] == "memo"]
    assert [call.request["ideas"] for call in memos] == [3, 6]
    assert all(call.status is CallStatus.OK for call in memos)
    texts, known = memos_of(archive, run)
    assert (len(texts), known) == (2, 6)
    check_ledger(archive, run, server)
    later = [ask.user for ask in server.asks if texts[0] in ask.user]
    assert any("# The last memo" in user for user in later)
    assert any("# What was learnt" in user for user in later)
    made = archive.candidates.of(run)
    assert {c.data["calls"] for c in made[1:] if c.index not in (3, 6)} == {1}
    assert {c.data["calls"] for c in made if c.index in (3, 6)} == {2}
    for found in replayed(archive, "one", tmp_path):
        assert found == history(archive, "one")
    # What is shown beforehand is what is sent: a memo, as one is due.
    shown = preview(archive, run)
    assert shown.operator == "memo"
    before = len(server.asks)
    again = {"max_evaluations": 10, "proposer": run.config["proposer"]}
    resume_run(archive, run, changes=again, executor=Numbers())
    assert server.asks[before].user == shown.prompt.user


@pytest.mark.slow
def test_variants_are_measured_and_the_values_told_before_the_answer(archive, serve, tmp_path):
    def script(ask):
        if "# What was measured for you" in ask.user:
            return new_rule(ask)
        return Reply(f"Measure: games 1; iterations 12\n\n```python\n{VARIANT}```\n")

    server = serve(script)
    limits = {"max_evaluations": 3, "lookahead": 1, "experiments": 1, "tools": False}
    start_run(archive, configuration(tmp_path, server, 1, **limits), name="one", executor=Numbers())
    run = archive.runs.get("one")
    first, second = server.asks[:2]
    assert "measured on training games, 1 time more" in first.user
    assert "There are no more measurements: answer now." in second.user
    [line] = [line for line in second.user.splitlines() if line.startswith("- variant 1, game 1:")]
    assert ", 12: " in line
    assert "- current program, game 1: 1:" in second.user
    assert [call.request["purpose"] for call in archive.calls.find(run=run)][1::2] == ["experiment"] * 2
    check_ledger(archive, run, server)
    made = archive.candidates.of(run)[1:]
    assert all(c.data["experiments"]["asked"] == 1 and c.data["experiments"]["seconds"] > 0 for c in made)
    for k, found in enumerate(replayed(archive, "one", tmp_path)):
        assert found == history(archive, "one")
        again = archive.candidates.of(archive.runs.get(f"again-{k}"))[1:]
        assert [c.data["experiments"] for c in again] == [c.data["experiments"] for c in made]


def test_findings_are_the_same_when_they_were_stored():
    variant = Variant("variant 1", {3: ((1, 0.5), (2, 1e-9))}, {"last_iterate": {3: ((2, 0.25),)}})
    found = Findings((variant, Variant("current program", reason="crashed: no")), 1.25)
    assert Findings.of_json(json.loads(json.dumps(found.as_json()))) == found


def test_what_an_answer_asks_to_be_measured():
    code = "```python\nclass A:\n    pass\n```\n"
    found = asked_for(f"I wonder.\n**Measure:** games 1, 3; iterations 1,500\n{code}and\n{code * 5}")
    assert (found.games, found.iterations, len(found.variants)) == ((1, 3), 1500, 4)
    assert found.variants[0] == "class A:\n    pass\n"
    assert asked_for(f"Measure:\n{code}") == Experiment(("class A:\n    pass\n",))
    assert asked_for(f"Measure: games 1\nIdea: no need\n{code}") is None
    assert asked_for(f"Idea: an idea\n{code}") is None
    assert asked_for("Measure: games 1; iterations 10") is None


def test_only_training_games_are_measured_and_no_longer_than_asked():
    work = domain("cfr")
    train = work.stage("train", "cfr-smoke", 100, work.fitness)
    few = stage_of(work, train, Experiment(("x",), (1, 99), 7), 3.0)
    assert [(trial.label, trial.iterations, trial.checkpoints[-1]) for trial in few.trials] == [
        (train.trials[0].label, 7, 7)
    ]
    assert few.seconds == 3.0
    assert len(stage_of(work, train, Experiment(("x",)), 3.0).trials) == len(train.trials)
    assert stage_of(work, train, Experiment(("x",), (99,)), 3.0).trials == train.trials[:1]


@pytest.mark.slow
def test_variants_that_fail_say_why_and_the_others_are_measured():
    work = domain("cfr")
    train = work.stage("train", "cfr-smoke", 20, work.fitness)
    executor = LocalExecutor(1)
    try:
        broken = VARIANT.replace("np.maximum", "np.of_nothing")
        found = measure_variants(work, train, executor, [broken, VARIANT], work.source("cfr"), games=[1])
    finally:
        executor.close()
    first, second, current = found.variants
    assert "of_nothing" in first.reason, "in the words of the program"
    assert second.curves[1][-1][0] == current.curves[1][-1][0] == 20
    assert second.curves[1] != current.curves[1]
    assert "last_iterate" in second.measures
    assert found.seconds > 0
