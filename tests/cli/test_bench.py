"""``bench``: what is measured, kept, taken up again, compared, and written."""

from __future__ import annotations

import csv
import json
import re
import signal
import time
from pathlib import Path
from typing import Any

import pytest

FAMILIES = """name = "own"
purpose = "Tests."
[families]
poker = ["kuhn_poker"]
dice = ["liars_dice(dice_sides=2)"]
"""

BREAKS = '''"""CFR that fails with dice."""

from nashforge.solvers.cfr.interface import RegretMinimizer


class Breaks(RegretMinimizer):
    def start(self):
        self.regret = self.infosets.zeros()

    def observe(self, t, regret):
        self.regret += regret
        if t == 7 and len(regret) > 12:
            raise ValueError("too many sequences")

    def weights(self, t, policy, reach):
        return 1, 1

    def policy(self, t):
        return self.infosets.normalize(self.regret)
'''


@pytest.fixture
def own(tmp_path: Path) -> list[str]:
    """Options of a benchmark that needs a few seconds."""
    path = tmp_path / "own.toml"
    path.write_text(FAMILIES)
    return ["--suite", str(path), "--quick", "--workers", "1"]


def test_a_program_is_compared_with_what_was_measured(empty: Any, own: list[str], tmp_path: Path) -> None:
    told = empty.json("bench", "cfr_plus", "vad_cfr", *own)
    assert [told["reference"], told["missing"], told["iterations"]] == ["dcfr", 0, [10, 100]]
    assert told["families"] == ["poker", "dice"]
    standing = {row["program"]: row for row in told["programs"]}
    assert set(standing) == {"cfr_plus", "vad_cfr", "dcfr"}
    assert "pcfr_plus" in told["unmeasured"]
    # VAD-CFR has no average yet after 100 iterations: it plays uniformly, and loses everywhere.
    assert standing["vad_cfr"]["losses"] == 2 * 2 * 2
    assert standing["cfr_plus"]["wins"] + standing["cfr_plus"]["ties"] >= 4
    assert standing["cfr_plus"]["scale_difference"] < 1e-6
    assert standing["dcfr"]["ratio"] == {"value": 0, "low": 0, "high": 0}
    # The values are those that evaluate finds, which are not measured again.
    words = ("--game", "kuhn_poker", "-n", "100", "--reference", "none", "--workers", "1")
    [known] = empty.json("compare", "cfr_plus", *words)
    row = next(
        row
        for row in told["rows"]
        if (row["program"], row["game"], row["iterations"], row["scale"])
        == ("cfr_plus", "kuhn_poker", 100, 1)
    )
    assert row["value"] == known["value"]
    # Whoever comes next is compared with them, and nothing is measured twice.
    again = empty("bench", "cfr", *own, "--json")
    assert re.search(r"^6/6 cfr in ", again.stderr, re.MULTILINE)
    assert {row["program"] for row in json.loads(again.stdout)["programs"]} == {"cfr", *standing}
    assert empty("bench", "cfr", "cfr_plus", *own, "--json").stderr == ""
    text = empty.text("bench", "cfr", *own, "--stored")
    for word in (
        "cfr against",
        "ratio by family",
        "within a factor of the best",
        "worst of cfr:",
        "To measure",
    ):
        assert word in text


def test_of_one_program_no_empty_tables_are_shown(empty: Any, own: list[str]) -> None:
    text = empty.text("bench", "dcfr", *own)
    assert "Only one program was measured" in text
    assert "dcfr against" not in text
    assert "ratio by family" in text


def test_a_failure_is_counted_kept_and_stops_nothing(empty: Any, own: list[str], tmp_path: Path) -> None:
    program = tmp_path / "breaks.py"
    program.write_text(BREAKS)
    result = empty("bench", program, *own, "--json")
    assert result.exit_code == 1
    told = json.loads(result.stdout)
    standing = next(row for row in told["programs"] if row["program"] == str(program))
    assert (standing["failures"], told["missing"]) == (3, 0)  # dice: 100 iterations at both scales, and 10
    assert standing["losses"] >= 1
    failed = [row for row in told["rows"] if row["status"] == "crashed"]
    assert {row["game"] for row in failed} == {"liars_dice(dice_sides=2)"}
    assert all("too many sequences" in row["reason"] for row in failed)
    again = empty("bench", program, *own, "--no-json")
    assert again.exit_code == 1
    assert again.stderr == ""  # what the program is to blame for is not tried again
    assert "too many sequences" in again.stdout


def test_files_are_written_and_never_over_others(empty: Any, own: list[str], tmp_path: Path) -> None:
    page, table, figure = tmp_path / "page.md", tmp_path / "rows.csv", tmp_path / "profiles.png"
    assert empty("bench", "cfr", *own, "--write", page, "-o", table).exit_code == 0
    text = page.read_text()
    assert "![Performance profiles: share of games within a factor of the best](page.svg)" in text
    assert f"nashforge bench cfr --suite {own[1]} --quick --domain cfr --write page.md" in text
    assert (tmp_path / "page.svg").read_text().startswith("<?xml")
    widths = {line.count("|") for line in text.splitlines() if line.startswith("| cfr | ")}
    assert len(widths) > 1  # tables of several shapes
    with table.open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * 6
    assert empty("bench", "cfr", *own, "-o", figure).exit_code == 0
    assert figure.read_bytes().startswith(b"\x89PNG")
    refused = empty("bench", "cfr", *own, "--write", page)
    assert refused.exit_code == 2
    assert "exists; choose another name, or replace it with --force" in refused.stderr
    assert empty("bench", "cfr", *own, "--write", page, "--force").exit_code == 0


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["cfr", "--stored", "--fresh"], "give one of them"),
        (["cfr", "--suite", "cfr-smoke", "--all"], "has no splits"),
        (["cfr", "--executor", "slurm"], "there is no executor 'slurm'; choose local or celery"),
        (["--domain", "rqe"], "the domain 'rqe' has no benchmark"),
        (["cfr", "--split", "tests"], "there is no split 'tests'; did you mean test"),
    ],
)
def test_what_cannot_be_done_is_refused(empty: Any, own: list[str], words: list[str], problem: str) -> None:
    more = own if words[-2] == "--executor" else []
    result = empty("bench", *words, *more)
    assert result.exit_code == 2, result.stderr
    assert problem in " ".join(result.stderr.split())


def test_an_interrupted_benchmark_goes_on_where_it_was(empty: Any, own: list[str]) -> None:
    process = empty.start("bench", *own, "--json")
    assert process.stderr is not None
    lines = [process.stderr.readline() for _ in range(3)]
    assert lines[-1].startswith("3/")
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=30)
    time.sleep(0.1)
    process = empty.start("bench", *own, "--json")
    assert process.stderr is not None
    first = process.stderr.readline()
    total = int(lines[0].partition(" ")[0].partition("/")[2])
    left = int(first.partition(" ")[0].partition("/")[2])
    assert total - 5 <= left <= total - 3  # three were told; one more may have been stored
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    told = json.loads(out)
    assert 0 < told["missing"] < left + 1
    assert "Call the command again to go on." in err
