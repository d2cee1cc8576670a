"""Agents measure variants before they tell one: on training games, within the seconds of a request."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from sqlalchemy import update
from typer.testing import CliRunner

from nashforge.archive import Archive
from nashforge.archive.agents import RequestState
from nashforge.archive.storage.models import AgentRequestRow
from nashforge.evolve.agents.answers.base import AgentError
from nashforge.evolve.agents.texts import asked_text, measured_text

from .conftest import Agency, rule


def test_variants_are_measured_beside_the_current_program_and_cost_no_program(agency: Agency) -> None:
    agency.start(max_evaluations=2, lookahead=1, experiment_seconds=30)
    asked = agency.core.ask("agents", wait=600)
    [task] = asked.tasks
    assert task.measure_seconds == 30
    assert f"nashforge measure {task.token}" in asked_text(asked)
    assert "Measure:" not in task.prompt, "that is how models ask for it"

    broken = rule("cfr").replace("def policy(self", "def policie(self")
    heard = list[tuple[str, float | None, bool]]()
    files = {"c.py": "no program", "a.py": rule("pcfr_plus"), "b.py": broken}
    found = agency.core.measure(
        task.token,
        files,
        games=[1],
        iterations=20,
        listen=lambda name, game, why: heard.append((name, None if game is None else game.gain, bool(why))),
    )
    unread, good, bad = found.programs
    assert (unread.name, unread.games) == ("c.py", {})
    assert "it cannot be read: " in (unread.reason or "")
    assert bad.reason
    assert heard == [
        ("c.py", None, True),
        ("current program", None, False),
        ("a.py", good.gain, False),
        ("b.py", None, True),
    ], "each as it came"
    assert (good.name, good.reason, list(good.games)) == ("a.py", None, ["kuhn_poker"])
    game, current = good.games["kuhn_poker"], found.current.games["kuhn_poker"]
    assert (game.number, game.iterations, game.curve[-1]) == (1, 20, (20, game.value))
    assert good.gain == game.gain == pytest.approx(math.log10(current.value / game.value))
    assert good.gain > 0
    assert "b.py: failed" in measured_text(found)
    assert f"gain {good.gain:+.3f}" in measured_text(found)
    assert found.seconds > 0
    assert found.seconds_left == pytest.approx(30 - found.seconds, abs=0.01)
    assert len(agency.archive.candidates.of(agency.run)) == 2, "nothing was added"

    whole = agency.core.measure(task.token, {"a.py": rule("pcfr_plus")})
    assert whole.current.fitness == pytest.approx(task.parent.fitness), "known from the run, and not played"
    [counted] = whole.programs[0].games.values()
    assert counted.fitness == counted.log_ratio == whole.programs[0].fitness
    gained = whole.programs[0].over_parent
    assert whole.current.fitness is not None
    assert gained == pytest.approx(counted.fitness - whole.current.fitness)
    assert whole.programs[0].over_start == gained, "the parent is the start"
    assert good.over_parent is None, "a part of the iterations is no fitness"
    assert whole.best is not None
    assert whole.best.program == task.parent.program
    assert whole.validated_from == task.validated_from == task.parent.fitness
    assert f" ({gained:+.4f} to the parent, {gained:+.4f} to the start)" in measured_text(whole)
    assert (game.fitness, game.log_ratio) == (None, None), "after fewer iterations, no reference is known"

    told = agency.core.tell(task.token, rule("pcfr_plus"))
    assert told.budget.evaluated == 2
    assert told.fitness == pytest.approx(whole.programs[0].fitness), "what was measured is the fitness"
    with pytest.raises(AgentError, match="was told by this token already"):
        agency.core.measure(task.token, {"a.py": rule("cfr")})
    agency.join()
    spent = agency.archive.candidates.of(agency.run)[1].data["experiments"]["seconds"]
    assert spent == pytest.approx(found.seconds + whole.seconds, abs=0.01)


def test_what_cannot_be_measured_spends_nothing(agency: Agency) -> None:
    agency.start(max_evaluations=2, lookahead=1, experiment_seconds=20)
    task = agency.task()
    measure = agency.core.measure
    for programs, games, iterations, why in (
        ({"a.py": rule("dcfr")}, [2], None, "there is no training game 2; choose of 1 kuhn_poker"),
        ({"a.py": rule("dcfr")}, [], 0, "iterations = 0"),
        ({}, [], None, "between 1 and 16"),
    ):
        with pytest.raises(AgentError, match=why):
            measure(task.token, programs, games=games, iterations=iterations)
    held = agency.archive.requests
    none = measure(task.token, {"a.py": "no program", "b.py": "x" * 500_000})
    assert [program.name for program in none.programs] == ["a.py", "b.py"]
    assert "at most 400000 are read" in (none.programs[1].reason or "")
    assert (none.seconds, none.seconds_left, held.get(task.token).measured) == (0.0, 20.0, 0.0)
    assert held.reserve_seconds(task.token, 20) == 20
    assert held.reserve_seconds(task.token, 20) == 0, "another measurement has them"
    with pytest.raises(AgentError, match=r"0\.0 of the 20 seconds .* are left"):
        measure(task.token, {"a.py": rule("dcfr")})
    held.return_seconds(task.token, 15)
    assert held.get(task.token).measured == 5
    agency.core.give_up(task.token)
    with pytest.raises(AgentError, match="was given up"):
        measure(task.token, {"a.py": rule("dcfr")})
    again = agency.task()
    assert again.measure_seconds == 15, "the seconds are those of the request, whoever holds it"
    agency.stop()


def test_a_run_without_experiments_has_no_seconds_for_them(agency: Agency) -> None:
    agency.start(max_evaluations=2, lookahead=1, experiments=0)
    asked = agency.core.ask("agents", wait=600)
    assert asked.tasks[0].measure_seconds == 0
    assert "nashforge measure" not in asked_text(asked)
    with pytest.raises(AgentError, match="are left"):
        agency.core.measure(asked.tasks[0].token, {"a.py": rule("dcfr")})
    agency.stop()


def test_the_command_measures_files(agency: Agency, tmp_path: Path, archive: Archive) -> None:
    from nashforge.cli.main import app

    agency.start(max_evaluations=2, lookahead=1)
    task = agency.task()
    variant = tmp_path / "variant.py"
    variant.write_text(rule("pcfr_plus"))
    words = ["measure", task.token, str(variant), "--games", "1", "--database", str(tmp_path / "archive.db")]
    said = CliRunner().invoke(app, words)
    assert said.exit_code == 0, said.output
    assert "variant.py: gain +" in " ".join(said.stdout.split()), "folded where the path is long"
    assert "variant.py, game 1: " in said.stderr, "said when it came"
    words[2:3] = [str(variant), str(tmp_path / "none.py")]
    both = CliRunner().invoke(app, words)
    assert both.exit_code == 1, "one could not be read"
    told = " ".join(both.stdout.split())
    assert "variant.py: gain +" in told
    assert "none.py: failed" in told
    assert "cannot be read (No such file or directory)" in both.stderr
    agency.stop()


def test_a_measurement_whose_token_runs_out_says_so(agency: Agency) -> None:
    agency.start(max_evaluations=2, lookahead=1)
    task = agency.task()

    def run_out(*_: object) -> None:
        with agency.archive.database.transaction() as connection:
            mine = update(AgentRequestRow).where(AgentRequestRow.token == task.token)
            connection.execute(mine.values(state=RequestState.EXPIRED))

    found = agency.core.measure(
        task.token, {"a.py": rule("pcfr_plus")}, games=[1], iterations=20, listen=run_out
    )
    assert "has run out meanwhile" in found.message
    assert "tell the best of them" not in found.message
    with pytest.raises(AgentError, match=r"has run out, .* counts only if nobody else has the request"):
        agency.core.measure(task.token, {"a.py": rule("pcfr_plus")})
    agency.stop()
