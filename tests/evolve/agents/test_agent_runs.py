"""Runs whose programs agents write: ask, tell, give up; leases, repairs, mixing, resuming, replays."""

from __future__ import annotations

import json
import math
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import update

from nashforge.archive import Archive, CallStatus, NotFound, Status
from nashforge.archive.agents import RequestState
from nashforge.archive.storage.models import AgentRequestRow
from nashforge.errors import NashforgeError
from nashforge.evolve.agents.answers.base import AgentError
from nashforge.evolve.agents.asking import Who
from nashforge.evolve.agents.core import LocalCore
from nashforge.evolve.agents.telling import Bill
from nashforge.evolve.agents.texts import asked_text, told_text
from nashforge.evolve.proposers.llm.recordings.cassette import (
    CassetteError,
    cassette_lines,
    replay_values,
)
from nashforge.evolve.results.model_costs import model_costs
from nashforge.evolve.runs.run import start_run

from .conftest import Agency, rule, until


def history(archive: Archive, name: str) -> list[tuple[Any, ...]]:
    return [
        (c.index, c.program, c.operator, c.proposer, c.status, c.train, c.validation, c.island)
        for c in archive.candidates.of(archive.runs.get(name))
    ]


def test_an_agent_finds_a_rule_better_than_the_seed_and_everything_is_kept(agency: Agency) -> None:
    agency.start(max_evaluations=3, lookahead=1)
    asked = agency.core.ask("agents", wait=600)
    [task] = asked.tasks
    assert asked.interface is not None
    assert "Role" in str(asked.interface.text)
    assert asked.budget.model_dump(include={"evaluated", "limit", "left", "waiting", "claimed"}) == {
        "evaluated": 1,
        "limit": 3,
        "left": 2,
        "waiting": 0,
        "claimed": 1,
    }
    assert (task.index, task.parent.index, task.parent.program) == (
        1,
        0,
        agency.core.status("agents").seed.program,
    )
    assert task.parent.source is not None
    assert task.parent.source in task.prompt
    assert set(task.parent.games) == {"kuhn_poker"}
    assert task.parent.games["kuhn_poker"].reference is not None
    text = asked_text(asked)
    assert task.token in text
    assert task.prompt in text

    again = agency.core.ask("agents")
    assert (again.tasks, [one.index for one in again.held]) == ([], [1])
    assert "holds a token already" in again.message
    assert task.token not in asked_text(again), "others may go by the same name"
    lost = agency.core.ask("agents", full=True)
    assert [one.token for one in lost.held] == [task.token]
    assert f"{task.kind} of {task.parent.program} by {task.token}, until {task.expires}" in asked_text(lost)
    stranger = LocalCore(agency.archive, Who("somebody else", "test"))
    assert stranger.ask("agents", full=True).held == []

    bill = Bill("clever-1", 1200, 340, 0.25)
    told = agency.core.tell(task.token, rule("pcfr_plus"), note="predicts", bill=bill)
    assert told.status == "ok"
    assert told.fitness is not None
    assert task.parent.fitness is not None
    assert told.fitness > task.parent.fitness
    assert (told.parent_fitness, told.rank, told.of, told.new_best) == (task.parent.fitness, 1, 2, True)
    assert (told.budget.left, told.budget.evaluated) == (1, 2)
    assert told.games["kuhn_poker"].value < task.parent.games["kuhn_poker"].value
    assert "the new best" in told_text(told)

    told_again = agency.core.tell(task.token, rule("cfr"), note="another text")
    assert "the program given now was not taken" in str(told_again.warning)
    assert (told.taken, told_again.taken) == (True, False)
    of_the_moment = {"budget", "queue", "warning", "message", "taken"}
    outcomes = [answer.model_dump(exclude=of_the_moment) for answer in (told, told_again)]
    assert outcomes[0] == outcomes[1], "a token has one outcome"
    later = agency.core.tell(task.token, None)
    moment = {"budget", "queue", "taken"}
    assert later.model_dump(exclude=moment) == told.model_dump(exclude=moment)

    second = agency.task(interface=asked.interface.hash)
    last = agency.core.tell(second.token, rule("dcfr"))
    assert last.budget.left == 0
    result = agency.join()
    assert (result.evaluations, result.stop_reason) == (3, "max_evaluations")
    over = agency.core.ask("agents")
    assert (over.tasks, over.stop_reason, over.retry_seconds) == ([], "max_evaluations", None)

    costs = {row.model: row for row in model_costs(agency.archive, agency.run)}
    [mine, unnamed] = costs["agent:clever-1"], costs["agent:tester"]
    assert (mine.programs, mine.proposals, mine.better, mine.spending.calls) == (1, 1, 1, 1)
    assert mine.gain == pytest.approx(told.fitness - task.parent.fitness)
    assert mine.best is not None
    assert (mine.best.nickname, mine.best.train) == (told.program, told.fitness)
    assert (unnamed.programs, unnamed.proposals) == (1, 1)

    candidate = agency.archive.candidates.of(agency.run)[1]
    assert (candidate.proposer, candidate.note) == ("agent", "predicts")
    kept = {name: candidate.data[name] for name in ("author", "client", "model", "cost", "token")}
    assert kept == {
        "author": "tester",
        "client": "test 1",
        "model": "agent:clever-1",
        "cost": 0.25,
        "token": task.token,
    }
    first, _ = agency.archive.calls.find(run=agency.run)
    assert (first.provider, first.model, first.status) == ("agent", "clever-1", CallStatus.OK)
    assert (first.input_tokens, first.output_tokens, first.cost) == (1200, 340, 0.25)
    assert first.candidate_id == candidate.id


def test_the_interface_is_told_once(agency: Agency) -> None:
    agency.start(max_evaluations=3, lookahead=1)
    asked = agency.core.ask("agents", wait=600)
    assert asked.interface is not None
    agency.core.give_up(asked.tasks[0].token)
    other = LocalCore(agency.archive, Who("other", "test 2"))
    for core, known, full, text in (
        (other, asked.interface.hash, False, None),  # it says that it knows it
        (agency.core, None, False, None),  # it was told before
        (agency.core, None, True, asked.interface.text),
    ):
        again = core.ask("agents", interface=known, full=full)
        assert again.interface is not None
        assert (again.interface.hash, again.interface.text) == (asked.interface.hash, text)
        core.give_up(again.tasks[0].token)
    assert agency.core.context("agents", interface=True).strip() == str(asked.interface.text).strip()


def test_what_cannot_be_taken_costs_nothing_and_the_token_stays(agency: Agency) -> None:
    agency.start(max_evaluations=2, lookahead=1)
    task = agency.task()
    for text, status in [
        ("I could not think of anything.", "unreadable"),
        ("class Broken(:\n    pass\n", "unreadable"),
        (task.parent.source, "unreadable"),
        ("```python\nwhile True print\n", "unreadable"),
        (str(task.parent.source).replace("self.regret", "self.r"), "known"),
    ]:
        told = agency.core.tell(task.token, text)
        assert (told.status, told.final, told.budget.evaluated) == (status, False, 1), text
        assert told.taken is False
        assert told.reason
    broken = rule("dcfr") + "\n\nclass Helper(Mine)\n    pass\n"
    line = len(broken.splitlines()) - 1
    reason = f"expected ':' in line {line}: class Helper(Mine)"
    told = agency.core.tell(task.token, broken)
    assert (told.status, told.taken, told.budget.evaluated) == ("unreadable", False, 1)
    assert reason in str(told.reason)
    [measured] = agency.core.measure(task.token, {"tail.py": broken}).programs
    assert reason in str(measured.reason)
    assert agency.core.tell(task.token, rule("dcfr"), edits=True).status == "unreadable"
    with pytest.raises(AgentError, match="at most 400000"):
        agency.core.tell(task.token, "x" * 400_001)
    with pytest.raises(AgentError, match="nothing was told"):
        agency.core.tell(task.token, None)
    block = (
        "Weighs late policies more.\n<<<<<<< SEARCH\n        return 1, t\n=======\n        return 1, t * t\n"
        ">>>>>>> REPLACE\n"
    )
    told = agency.core.tell(task.token, block, edits=True)
    assert told.status == "ok"
    assert agency.join().evaluations == 2
    candidate = agency.archive.candidates.of(agency.run)[1]
    assert candidate.note == "Weighs late policies more."


def test_a_failure_is_told_with_its_lines_and_a_token_to_mend_it(agency: Agency) -> None:
    agency.start(max_evaluations=3, lookahead=1, islands=1)
    task = agency.task()
    told = agency.core.tell(
        task.token,
        rule("dcfr").replace(
            "def policy(self, t):", "def policy(self, t):\n        raise ValueError(f'no {t}')\n"
        ),
    )
    assert told.status == "crashed"
    assert told.reason is not None
    assert "raise ValueError(f'no {t}')" in told.reason
    assert (told.fitness, told.rank, told.budget.left) == (None, None, 1)
    assert told.repair_token is not None
    assert agency.core.tell(task.token, None).repair_token == told.repair_token, "the same is told again"
    mended = agency.core.tell(told.repair_token, rule("dcfr"))
    assert mended.status == "ok"
    assert agency.join().evaluations == 3
    repair = agency.archive.candidates.of(agency.run)[2]
    assert repair.operator == "repair"


def test_leases_end_and_what_is_given_up_is_free(agency: Agency) -> None:
    agency.start(max_evaluations=2, lookahead=1)
    first = agency.task()
    long_ago = datetime(2001, 1, 1, tzinfo=UTC)
    with agency.archive.database.transaction() as connection:
        mine = update(AgentRequestRow).where(AgentRequestRow.token == first.token)
        connection.execute(mine.values(expires=long_ago))
    until(lambda: agency.archive.requests.get(first.token).state is RequestState.EXPIRED)
    other = LocalCore(agency.archive, Who("other", "test 2"))
    [second] = other.ask("agents", wait=60).tasks
    assert (second.index, second.attempt) == (first.index, first.attempt + 1)
    assert second.token != first.token
    with pytest.raises(AgentError, match="run out"):
        agency.core.tell(first.token, rule("dcfr"))
    assert other.give_up(second.token).freed
    assert not other.give_up(second.token).freed
    with pytest.raises(AgentError, match="given up"):
        other.tell(second.token, rule("dcfr"))
    third = agency.task()
    assert agency.core.tell(third.token, rule("dcfr")).status == "ok"
    assert agency.join().evaluations == 2


def test_another_proposer_steps_in_and_the_run_replays_without_anybody(agency: Agency) -> None:
    agency.start(max_evaluations=5, lookahead=1, agent_fallback="offline", agent_seconds=2.0)
    task = agency.task()
    assert agency.core.tell(task.token, rule("dcfr")).status == "ok"
    result = agency.join()  # nobody asks any more
    assert result.evaluations == 5
    rows = history(agency.archive, "agents")
    passed = [c for c in agency.archive.candidates.of(agency.run) if c.data.get("passed")]
    assert len(passed) == len(rows) - 2
    assert {c.data["model"] for c in passed} == {"offline"}
    calls = agency.archive.calls.find(run=agency.run)
    assert [call.status for call in calls] == [CallStatus.OK] + [CallStatus.TIMEOUT] * len(passed)
    values = replay_values(agency.archive, "replay:agents")
    start_run(agency.archive, agency._configure(**values), name="again")
    assert history(agency.archive, "again") == rows


def test_a_cassette_of_agents_replays_anywhere(agency: Agency, tmp_path) -> None:
    own = tmp_path / "own.py"
    own.write_text(rule("dcfr").replace("1.5", "1.25"))
    agency.start(max_evaluations=4, lookahead=2, start=["cfr_plus", str(own)])
    for name in ("dcfr", "pcfr_plus"):
        agency.core.tell(agency.task().token, rule(name), note=name)
    agency.join()
    file = tmp_path / "agents.jsonl"
    file.write_text("".join(cassette_lines(agency.archive, agency.run)))
    rows = history(agency.archive, "agents")
    with Archive.open(tmp_path / "elsewhere.db") as elsewhere:
        values = replay_values(elsewhere, f"replay:{file}")
        start_run(elsewhere, agency._configure(**values), name="agents")
        assert history(elsewhere, "agents") == rows
    head, *others = file.read_text().splitlines(keepends=True)
    file.write_text(json.dumps({**json.loads(head), "starts": [""]}) + "\n" + "".join(others))
    with (
        Archive.open(tmp_path / "third.db") as third,
        pytest.raises(CassetteError, match=r"agents\.jsonl is damaged \(a start program"),
    ):
        replay_values(third, f"replay:{file}")
    foreign = {**json.loads(head), "config": {"domain": "of_nobody"}}
    file.write_text(json.dumps(foreign) + "\n" + "".join(others))
    with Archive.open(tmp_path / "third.db") as third, pytest.raises(NashforgeError, match="of_nobody"):
        replay_values(third, f"replay:{file}")


def test_agents_and_the_offline_proposer_share_a_bandit(agency: Agency) -> None:
    agency.start(max_evaluations=6, lookahead=1, proposer="agent,offline", agent_fallback="none")
    names = iter(("dcfr", "pcfr_plus", "lcfr", "cfr", "dcfr_plus", "hs_pcfr_plus"))
    while agency._thread.is_alive():
        asked = agency.core.ask("agents", wait=1)
        for task in asked.tasks:
            agency.core.tell(task.token, rule(next(names)))
    assert agency.join().evaluations == 6
    writers = [c.proposer for c in agency.archive.candidates.of(agency.run)[1:]]
    assert set(writers) == {"agent", "offline"}
    assert set(agency.archive.runs.get_value(agency.run, "bandit")) == {"agent", "offline"}
    rows = history(agency.archive, "agents")
    start_run(
        agency.archive, agency._configure(**replay_values(agency.archive, "replay:agents")), name="again"
    )
    assert history(agency.archive, "again") == rows


def test_what_was_told_while_nobody_worked_on_the_run_is_evaluated_when_it_goes_on(agency: Agency) -> None:
    agency.start(max_evaluations=2, lookahead=1)
    task = agency.task()
    agency.stop()
    told = agency.core.tell(task.token, rule("dcfr"))
    assert (told.status, told.final) == ("stored", False)
    assert "nashforge resume agents" in told.message
    agency.resume()
    assert agency.join().evaluations == 2
    assert agency.core.tell(task.token, None).status == "ok"


def test_a_resumed_run_waits_for_the_token_that_an_agent_holds(agency: Agency) -> None:
    agency.start(max_evaluations=2, lookahead=1)
    task = agency.task()
    agency.stop()
    agency.resume()
    until(lambda: agency.core.status("agents").state == "running")
    assert agency.core.tell(task.token, rule("dcfr")).status == "ok"
    assert agency.join().evaluations == 2
    assert agency.archive.requests.counts(agency.run) == {RequestState.TOLD: 1}


def test_no_answer_names_a_held_out_game(agency: Agency, tmp_path) -> None:
    """Validation and test games fail a program on purpose, so that their names would be in the reasons."""
    validation, test = tmp_path / "validation.toml", tmp_path / "test.toml"
    validation.write_text('name = "v"\npurpose = "Hidden."\ngames = ["leduc_poker"]\n')
    test.write_text('name = "t"\npurpose = "Hidden."\ngames = ["liars_dice"]\n')
    agency.start(
        max_evaluations=3, lookahead=1, validation=str(validation), test=str(test), final_test=True, islands=1
    )
    agency.core.notes("agents", "starts well")
    task = agency.task()
    fails = "        if self.infosets.zeros().size > 50:\n            raise ValueError('large')\n"
    breaks = rule("pcfr_plus").replace("def policy(self, t):\n", f"def policy(self, t):\n{fails}")
    told = agency.core.tell(task.token, breaks)
    assert told.status == "crashed"
    answers = [told.model_dump_json(), agency.core.status("agents").model_dump_json()]
    assert told.repair_token is not None
    asked = agency.core.ask("agents")
    answers.append(asked.model_dump_json())
    agency.core.give_up(told.repair_token)
    asked = agency.core.ask("agents", full=True)
    assert "starts well" in asked.tasks[0].prompt
    answers += [asked.model_dump_json(), asked_text(asked), agency.core.context("agents")]
    text = "\n".join(answers)
    stored = agency.archive.candidates.of(agency.run)[1].reason
    assert stored is not None
    for hidden in ("leduc", "liars", str(agency.run.config["disguise_seed"])):
        assert hidden not in text
    agency.core.tell(asked.tasks[0].token, rule("dcfr"))


def test_wrong_tokens_runs_and_names_are_refused_in_a_sentence(agency: Agency, tiny) -> None:
    start_run(agency.archive, tiny(max_evaluations=1, final_test=False), name="offline-run")
    with pytest.raises(AgentError, match="--proposer agent"):
        agency.core.ask("offline-run")
    with pytest.raises(NotFound, match="no run is called"):
        agency.core.ask("nowhere")
    for token in ("", "x" * 1000, "' OR 1=1 --"):
        with pytest.raises(NotFound, match="no request has the token"):
            agency.core.tell(token, "x")
        with pytest.raises(NotFound):
            agency.core.give_up(token)
    with pytest.raises(AgentError, match="between 1 and 16"):
        agency.core.ask("offline-run", count=17)
    for wrong in ("", "a\x1b[31m", "a" * 129):
        with pytest.raises(AgentError, match="printable"):
            Who(wrong, "c")
    with pytest.raises(AgentError, match="dollars"):
        Bill(usd=math.nan)
    with pytest.raises(AgentError, match="characters"):
        agency.core.notes("offline-run", "x" * 4001)


def test_programs_are_evaluated_while_others_are_written(agency: Agency) -> None:
    agency.start(max_evaluations=4, lookahead=3)
    until(lambda: agency.archive.requests.counts(agency.run).get(RequestState.WAITING) == 3)
    asked = agency.core.ask("agents", count=5)
    assert [task.index for task in asked.tasks] == [1, 2, 3]
    assert len({task.token for task in asked.tasks}) == 3
    busy = agency.core.ask("agents")
    assert (busy.tasks, busy.stop_reason) == ([], None)
    assert busy.retry_seconds is not None
    began = time.monotonic()
    last = agency.core.tell(asked.tasks[2].token, rule("dcfr"), wait=0)
    assert last.status == "evaluating", f"after {time.monotonic() - began:.1f} s"
    for task, name in zip(asked.tasks[:2], ("pcfr_plus", "lcfr"), strict=True):
        assert agency.core.tell(task.token, rule(name)).status == "ok"
    assert agency.core.tell(asked.tasks[2].token, None).status == "ok"
    assert agency.join().evaluations == 4
    assert all(c.status is Status.OK for c in agency.archive.candidates.of(agency.run))
