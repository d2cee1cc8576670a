"""Audits on the command line and on pages: told where programs are told, and escaped."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nashforge.archive import Archive
from nashforge.archive.stores.agents.verdicts import Verdict

if TYPE_CHECKING:
    from tests.cli.conftest import Commands

HACK = """
from nashforge.solvers.cfr.interface import RegretMinimizer

class Hack(RegretMinimizer):
    def observe(self, t, regret):
        self.known = self.infosets.count == 468
    def weights(self, t, policy, reach):
        return 1, t
    def policy(self, t):
        return self.infosets.uniform()
"""


@pytest.fixture
def flagged(searched, tmp_path: Path) -> tuple[Commands, str]:
    """A run whose best program is flagged, in words that could be markup."""
    database = tmp_path / "flagged.db"
    with closing(sqlite3.connect(searched.database)) as before, closing(sqlite3.connect(database)) as after:
        before.backup(after)
    with Archive.open(database) as archive:
        run = archive.runs.get(searched.run["run"])
        best = archive.candidates.by_id(archive.overview.leading(run, 1))[0]
        finding = {"probe": "state", "severity": "hack", "text": "it <b>cheats</b> [red]x[/]", "lines": [3]}
        archive.verdicts.add(
            best.program or "", Verdict.HACK, by="probes", version="audit-1", findings=[finding]
        )
    return replace(searched, database=database), best.nickname or ""


def test_programs_are_audited_and_the_exit_code_tells(empty, tmp_path: Path) -> None:
    (tmp_path / "hack.py").write_text(HACK)
    result = empty("audit", tmp_path / "hack.py", "dcfr", "--read", "--json")
    assert result.exit_code == 1
    [hack, clean] = json.loads(result.stdout)
    assert (hack["verdict"], clean["verdict"]) == ("hack", "clean")
    assert hack["findings"][0]["lines"] == [6]
    text = empty("audit", tmp_path / "hack.py", "--read", "--no-json").stdout
    assert "hack" in text
    assert "(line 6)" in text
    assert empty("audit", tmp_path / "hack.py", "--clear", "an example").exit_code == 0
    shown = empty.json("show", tmp_path / "hack.py")
    assert [one["verdict"] for one in shown["audits"]] == ["hack", "hack", "clean"]
    assert shown["audits"][-1]["by"] == "a person"
    assert shown["evaluations"] == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--clear", " "], "--clear takes a sentence"),
        (["--budget-usd", "1"], "name one with --model"),
        (["--model", "nobody:x"], "nobody"),
        (["--suite", "nowhere"], "nowhere"),
    ],
)
def test_wrong_options_of_audits_are_told(empty, words: list[str], said: str) -> None:
    result = empty("audit", "dcfr", *words)
    assert result.exit_code == 2
    assert said in result.stderr
    assert "Traceback" not in result.stderr


def test_flags_are_told_wherever_the_program_is(flagged, opened_at) -> None:
    commands, name = flagged
    text = commands.text("best")
    assert f"{name} hack" in text
    assert "it <b>cheats</b> [red]x[/]" in text
    assert commands.json("best")[0]["audit"]["verdict"] == "hack"
    assert commands.json("best")[-1]["audit"] is None
    assert "it <b>cheats</b> [red]x[/]" in commands.text("show", name, "--no-source")
    client = opened_at(commands.database)
    page = client.get(f"/programs/{name}").text
    assert "it &lt;b&gt;cheats&lt;/b&gt;" in page
    assert "<b>cheats" not in page
    assert 'class="tag warn" title="Found by an audit: it &lt;b&gt;cheats' in client.get("/programs").text
    report = commands.database.with_name("report.html")
    commands.text("report", "--output", report)
    assert "it &lt;b&gt;cheats&lt;/b&gt;" in report.read_text()
