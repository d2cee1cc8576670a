"""What agents are told of a program beside others: gains over parent and start, the best, what came since."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

# Programs that are not run, but given numbers: shared with the benchmarks, which are not installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from benchmarks.model_faults import Numbers
from nashforge.archive import Archive, Candidate, Parent, Run, Status
from nashforge.archive.agents import RequestState
from nashforge.evolve.agents.asking import Who
from nashforge.evolve.agents.comparing import threshold
from nashforge.evolve.agents.core import LocalCore
from nashforge.evolve.agents.texts import asked_text, told_text
from nashforge.evolve.agents.views import Desk
from nashforge.evolve.evaluation.messages import Task
from nashforge.evolve.runs.run import start_run

from .conftest import rule
from .test_http import SECRET, Served
from .test_mcp import call, made
from .test_reading import seeded, wanted

ANN = Who("ann", "c")


@pytest.fixture
def run(archive: Archive, tiny: Callable[..., Any]) -> Run:
    """Return a run for agents that a process works on, with a start of 0.5 and 0.25, and a request."""
    config = tiny(proposer="agent", final_test=False, lookahead=2).model_dump(mode="json")
    claimed = archive.runs.claim(archive.runs.create("cfr", config, nickname="agents"), "somebody")
    wanted(archive, claimed, seeded(archive, claimed), 1)
    return claimed


def measured(archive: Archive, run: Run, index: int, train: float, validation: float | None) -> Candidate:
    """Store another program with what it reached."""
    program = archive.programs.add(rule("cfr_plus") + f"\n# {index}\n", "cfr")
    parents = [Parent(archive.candidates.of(run)[0].id)]
    one = archive.candidates.add(
        run, program=program, operator="edit", proposer="agent", index=index, parents=parents
    )
    archive.candidates.finish(one, Status.OK, train=train, validation=validation)
    return archive.candidates.get(one)


def finish(archive: Archive, run: Run, text: str, train: float, validation: float | None) -> None:
    """Measure what was told for candidate 1."""
    one = archive.candidates.of(run)[1]
    one = archive.candidates.set_program(one, archive.programs.add(text, "cfr"))
    archive.candidates.finish(one, Status.OK, train=train, validation=validation)


def test_an_outcome_says_the_gains_over_parent_and_start_by_kind_of_games(archive: Archive, run: Run) -> None:
    core = LocalCore(archive, ANN)
    [task] = core.ask("agents").tasks
    core.tell(task.token, rule("dcfr"), wait=0)
    finish(archive, run, rule("dcfr"), 0.75, 0.125)
    told = core.tell(task.token, None)
    assert told.over_parent is not None
    assert told.over_start is not None
    assert (told.over_parent.train, told.over_parent.validation) == (0.25, None), "nothing is known of that"
    assert (told.over_start.train, told.over_start.validation) == (0.25, -0.125)
    assert told.best is not None
    assert (told.best.index, told.new_best) == (1, True)
    text = told_text(told)
    assert "training +0.2500 compared with the parent\n" in text
    assert "training +0.2500, validation -0.1250 compared with the start of the run\n" in text
    assert "the best program now" not in text, "it is that itself"


def test_an_outcome_names_the_best_and_from_what_fitness_on_a_program_is_validated(
    archive: Archive, run: Run
) -> None:
    core = LocalCore(archive, ANN)
    best = measured(archive, run, 2, 0.875, 0.5)
    asked = core.ask("agents")
    [task] = asked.tasks
    assert task.validated_from == 0.5, "the start's, all that was told when it was asked for"
    assert "Programs are validated from a training fitness of 0.5000 on." in asked_text(asked)
    core.tell(task.token, rule("dcfr"), wait=0)
    finish(archive, run, rule("dcfr"), 0.375, None)
    told = core.tell(task.token, None)
    assert told.best is not None
    assert (told.best.program, told.best.fitness, told.best.validation) == (best.nickname, 0.875, 0.5)
    assert (told.validated_from, told.validation) == (0.5, None)
    text = told_text(told)
    assert "validated from a training fitness of 0.5000 on; this one is below\n" in text
    assert f"the best program now: {best.nickname} (candidate 2: training 0.8750, validation 0.5000)" in text


def test_a_better_program_that_came_since_is_told_wherever_the_task_is(archive: Archive, run: Run) -> None:
    core = LocalCore(archive, ANN)
    first = core.ask("agents")
    [task] = first.tasks
    assert task.better_since is None
    assert "better program" not in asked_text(first)
    worse = measured(archive, run, 2, 0.25, 0.25)
    assert core.ask("agents", full=True).held[0].better_since is None, f"{worse.nickname} is no better"
    better = measured(archive, run, 3, 0.875, 0.75)
    words = f"{better.nickname} (candidate 3: training 0.8750, validation 0.7500)"
    again = core.ask("agents", full=True)
    [held] = again.held
    assert held.better_since is not None
    assert held.better_since.program == better.nickname
    assert words in asked_text(again)
    whole = core.context("agents", task=1)
    assert whole.startswith("Write something.")
    assert words in " ".join(whole.split())
    assert "`nashforge context agents --top 1` shows it" in " ".join(whole.split())
    core.give_up(task.token)
    [same] = core.ask("agents").tasks
    assert same.parent == task.parent, "so that the run can be repeated"
    assert same.better_since == held.better_since
    for told in (core.tell(same.token, "no program", wait=0), core.tell(same.token, rule("dcfr"), wait=0)):
        assert told.better_since == held.better_since
        assert words in told_text(told)
    finish(archive, run, rule("dcfr"), 1.0, 1.0)
    assert core.tell(same.token, None).better_since is None, "it is the best itself"


def test_whoever_only_looks_claims_nothing(archive: Archive, run: Run, tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from nashforge.cli.main import app
    from nashforge.evolve.agents.http.client import RemoteCore
    from nashforge.evolve.agents.http.server import application

    core = LocalCore(archive, ANN)
    looked = core.ask("agents", look=True, wait=600)
    assert (looked.state, looked.tasks, looked.held) == ("open", [], [])
    assert [(one.index, one.kind, one.fitness) for one in looked.open] == [(1, "edit", 0.5)]
    served = Served(application(archive, run, SECRET))
    far = RemoteCore(served.address, SECRET, ANN)
    try:
        assert far.ask("latest", look=True, wait=600) == looked
    finally:
        far.close()
        served.close()
    said = CliRunner().invoke(app, ["ask", "agents", "--look", "--database", str(archive.database.location)])
    assert said.exit_code == 0, said.output
    assert f"- candidate 1, edit of {looked.open[0].parent} (training fitness 0.5000)" in said.stdout
    assert archive.requests.counts(run) == {RequestState.WAITING: 1}
    [task] = core.ask("agents").tasks
    held = core.ask("agents", look=True)
    assert (held.state, held.open, [one.index for one in held.held]) == ("waiting", [], [task.index])


def test_the_tool_looks_too(archive: Archive, run: Run) -> None:
    import asyncio

    from mcp import Client

    async def look() -> None:
        async with Client(made(archive)) as client:
            asked = await call(client, "ask", run="agents", look=True)
            assert (asked["state"], len(asked["open"])) == ("open", 1)

    asyncio.run(look())
    assert archive.requests.counts(run) == {RequestState.WAITING: 1}


class Gates(Numbers):
    """Remembers from what training fitness on each program is validated."""

    def __init__(self) -> None:
        super().__init__()
        self.gates: dict[str, float | None] = {}

    def submit(self, task: Task) -> None:
        for stage in task.stages:
            if stage.split == "validation":
                self.gates[task.source] = stage.gate
        super().submit(task)


@pytest.mark.parametrize("lookahead", [1, 3])
def test_the_threshold_that_is_told_is_the_one_that_is_applied(
    archive: Archive, tiny: Callable[..., Any], lookahead: int
) -> None:
    executor = Gates()
    config = tiny(max_evaluations=14, validate_top=3, lookahead=lookahead, final_test=False)
    start_run(archive, config, name="gates", executor=executor)
    desk = Desk(archive, archive.runs.get("gates"))
    applied = [
        (one.index, executor.gates[archive.programs.get(one.program).source])
        for one in archive.candidates.of(desk.run)
        if one.program is not None and one.operator != "seed"
    ]
    assert len({gate for _, gate in applied}) > 2, "it rises"
    assert [(index, threshold(desk, index)) for index, _ in applied] == applied
