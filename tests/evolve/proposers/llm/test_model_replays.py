"""Runs with models are the same when their recorded answers are played again."""

from __future__ import annotations

import json
import random

import pytest

from benchmarks.model_faults import Numbers, history, trial
from benchmarks.model_server import Reply, new_rule
from nashforge.archive import Archive, Status
from nashforge.evolve.config.run import load_config
from nashforge.evolve.proposers.llm.recordings.cassette import (
    CassetteError,
    cassette_lines,
    read_cassette,
    replay_values,
)
from nashforge.evolve.proposers.llm.recordings.replay import Recording
from nashforge.evolve.proposers.llm.replies.reading import READING
from nashforge.evolve.proposers.order import ASKED_AFTER, asked_after, late_of
from nashforge.evolve.runs.run import resume_run, start_run


@pytest.mark.parametrize("seed", [0, 1])
def test_with_faults_and_a_cap_the_ledger_is_the_servers_and_a_replay_is_the_same(tmp_path, seed):
    row = trial(tmp_path, seed, proposals=40)
    assert row["faults"] > 0


def test_a_cassette_replays_in_another_archive(run, archive, tmp_path):
    _, made, server = run(lambda ask: Reply("no", "refusal") if ask.number % 5 == 2 else new_rule(ask))
    path = tmp_path / "one.jsonl"
    path.write_text("".join(cassette_lines(archive, made)))
    requests = server.tally.requests
    assert len(read_cassette(path)) == requests
    with Archive.open(tmp_path / "elsewhere.db") as other:
        config = load_config(replay_values(other, f"replay:{path}"))
        assert start_run(other, config, name="again", executor=Numbers()).stop_reason == "max_evaluations"
        assert history(other, "again") == history(archive, "one")
        assert other.calls.find(run=other.runs.get("again")) == []
        longer = load_config(replay_values(other, f"replay:{path}") | {"max_evaluations": 99})
        ended = start_run(other, longer, name="longer", executor=Numbers())
        assert ended.stop_reason == "replayed: the recording has no more answers"
    assert server.tally.requests == requests
    path.write_text(path.read_text()[: len(path.read_text()) // 2])
    with pytest.raises(CassetteError, match="damaged"):
        read_cassette(path)
    (tmp_path / "other.jsonl").write_text("{}\n")
    with pytest.raises(CassetteError, match="no cassette"):
        read_cassette(tmp_path / "other.jsonl")


def test_an_answer_that_was_cut_when_it_was_recorded_is_cut_in_a_replay(run, archive, tmp_path):
    """Cassettes of earlier versions do not say how their answers were read."""
    _, made, _ = run(new_rule, max_evaluations=4)
    rows = [json.loads(line) for line in cassette_lines(archive, made)]
    for row in rows[1:]:
        assert row["request"]["reading"] == READING
        program = row["text"].partition("```python\n")[2].rstrip("`\n")
        row["text"] = f"Weigh otherwise.\n\n{program}\n\nclass Helper(Mine)\n    pass\n"

    def programs(name):
        path = tmp_path / f"{name}.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        with Archive.open(tmp_path / f"{name}.db") as other:
            start_run(
                other, load_config(replay_values(other, f"replay:{path}")), name=name, executor=Numbers()
            )
            return [one.program for one in other.candidates.of(other.runs.get(name))]

    wanted = [one.program for one in archive.candidates.of(made)]
    assert programs("now")[1:] != wanted[1:]
    for row in rows[1:]:
        del row["request"]["reading"]
    assert programs("before") == wanted


@pytest.mark.parametrize("config", ['"config": 7', '"config": "ab"', '"config": [1]', '"other": {}'])
def test_a_cassette_without_a_configuration_is_damaged(tmp_path, config):
    path = tmp_path / "mine.jsonl"
    path.write_text(f'{{"nashforge_cassette": 1, {config}}}\n')
    with pytest.raises(CassetteError, match="is damaged"):
        read_cassette(path)


def refusing(seed):
    """Return a script by which a model declines a third of what it is asked."""

    def script(ask):
        declines = random.Random(f"{seed} {ask.user}").random() < 0.3
        return Reply("No idea.", "refusal") if declines else new_rule(ask)

    return script


def parents_of(archive, name):
    candidates = archive.candidates.of(archive.runs.get(name))
    at = {candidate.id: candidate.index for candidate in candidates}
    return [[(at[parent.candidate_id], parent.role) for parent in one.parents] for one in candidates]


@pytest.mark.parametrize("seed", [0, 1, 3])
def test_what_was_asked_for_late_for_want_of_evaluations_is_asked_for_late_again(
    run, archive, tmp_path, seed
):
    """A program is asked for in the place of one that came to nothing, though its limit was raised later."""
    few = {"max_evaluations": 8, "lookahead": 6, "repairs": 0}
    _, made, _ = run(refusing(seed), **few)
    late = late_of(archive.candidates.of(made))
    assert late
    assert all(told > index - 5 for index, told in late.items())
    more = {"max_evaluations": 16, "proposer": made.config["proposer"]}
    resume_run(archive, made, changes=more, executor=Numbers())
    path = tmp_path / "one.jsonl"
    path.write_text("".join(cassette_lines(archive, made)))
    with Archive.open(tmp_path / "elsewhere.db") as other:
        config = load_config(replay_values(other, f"replay:{path}"))
        start_run(other, config, name="again", executor=Numbers())
        assert history(other, "again") == history(archive, "one")
        assert parents_of(other, "again") == parents_of(archive, "one")
        assert late_of(other.candidates.of(other.runs.get("again"))) == late_of(archive.candidates.of(made))


def test_an_answer_of_no_use_is_of_no_use_again(run, archive):
    """What is rejected has its reason, and is not asked for again."""

    def script(ask):
        wrong = Reply("<<<<<<< SEARCH\nnot in the program\n=======\nx\n>>>>>>> REPLACE")
        return wrong if random.Random(ask.user).random() < 0.4 else new_rule(ask)

    run(script, max_evaluations=8, lookahead=3, repairs=0)
    config = load_config(replay_values(archive, "replay:one"))
    start_run(archive, config, name="again", executor=Numbers())
    first, again = (archive.candidates.of(archive.runs.get(name)) for name in ("one", "again"))
    rejected = [(one.index, one.reason) for one in first if one.status is Status.REJECTED]
    assert rejected
    assert all("occurs nowhere in the program" in reason for _, reason in rejected)
    assert [(one.index, one.reason) for one in again if one.status is Status.REJECTED] == rejected
    assert history(archive, "again") == history(archive, "one")


@pytest.mark.parametrize("said", ['"asked_after": 7', '"asked_after": {"x": 1}', '"asked_after": {"1": "y"}'])
def test_a_cassette_that_says_strange_things_of_the_order_is_damaged(tmp_path, said):
    path = tmp_path / "mine.jsonl"
    path.write_text(f'{{"nashforge_cassette": 1, "config": {{}}, {said}}}\n')
    with pytest.raises(CassetteError, match="is damaged"):
        read_cassette(path)


def test_nothing_waits_for_outcomes_that_will_not_be(archive):
    made = archive.runs.create("cfr", {})
    for value, least in ((0, 0), (99, 1), ("many", 0), (None, 0)):
        candidate = archive.candidates.add(
            made, operator="edit", proposer="m", index=None, status=Status.REJECTED, data={ASKED_AFTER: value}
        )
        assert asked_after(candidate) == min(least, candidate.index)
    assert Recording((), late={3: 99}).asked_after(3) == 3
