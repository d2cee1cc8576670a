"""The commands of agents on a run that nobody came to write: what they load, and what they print."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from nashforge.archive import Archive, NotFound
from nashforge.archive.agents import RequestState
from nashforge.cli.options.archives import awaited_run
from nashforge.evolve.agents.answers.measured import Measured, MeasuredGame, MeasuredProgram
from nashforge.evolve.agents.answers.progress import Budget
from nashforge.evolve.agents.answers.verbs import (
    Asked,
    Failed,
    GameValue,
    GivenUp,
    Interface,
    Note,
    Notes,
    ProgramView,
    Rejected,
    Standing,
    Task,
    Told,
    UnderWay,
)
from nashforge.evolve.config.run import stored_settings

from .conftest import ROOT, Commands

DEAR = ("anthropic", "google.genai", "matplotlib", "mcp", "numba", "openai", "pyspiel", "scipy", "starlette")
"""Modules that cost up to seconds of processor time, and that no look at a run needs."""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory, tiny_suite: Path) -> Commands:
    """Return commands on an archive with a finished run for agents, in whose place another wrote."""
    fresh = Commands(tmp_path_factory.mktemp("agents") / "runs.db", tiny_suite, {})
    words = ["run", "cfr", *fresh.quick, "--proposer", "agent", "--agent-seconds", "1", "--name", "by-agents"]
    run = fresh.json(*words, "--from", "cfr_plus", "--max-evaluations", "2", "--no-final-test", "--seed", "1")
    return Commands(fresh.database, tiny_suite, run)


def token_of(commands: Commands) -> str:
    """Return the token of a request that is held: one more, as a run that goes on would open it."""
    with Archive.open(commands.database) as archive:
        run = archive.runs.get("by-agents")
        [before] = archive.requests.of(run, state=RequestState.PASSED)
        count = len(archive.candidates.of(run))
        made = archive.candidates.add(run, operator="edit", proposer="agent", index=count)
        archive.requests.open(run, made, index=count, kind="edit", payload=before.payload)
        [held] = archive.requests.claim(run, author="me", client="c", seconds=600.0)
        return held.token


def loaded_by(commands: Commands, *words: str) -> tuple[set[str], str]:
    """Return which dear modules a command loads, and what it prints."""
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); sys.argv = ['nashforge', *{words!r}]\n"
        "from nashforge.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"print(*sorted({{*{DEAR!r}}} & set(sys.modules)), file=sys.stderr)"
    )
    environment = {**os.environ, "NASHFORGE_DATABASE": str(commands.database)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    return set(done.stderr.splitlines()[-1].split()), done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--help", "Usage: nashforge"),
        ("ask --help", "--interface"),
        ("ask by-agents", "run has ended"),
        ("tell TOKEN FILE --json", '"status": "stored"'),
        ("give-up TOKEN", "others may claim it now"),
        ("notes by-agents", "nothing is noted"),
        ("context by-agents", "# Run by-agents"),
        ("status by-agents", "by-agents"),
        ("status by-agents --json", '"standing"'),
        ("runs", "by-agents"),
        ("best by-agents", "Best of by-agents"),
    ],
)
def test_a_look_at_a_run_loads_no_engine_and_no_client(
    written: Commands, tmp_path: Path, words: str, said: str
) -> None:
    token, program = token_of(written), tmp_path / "program.py"
    program.write_text("class Broken:\n    pass\n")
    given = [{"TOKEN": token, "FILE": str(program)}.get(word, word) for word in words.split()]
    dear, printed = loaded_by(written, *given)
    assert dear == set()
    assert said in printed


def fields_of(value: Any) -> set[str]:
    """Return the names of all fields of what a command printed; labels of games are none."""
    if isinstance(value, list):
        return set().union(*map(fields_of, value))
    if not isinstance(value, dict):
        return set()
    inner = (
        fields_of(list(item.values()) if name == "games" and isinstance(item, dict) else item)
        for name, item in value.items()
    )
    return set(value).union(*inner)


def test_every_field_that_agents_are_answered_is_documented(written: Commands, tmp_path: Path) -> None:
    text = (ROOT / "docs" / "json.md").read_text(encoding="utf-8")
    [section] = re.findall(r"\n## ask, measure.*?\n## challenge", text, flags=re.DOTALL)
    known = set(re.findall(r"[a-z_]+", " ".join(re.findall(r"`[^`]+`", section))))
    token, program = token_of(written), tmp_path / "program.py"
    program.write_text("class Other:\n    pass\n")
    told = written.json("tell", token, program, "--wait", "0")
    printed = [
        written.json("ask", "by-agents"),
        told,
        written.json("give-up", token_of(written)),
        written.json("notes", "by-agents", "--add", "a thought"),
        written.json("context", "by-agents"),
    ]
    fields = fields_of(printed)
    assert {"budget", "markdown", "freed", "text", "parent_fitness"} <= fields
    # Whatever a run in full swing would print besides.
    answers = (Asked, Task, UnderWay, Rejected, Failed, Told, Measured, MeasuredProgram, MeasuredGame)
    more = (ProgramView, GameValue, Budget, GivenUp, Notes, Note, Interface, Standing)
    for answer in (*answers, *more):
        fields |= set(answer.model_fields)
    assert sorted(fields - known) == []


def test_a_server_waits_for_a_run_that_is_not_there_yet_and_says_so(tmp_path: Path) -> None:
    place = str(tmp_path / "later.db")
    said: list[str] = []

    def begin(text: str) -> None:
        said.append(text)
        with Archive.open(place) as archive:
            archive.runs.create("cfr", seed=1, config={}, nickname="later")

    with awaited_run(place, "later", 600.0, begin) as (_, run):
        assert run.nickname == "later"
    assert len(said) == 1
    assert said[0].startswith("Waiting for the run later: ")
    with pytest.raises(NotFound, match="no run is called"), awaited_run(place, "other", 0.0, said.append):
        pass
    assert len(said) == 1, "nobody waits who need not"


def test_asking_a_run_that_died_ends_with_a_sentence_and_an_exit_code(
    written: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Archive.open(written.database) as archive:
        run = archive.runs.create("cfr", seed=1, config={"proposer": "agent"}, nickname="died")
        archive.runs.claim(run, "a process")
    monkeypatch.setattr("nashforge.evolve.results.run_status.SILENT_SECONDS", 0.0)
    result = written("ask", "died", "--wait", "600")
    assert result.exit_code == 1
    assert "nobody works on it (its process has died)" in result.stdout
    assert "nashforge resume died" in result.stdout
    answer = json.loads(written("ask", "died", "--wait", "600", "--json").stdout)
    assert (answer["lost"], answer["tasks"]) == (True, [])


def test_a_workspace_says_first_that_it_waits(written: Commands, tmp_path: Path) -> None:
    with Archive.open(written.database) as archive:
        config = stored_settings(archive, archive.runs.get("by-agents"))
        made = archive.runs.create("cfr", seed=1, config=config, nickname="patient")
        archive.runs.claim(made, "somebody")
    result = written("agent", "workspace", "patient", str(tmp_path / "work"), "--wait", "0.2")
    assert result.exit_code == 0
    assert result.stderr.endswith("; waiting for a task, 0.2 s at most\n")
    assert result.stdout.splitlines()[-1] in result.stderr, "and at the end what it waits for"
