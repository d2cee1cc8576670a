"""A scripted agent with a shell alone finds a rule better than CFR+, and is told what it needs to know."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from nashforge.archive import Archive
from nashforge.cli.main import app
from nashforge.evolve.agents.pace import preparing_of
from nashforge.evolve.agents.views import Desk
from nashforge.evolve.proposers.agents.payload import PREPARING

from .conftest import Agency, rule

VALIDATION = """
name = "two-families"
purpose = "Two tiny families."
games = ["kuhn_poker", "liars_dice(numdice=1,dice_sides=2)"]
"""


class Shell:
    """An agent that has the commands, and files."""

    def __init__(self, folder: Path, database: str) -> None:
        self._folder, self._database = folder, database

    def __call__(self, *words: str) -> str:
        found = CliRunner().invoke(app, [*words, "--as", "shell", "--database", self._database])
        assert found.exit_code == 0, found.output
        return found.stdout

    def data(self, *words: str) -> dict[str, Any]:
        return dict(json.loads(self(*words, "--json")))

    def file(self, name: str) -> str:
        path = self._folder / f"{name}.py"
        path.write_text(rule(name))
        return str(path)


@pytest.fixture
def shell(agency: Agency, tmp_path: Path, archive: Archive) -> Shell:
    suite = tmp_path / "two.toml"
    suite.write_text(VALIDATION)
    fitness = {"kind": "log_ratio", "reference": "dcfr", "clip": 0.01}
    agency.start(max_evaluations=4, lookahead=1, validation=str(suite), fitness=fitness, validate_top=9)
    return Shell(tmp_path, str(archive.database.location))


@pytest.mark.slow
def test_an_agent_finds_a_rule_better_than_cfr_plus_by_commands_alone(agency: Agency, shell: Shell) -> None:
    first = shell.data("ask", "agents", "--wait", "3600")
    [task] = first["tasks"]
    assert (task["short"], task["left_out"]) == (False, [])
    assert first["queue"]["workers"] == 1
    note = "predicts the next regret. Mechanisms: optimism, averaging"
    told = shell.data("tell", task["token"], shell.file("pcfr_plus"), "--note", note)
    assert (told["status"], told["new_best"]) == ("ok", True)
    assert told["fitness"] > task["parent"]["fitness"]
    assert (told["mechanisms"], told["warning"]) == (["optimism", "averaging"], None)
    assert set(told["families"]) == {"A", "B"}, "validation is told by family, without names"
    [game] = told["games"].values()
    assert game["fitness"] == pytest.approx(0.01), "within the clip"
    assert game["log_ratio"] > 0.05, "and without it"
    text = shell("tell", task["token"])
    assert f"fitness +0.01 (clipped, else {game['log_ratio']:+.2f})" in text
    assert "validation by family: A " in text
    assert "liars_dice" not in text

    second = shell.data("ask", "agents", "--wait", "3600")
    [again] = second["tasks"]
    assert again["short"]
    assert (second["interface"]["hash"], second["interface"]["text"]) == (first["interface"]["hash"], None)
    whole = shell("context", "agents", "--task", str(again["index"]))
    assert len(again["prompt"]) < len(whole)
    assert str(again["parent"]["source"]) in again["prompt"]
    assert first["interface"]["text"].strip() == shell("context", "agents", "--interface").strip()
    silent = shell.data("tell", again["token"], shell.file("dcfr"), "--note", "discounts")
    assert silent["mechanisms"] == []
    assert "Mechanisms:" in silent["warning"]
    assert "optimism" in silent["warning"], "families of the domain are named"

    full = shell("ask", "agents", "--wait", "3600", "--full")
    assert str(first["interface"]["text"]).splitlines()[0] in full
    assert "Left out" not in full
    [held] = agency.archive.requests.of(agency.run)[-1:]
    shell("tell", held.token, shell.file("lcfr"), "--note", "weighs. Mechanisms: averaging")
    assert agency.join().stop_reason == "max_evaluations"
    assert shell.data("ask", "agents")["stop_reason"] == "max_evaluations"
    told_of = agency.archive.candidates.of(agency.run)[1]
    assert told_of.data["mechanisms"] == ["optimism", "averaging"], "later tasks count them"


def test_whoever_waits_for_the_first_task_is_told_how_far_the_measuring_is(
    archive: Archive, tiny: Callable[..., Any]
) -> None:
    config = tiny(proposer="agent", final_test=False).model_dump(mode="json")
    run = archive.runs.create("cfr", seed=1, config=config, nickname="agents")
    assert preparing_of(Desk(archive, run)) is None
    stored = {"what": "the library's programs", "done": 5, "of": 17, "measured": 3, "seconds": 30.0}
    archive.runs.set_value(run, PREPARING, stored)
    found = preparing_of(Desk(archive, run))
    assert found is not None
    assert found.seconds == pytest.approx(120.0), "10 s each, 12 are left"
    assert found.words == "the library's programs: 5 of 17 are measured, about 120 s are left"
