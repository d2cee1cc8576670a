"""What an agent reads: whose work is under way, what a rank is by, what is noise, when to stop asking."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from nashforge.archive import Archive, Candidate, NewEvaluation, Parent, Run, RunState, Status
from nashforge.evolve.agents.answers.comparison import Standard
from nashforge.evolve.agents.answers.progress import Budget
from nashforge.evolve.agents.answers.verbs import RANKED_BY, Asked, Interface, Told
from nashforge.evolve.agents.asking import Who
from nashforge.evolve.agents.core import LocalCore
from nashforge.evolve.agents.texts import asked_text, told_text
from nashforge.evolve.agents.views import Desk
from nashforge.evolve.proposers.held_out import HIDDEN, KEY, UNTOLD, redaction_of

from .conftest import rule

LEFT = Budget(evaluated=5, limit=60, left=55, waiting=0, claimed=0)
OVER = LEFT.model_copy(update={"left": 0, "ended": True})


@pytest.fixture
def run(archive: Archive, tiny: Callable[..., Any]) -> Run:
    """Return a run for agents that a process works on."""
    config = tiny(proposer="agent", final_test=False).model_dump(mode="json")
    made = archive.runs.create("cfr", seed=1, config=config, nickname="agents")
    return archive.runs.claim(made, "somebody")


def seeded(archive: Archive, run: Run) -> Candidate:
    seed = archive.programs.add(rule("cfr_plus"), "cfr")
    first = archive.candidates.add(run, program=seed, operator="seed", proposer="library", index=0)
    archive.candidates.finish(first, Status.OK)
    archive.candidates.set_fitness(first, train=0.5, validation=0.25)
    return archive.candidates.get(first)


def wanted(archive: Archive, run: Run, seed: Candidate, index: int) -> None:
    child = archive.candidates.add(
        run, operator="edit", proposer="agent", index=index, parents=[Parent(seed.id)]
    )
    parent = {
        "candidate": seed.id,
        "index": 0,
        "program": seed.nickname,
        "hash": seed.program,
        "fitness": 0.5,
    }
    payload = {"system": "digest", "user": "Write something.", "parent": parent, "base": "", "donors": []}
    archive.requests.open(run, child, index=index, kind="edit", payload=payload)


def test_what_is_under_way_says_whose_it_is(archive: Archive, run: Run) -> None:
    seed = seeded(archive, run)
    for index in (1, 2, 3, 4):
        wanted(archive, run, seed, index)
    me, other = LocalCore(archive, Who("ann", "c")), LocalCore(archive, Who("bob", "c"))
    me.ask("agents")
    other.ask("agents")
    [task] = me.ask("agents").tasks
    assert [(one.index, one.author, one.yours) for one in task.under_way] == [
        (1, "ann", True),
        (2, "bob", False),
        (4, None, False),
    ]
    for said in (
        f"- #1, edit of {seed.nickname}, by you\n",
        f"- #2, edit of {seed.nickname}, by bob\n",
        f"- #4, edit of {seed.nickname}, by another proposer, or not claimed yet",
    ):
        assert said in task.prompt
    assert "#3" not in task.prompt
    assert "others" not in task.prompt


@pytest.mark.parametrize("wait", [0.0, 600.0])
def test_whoever_waits_for_a_run_that_died_is_told_so_at_once(
    archive: Archive, run: Run, monkeypatch: pytest.MonkeyPatch, wait: float
) -> None:
    core = LocalCore(archive, Who("ann", "c"))
    assert not core.ask("agents").lost, "its process works"
    monkeypatch.setattr("nashforge.evolve.results.run_status.SILENT_SECONDS", 0.0)
    answer = core.ask("agents", wait=wait)
    assert (answer.tasks, answer.lost, answer.stop_reason, answer.retry_seconds) == ([], True, None, None)
    assert "nashforge resume agents" in answer.message
    assert "Ask again in" not in asked_text(answer)
    wanted(archive, run, seeded(archive, run), 1)
    assert core.ask("agents").tasks, "what was asked for before is kept, and may be written"


def test_whoever_asks_before_the_first_program_is_told_what_the_run_does(archive: Archive, run: Run) -> None:
    core = LocalCore(archive, Who("ann", "c"))
    assert "measures the programs that it starts from" in core.ask("agents").message
    seeded(archive, run)
    assert "being written or evaluated" in core.ask("agents").message


def test_the_interface_is_named_where_it_is_told_and_where_it_is_known() -> None:
    asked = Asked(
        run="a",
        domain="cfr",
        budget=LEFT,
        state="tasks",
        message="go on",
        interface=Interface(hash="abc", text="T"),
    )
    text = asked_text(asked)
    assert "T\n\nThe interface above has the hash abc; `--interface abc` leaves it out." in text
    known = asked.model_copy(update={"interface": Interface(hash="abc")})
    assert asked_text(known).startswith("Interface abc: as you know it (`nashforge context a --interface`")
    assert "5 of 60 programs are evaluated, 55 are left: one unit is" in text


def test_nothing_is_left_where_the_run_has_ended(archive: Archive, run: Run) -> None:
    seeded(archive, run)
    archive.runs.set_state(run, RunState.FINISHED, "patience")
    core = LocalCore(archive, Who("ann", "c"))
    asked = core.ask("agents", wait=600)
    assert (asked.budget.left, asked.budget.ended, asked.stop_reason) == (0, True, "patience")
    for text in (asked_text(asked), core.context("agents")):
        assert "the run has ended and wants no more" in text
        assert "are left" not in text
    told = Told(token="t", run="a", index=1, status="ok", fitness=0.5, budget=OVER, message="measured")
    assert "5 of 60 programs were evaluated; the run has ended and wants no more; measured" in told_text(told)


def test_why_a_program_was_not_taken_comes_first() -> None:
    told = Told(
        token="t", run="a", index=1, status="unreadable", reason="the answer was empty", budget=LEFT,
        best=Standard(index=0, program="calm-harbour", fitness=0.5, validation=None), message="m",
    )  # fmt: skip
    assert told_text(told).splitlines()[:2] == ["unreadable (candidate 1 of a)", "the answer was empty"]
    ok = told.model_copy(update={"status": "ok", "program": "swift-otter", "reason": None})
    assert told_text(ok).startswith("ok: swift-otter (candidate 1 of a)\n")


@pytest.mark.parametrize(
    ("noise", "said"),
    [
        (None, "0.0500 behind the best\n"),
        (0.04, "beyond the noise (0.0400)"),
        (0.06, "within the noise (0.0600)"),
    ],
)
def test_a_rank_says_what_it_is_by_and_what_is_noise(noise: float | None, said: str) -> None:
    told = Told(
        token="t", run="a", index=1, status="ok", fitness=0.5, rank=2, of=3, behind=0.05, noise=noise,
        budget=LEFT, message="m",
    )  # fmt: skip
    text = told_text(told)
    assert f"rank 2 of 3 by {RANKED_BY}" in text
    assert said in text


def test_the_noise_is_that_of_the_best_programs_on_further_disguises(archive: Archive, run: Run) -> None:
    assert Desk(archive, run).noise is None
    seed = seeded(archive, run)
    for split, fitness in (("copy-1", 0.1), ("copy-2", 0.5)):
        row = NewEvaluation(
            program=str(seed.program), suite="s", status=Status.OK, split=split, fitness=fitness
        )
        archive.evaluations.add(row, run=run, candidate=seed)
    assert Desk(archive, run).noise == pytest.approx(2**0.5 * (0.08**0.5) / 2)


def test_what_rounding_makes_of_clipped_fitness_is_no_noise(archive: Archive, run: Run) -> None:
    seed = seeded(archive, run)
    for split, fitness in (("copy-1", -1.876029585052601), ("copy-2", -1.8760295850462674)):
        row = NewEvaluation(
            program=str(seed.program), suite="s", status=Status.OK, split=split, fitness=fitness
        )
        archive.evaluations.add(row, run=run, candidate=seed)
    assert Desk(archive, run).noise is None


def test_older_children_and_failures_that_are_left_out_are_counted(archive: Archive, run: Run) -> None:
    seed = seeded(archive, run)
    for index in range(1, 12):
        child = archive.candidates.add(
            run, operator="edit", proposer="x", index=index, parents=[Parent(seed.id)]
        )
        archive.candidates.finish(child, Status.CRASHED, reason="boom")
    wanted(archive, run, seed, 12)
    core = LocalCore(archive, Who("ann", "c"))
    asked = core.ask("agents")
    [task] = asked.tasks
    assert (len(task.rejected), task.rejected_left_out) == (5, 6)
    assert "- (6 older ones are left out)" in asked_text(asked)
    assert "- (3 older ones are left out)" in core.context("agents")


def test_names_of_held_out_games_are_taken_out_whoever_writes_the_run(
    archive: Archive, tiny: Callable[..., Any], tmp_path: Any
) -> None:
    suite = tmp_path / "held.toml"
    suite.write_text('name = "held"\npurpose = "Hidden."\ngames = ["leduc_poker"]\n')
    config = tiny(validation=str(suite), final_test=False).model_dump(mode="json")
    offline = archive.runs.create("cfr", seed=1, config=config, nickname="offline-run")
    said = "slow in leduc_poker (disguised), as in kuhn_poker"
    assert archive.runs.get_value(offline, KEY) is None, "no agents were asked"
    assert redaction_of(archive, offline)(said) == f"slow in {HIDDEN}, as in kuhn_poker"
    seed = seeded(archive, offline)
    child = archive.candidates.add(offline, operator="edit", proposer="x", index=1, parents=[Parent(seed.id)])
    archive.candidates.finish(child, Status.TIMEOUT, reason=said)
    core = LocalCore(archive, Who("ann", "c"))
    notes = core.notes("offline-run", "leduc_poker is hard")
    assert notes.notes[0].text == f"{HIDDEN} is hard"
    assert "leduc" not in core.context("offline-run") + core.status("offline-run").model_dump_json()
    suite.unlink()  # as of a run that comes from another machine
    assert redaction_of(archive, offline)(said) == UNTOLD
