"""Reports of runs: one page that tells what the archive holds, and in which nothing foreign comes alive."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from html.parser import HTMLParser
from importlib import resources

import pytest
from PIL import Image
from typer.testing import CliRunner

from nashforge.archive import Archive, NewEvaluation, Score, Status
from nashforge.cli.main import app
from nashforge.cli.rendering.html.colours import coloured, coloured_diff
from nashforge.cli.rendering.output import number
from nashforge.cli.report.file import SCRIPTS, script
from nashforge.solvers import rule_source
from nashforge.solvers.policies import policy_source

from .hostile import EVIL, hostile_run

VOID = {"meta", "img", "br", "wbr", "link", "input", "line", "rect", "path", "circle"}


class Page(HTMLParser):
    """What a browser makes of a page: its elements, its text, and whether all of them are closed."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.open, self.text, self.scripts = [], [], {}, []
        self.data = {}
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        if self.open[-1:] == ["script"]:
            attributes = self.elements[-1][1]
            if attributes.get("type") == "application/json":
                self.data[attributes["id"]] = json.loads(data)
            else:
                self.scripts.append(data)
            return
        for tag in self.open:
            self.text[tag] = self.text.get(tag, "") + data

    def all(self, tag):
        return [attrs for name, attrs in self.elements if name == tag]


def reported(database, tmp_path, *words):
    """Return the page of a report, and what the command printed."""
    path = tmp_path / "report.html"
    result = CliRunner(env={"NASHFORGE_DATABASE": str(database)}).invoke(
        app, ["report", *map(str, words), "--output", str(path), "--force", "--json"]
    )
    assert result.exit_code == 0, result.stderr
    return Page(path.read_text(encoding="utf-8")), json.loads(result.stdout)


def check_inert(page):
    """Make sure that a page is whole, loads nothing, runs our scripts alone, and allows itself no more."""
    assert page.open == []
    tags = {tag for tag, _ in page.elements}
    assert not tags & {"iframe", "object", "embed", "link", "base", "form", "a"}
    for tag, attributes in page.elements:
        assert not any(name.startswith("on") for name in attributes), attributes
        assert "style" not in attributes
        for name in ("src", "href", "srcset", "data", "action"):
            if name in attributes:
                assert (tag, name) == ("img", "src")
                assert attributes[name].startswith("data:image/")
    (policy,) = [m["content"] for m in page.all("meta") if m.get("http-equiv") == "Content-Security-Policy"]
    digest = base64.b64encode(hashlib.sha256(page.text["style"].encode()).digest()).decode()
    assert "default-src 'none'" in policy
    assert f"style-src 'sha256-{digest}'" in policy, "the browser would refuse the style sheet"
    assert "unsafe" not in policy
    assert page.scripts == [script(name) for name in SCRIPTS]
    for text in page.scripts:
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy, "the browser would refuse the script"


def test_a_run_of_cfr(searched, tmp_path):
    page, told = reported(searched.database, tmp_path, "first-light")
    check_inert(page)
    best = searched.run["best"]
    assert told == {
        "run": "first-light",
        "file": str(tmp_path / "report.html"),
        "best": best,
        "episode": False,
    }
    text = page.text["body"]
    for split in ("train", "validation", "test"):
        assert f"{searched.run['fitness'][split]:+.3f}" in text
    for known in (
        "first-light",
        best,
        "kuhn_poker",
        "cfr_plus (start)",
        "dcfr_plus",
        "8 of at most 8",
        "tiny",
    ):
        assert known in text
    assert "exploitability (utility)" in text
    standing = searched.json("status", "first-light")["standing"]
    assert f"{standing['losses']} loss" in text
    assert f"{standing['worst']['fitness']:+.3f}" in page.text["tbody"]
    with Archive.open(searched.database) as archive:
        program = archive.programs.get(best)
        measured = [item for item in archive.candidates.of(archive.runs.get("first-light")) if item.train]
    assert program.source.strip() in page.text["pre"]
    # Progress, and the convergence on the training and the test games, as the dashboard draws them.
    lines = {line["label"]: line["values"] for line in page.data["history"]["lines"]}
    assert lines["training games"] == pytest.approx([item.train for item in measured], rel=1e-5)
    assert {"curve-train-1", "curve-test-1"} <= set(page.data)
    # The tree, with code and change of each program beside it.
    nodes = {node["data-p"] for node in page.all("circle")}
    assert nodes == set(page.data["programs"]) == {item.program for item in measured}
    assert page.data["programs"][program.hash]["source"] == program.source
    assert any("@@" in one["change"] for one in page.data["programs"].values())


def test_numbers_of_known_programs_are_those_of_the_archive(searched, tmp_path):
    page, _ = reported(searched.database, tmp_path, "first-light")
    with Archive.open(searched.database) as archive:
        program = archive.programs.add(rule_source("dcfr_plus"), "cfr")
        [*_, row] = [e for e in archive.evaluations.find(program=program) if e.settings["horizon"] == 50]
        value = max((s for s in row.scores if s.metric == "exploitability"), key=lambda s: s.iteration).value
    assert number(value) in page.text["tbody"]


def test_nothing_foreign_comes_alive(tmp_path):
    database = tmp_path / "evil.db"
    hostile_run(database)
    page, _ = reported(database, tmp_path, "bad-news")
    check_inert(page)
    # It is all there, as text: the code, the diff, the note, the reason, the suite, the game, the settings.
    assert page.text["pre"].count("<script>alert(1)</script>") >= 3
    assert any(EVIL in one["source"] for one in page.data["programs"].values())
    for tag in ("summary", "dd", "dt", "td", "h2"):
        assert "<script>alert(1)</script>" in page.text[tag], tag
    assert page.text["title"] == "bad-news · Nashforge"
    # What would turn the direction of text is spelled out.
    assert "\u202e" not in page.text["body"]
    assert "\\u202e" in page.text["pre"]


def dilemma_run(database, source, games):
    """Store a run of one policy that was measured in some episodes."""
    with Archive.open(database) as archive:
        config = {
            "domain": "cleanup",
            "test": "cleanup-small",
            "horizon": 30,
            "fitness": {"kind": "value", "reference": "nearest_apple"},
        }
        run = archive.runs.create("cleanup", config, nickname="wet-feet")
        candidate = archive.candidates.add(run, operator="seed", proposer="offline")
        program = archive.programs.add(source, "cleanup")
        archive.candidates.set_program(candidate, program, note="nearest_apple")
        scores = [
            Score(game, metric, value + k, "max", 30 if metric == "efficiency" else None)
            for k, game in enumerate(games)
            for metric, value in (("efficiency", 1.0), ("peace", 4.0))
        ]
        row = NewEvaluation(
            program=program.hash,
            suite="cleanup-small",
            split="test",
            status=Status.OK,
            evaluator="dilemmas-1",
            settings={"horizon": 30},
            scores=tuple(scores),
        )
        archive.candidates.finish(candidate, Status.OK, train=1.0, evaluations=[row] if games else [])


GAMES = [f"cleanup(agents=3,map=cleanup_small,preset=gallego2026,horizon=30) seed={seed}" for seed in (7, 8)]


@pytest.mark.parametrize("games", [GAMES, []])
def test_a_policy_is_seen_at_play(tmp_path, games):
    database = tmp_path / "wet.db"
    dilemma_run(database, policy_source("nearest_apple"), games)
    page, told = reported(database, tmp_path)
    check_inert(page)
    assert told["episode"]
    episode = page.data["episode"]
    assert [facts["step"] for facts in episode["facts"]] == list(range(31))
    with Image.open(io.BytesIO(base64.b64decode(episode["pictures"][-1]))) as image:
        assert image.format == "PNG"
    if games:
        # The episode that was measured, and the means with their intervals.
        assert "preset=gallego2026,horizon=30), seed 7" in page.text["body"]
        assert "1.5 ±6.4" in page.text["td"]
    page, told = reported(database, tmp_path, "--no-episode")
    assert not told["episode"]
    assert "episode" not in page.data


def test_a_policy_that_fails_is_told(tmp_path):
    database = tmp_path / "wet.db"
    dilemma_run(database, f"def act(observation, memory):\n    raise ValueError({EVIL!r})\n", GAMES)
    page, told = reported(database, tmp_path)
    check_inert(page)
    assert not told["episode"]
    assert "could not be played here" in page.text["p"]


def test_a_run_without_a_program_and_of_an_unknown_domain(tmp_path):
    database = tmp_path / "new.db"
    with Archive.open(database) as archive:
        archive.runs.create("weather", {"domain": "weather"}, nickname="early-bird")
    page, told = reported(database, tmp_path)
    check_inert(page)
    assert told["best"] is None
    assert "No program has been measured" in page.text["body"]


def test_a_report_is_named_after_its_run(searched, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "first-light.html" in searched.text("report")
    assert (tmp_path / "first-light.html").stat().st_size < 2_000_000


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--output", "report.pdf"], 2, "must end in .html"),
        (["--output", "/nowhere/report.html"], 2, "does not exist; make it first"),
        (["--output", "/proc/report.html"], 2, "cannot be written"),  # told only by trying, even to root
        (["no-such-run"], 2, "no-such-run"),
    ],
)
def test_what_cannot_be_written_is_told_in_a_sentence(searched, words, code, message):
    result = searched("report", *words)
    assert result.exit_code == code
    assert message in " ".join(result.stderr.split())
    assert "Traceback" not in result.stderr


def test_code_is_coloured_and_none_of_it_is_lost():
    code = 'def f(x):\n    # <b>&amp;</b>\n    return "a" < x'
    pieces = coloured(code)
    assert "".join(text for _, text in pieces).rstrip() == code
    assert ("blue", "def") in pieces
    assert coloured_diff("@@ -1 +1 @@\n-<i>\n+<u>\n same") == [
        ("place", "@@ -1 +1 @@\n"),
        ("removed", "-<i>\n"),
        ("added", "+<u>\n"),
        ("", " same\n"),
    ]


def test_no_template_of_a_report_hides_behind_one_of_the_dashboard() -> None:
    folders = [resources.files(f"nashforge.cli.{name}") for name in ("report", "dashboard")]
    own, others = folders[0], folders[1].joinpath("templates")
    names = [
        {file.name for file in folder.iterdir() if file.name.endswith(".jinja")} for folder in (own, others)
    ]
    assert not names[0] & names[1]
