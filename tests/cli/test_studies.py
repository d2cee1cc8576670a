"""Studies on the command line: started, listed, compared, reported, exported."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from .conftest import Commands


@pytest.fixture(scope="module")
def studied(tmp_path_factory: pytest.TempPathFactory, tiny_suite: Path) -> tuple[Commands, Any]:
    """Commands on an archive with a study of two searches, and what was printed at its end."""
    commands = Commands(tmp_path_factory.mktemp("archive") / "studies.db", tiny_suite, {})
    words = ["run", "cfr", "--seeds", "3,1", "--name", "broad", "--max-evaluations", 4, *commands.quick]
    return commands, commands.json(*words)


def test_a_study_ends_with_one_object(studied: Any) -> None:
    commands, told = studied
    assert (told["study"], told["state"], told["seeds"]) == ("broad", "finished", [3, 1])
    assert [run["run"] for run in told["runs"]] == ["broad-seed3", "broad-seed1"]
    assert told["chosen"]["fitness"]["test"] == told["test"] is not None
    assert told["points"][-1]["evaluations"] == 4
    assert commands.json("status", "broad") == commands.json("status") == told


def test_best_says_what_ships_and_why(studied: Any) -> None:
    commands, told = studied
    found = commands.json("best", "broad")
    assert found["programs"][0]["program"] == told["chosen"]["program"]
    assert [row["ships"] for row in found["programs"]] == [True, False]
    assert "chosen by validation over the bests of 2 seeds" in found["why"]
    text = commands.text("best", "broad")
    assert "ships" in text
    assert "tested once" in text
    assert "is a study" in commands("best", "broad", "--pareto").stderr
    # One of its runs is a run like any other.
    assert commands.json("best", "broad-seed1")[0]["run"] == "broad-seed1"


def test_runs_are_grouped(studied: Any) -> None:
    commands, _ = studied
    assert {row["study"] for row in commands.json("runs")} == {"broad"}
    lines = [line.split() for line in commands.text("runs").splitlines() if line.strip()]
    names = [words[0] for words in lines]
    at = names.index("broad")
    assert names[at : at + 3] == ["broad", "-seed3", "-seed1"]


def test_studies_are_compared_and_drawn(studied: Any, tmp_path: Path) -> None:
    commands, _ = studied
    rows = commands.json("compare", "broad", "broad", "-o", tmp_path / "a.png")
    assert rows[1]["above_first"]["train"]["median"] == 0
    assert (tmp_path / "a.png").stat().st_size > 1000
    commands.json("compare", "broad", "-o", tmp_path / "a.csv")
    assert "train.median" in (tmp_path / "a.csv").read_text()
    wrong = commands("compare", "broad", "dcfr")
    assert wrong.exit_code == 2
    assert "compare studies with studies" in wrong.stderr


def test_a_report_of_a_study_is_the_page_of_the_dashboard_in_one_file(studied: Any, tmp_path: Path) -> None:
    commands, told = studied
    commands.json("report", "broad", "-o", tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    for text in ("broad", told["chosen"]["program"], "ships", "default-src &#39;none&#39;", "3, 1"):
        assert text in page
    blocks = re.findall(r'<script type="application/json" id="([\w-]+)">(.*?)</script>', page, re.DOTALL)
    data = {name: json.loads(block) for name, block in blocks}
    assert [line["label"] for line in data["study-3"]["lines"]] == ["seed 3", "seed 1"]
    assert data["study-1"]["x"][-1] == told["points"][-1]["evaluations"]
    median, low, high = (line["values"][-1] for line in data["study-1"]["lines"])
    shown = told["points"][-1]["train"]
    assert (median, low, high) == pytest.approx((shown["median"], shown["low"], shown["high"]), rel=1e-5)
    shown = {one["title"].split()[0] for one in data["programs"].values()}
    assert shown == {run["best"] for run in told["runs"]}


def test_what_is_wrong_is_told(studied: Any) -> None:
    commands, _ = studied
    for words, told in (
        (("--seeds", "1-x"), "write them as 0-4"),
        (("--seeds", "0-1", "--repeat", 2), "leave --repeat and --seed out"),
        (("--parallel", 2), "--parallel is of studies"),
        (("--repeat", 2, "--name", "broad"), "another study or run is called 'broad'"),
    ):
        result = commands("run", "cfr", *words, *commands.quick)
        assert result.exit_code == 2
        assert told in result.stderr
    stopped = commands("stop", "broad")
    assert stopped.exit_code == 2
    assert "no process works on the study broad" in stopped.stderr


def test_a_study_is_exported_renamed_and_deleted(studied: Any, tmp_path: Path) -> None:
    commands, _ = studied
    file = tmp_path / "study.jsonl.gz"
    assert commands.json("archive", "export", file, "broad")["added"]["study"] == 1
    assert commands.json("archive", "rename", "broad", "wide")["run"] == "wide"
    assert commands.json("archive", "delete", "wide", "--yes")["deleted"] == "wide"
    assert commands.json("runs") == []
    commands.json("archive", "import", file)
    assert commands.json("status", "broad")["seeds"] == [3, 1]
