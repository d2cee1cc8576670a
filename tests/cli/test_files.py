"""Files that commands write: one rule for all of them, and the ending says what is written."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

KUHN = ("--game", "kuhn_poker", "-n", "20", "--workers", "1")

WRITERS: dict[str, tuple[str, ...]] = {
    "report.html": ("report", "--output"),
    "curves.svg": ("compare", "cfr", *KUHN, "--output"),
    "curves.csv": ("compare", "cfr", *KUHN, "--output"),
    "rows.csv": ("evaluate", "cfr", *KUHN, "--output"),
    "policy.json": ("solve", "kuhn_poker", "-n", "5", "--policy"),
    "policy.csv": ("solve", "kuhn_poker", "-n", "5", "--policy"),
    "convergence.svg": ("solve", "kuhn_poker", "-n", "5", "--output"),
    "convergence.csv": ("solve", "kuhn_poker", "--psro", "nash", "-n", "5", "-o"),
    "best.csv": ("best", "--output"),
    "front.svg": ("best", "--plot"),
    "runs.json": ("runs", "--output"),
    "risk.svg": ("risk", "cfr", "--game", "kuhn_poker", "-n", "5", "--plot"),
    "risk.csv": ("risk", "cfr", "--game", "kuhn_poker", "-n", "5", "-o"),
    "strategies.csv": ("equilibrium", "SC4", "--output"),
    "strategies.svg": ("equilibrium", "SC4", "--plot"),
    "humans.csv": ("humans", "--output"),
    "calls.jsonl": ("calls", "export", "--output"),
    "cfr.py": ("export", "cfr", "--output"),
    "all.jsonl.gz": ("export", "--output"),
    "archive.jsonl.gz": ("archive", "export"),
    "episode.png": (
        "watch",
        "nearest_apple",
        "--game",
        "gathering(map=gathering_small,agents=2)",
        "--steps",
        "6",
        "-o",
    ),
}
"""Every command that writes a file, by the name of one; the option that names it comes last."""


@pytest.mark.parametrize("name", WRITERS)
def test_a_file_is_replaced_on_request_only_and_before_any_work(
    searched: Any, tmp_path: Path, name: str
) -> None:
    words, path = WRITERS[name], tmp_path / name
    path.write_text("precious")
    refused = searched(*words, path)
    assert refused.exit_code == 2, refused.stdout
    assert "exists; choose another name, or replace it with --force" in refused.stderr
    assert "iteration" not in refused.stdout
    assert path.read_text() == "precious"
    done = searched(*words, path, "--force")
    assert done.exit_code == 0, done.stderr
    assert path.read_bytes()[:8] != b"precious"
    path.unlink()
    assert searched(*words, path).exit_code == 0
    assert path.stat().st_size > 0


@pytest.mark.parametrize(
    "words",
    [words for name, words in WRITERS.items() if words[0] not in ("export", "archive", "calls")],
    ids=" ".join,
)
def test_an_unknown_ending_is_refused_before_the_work_with_those_there_are(
    searched: Any, tmp_path: Path, words: tuple[str, ...]
) -> None:
    result = searched(*words, tmp_path / "x.xyz")
    assert result.exit_code == 2
    assert "x.xyz must end in ." in result.stderr
    assert " or ." in result.stderr
    assert not list(tmp_path.iterdir())


def test_a_link_is_not_written_through(searched: Any, tmp_path: Path) -> None:
    (tmp_path / "curve.csv").symlink_to(tmp_path / "elsewhere.csv")
    result = searched("solve", "kuhn_poker", "-n", "3", "-o", tmp_path / "curve.csv")
    assert result.exit_code == 2
    assert not (tmp_path / "elsewhere.csv").exists()


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_csv_has_the_numbers_of_the_json(searched: Any, tmp_path: Path) -> None:
    told = searched.json("compare", "cfr", "dcfr", *KUHN, "-o", tmp_path / "curves.csv")
    rows = rows_of(tmp_path / "curves.csv")
    points = [
        (row["program"], str(point["iteration"]), point["value"]) for row in told for point in row["curve"]
    ]
    assert [(row["program"], row["iteration"], float(row["value"])) for row in rows] == points
    told = searched.json("evaluate", "cfr", *KUHN, "-o", tmp_path / "rows.csv")
    (row,) = rows_of(tmp_path / "rows.csv")
    assert float(row["metrics.exploitability"]) == told[0]["metrics"]["exploitability"]
    told = searched.json("best", "-o", tmp_path / "best.csv")
    rows = rows_of(tmp_path / "best.csv")
    assert [row["program"] for row in rows] == [row["program"] for row in told]
    assert float(rows[0]["fitness.train"]) == told[0]["fitness"]["train"]
    assert [row["note"] for row in rows] == [row["note"] for row in told]
    told = searched.json("equilibrium", "SC4", "-o", tmp_path / "rqe.csv")
    found = [float(row["probability"]) for row in rows_of(tmp_path / "rqe.csv")]
    assert found == [p for player in told["players"] for p in player["strategy"][0]["probabilities"]]


def test_json_files_have_what_the_command_prints(searched: Any, tmp_path: Path) -> None:
    for words in (("compare", "cfr", *KUHN), ("equilibrium", "SC4"), ("risk", "cfr", "-n", "5"), ("runs",)):
        path = tmp_path / f"{words[0]}.json"
        told = searched.json(*words, "-o", path)
        assert json.loads(path.read_text()) == told


def test_a_program_and_a_cassette_can_be_printed(searched: Any) -> None:
    code = searched("export", "cfr", "--output", "-").stdout
    compile(code, "cfr.py", "exec")
    assert "class " in code
    assert searched("calls", "export", "--output", "-").stdout.startswith("{")


def test_two_files_of_a_command_are_two_files(searched: Any, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "there")
    (tmp_path / "old.csv").write_text("precious")
    (tmp_path / "new.csv").hardlink_to(tmp_path / "old.csv")
    for one, other in (("same.csv", "same.csv"), ("there/x.csv", "link/x.csv"), ("old.csv", "new.csv")):
        words = ("solve", "kuhn_poker", "-n", "5", "--force", "--policy", tmp_path / one)
        result = searched(*words, "-o", tmp_path / other)
        assert result.exit_code == 2, result.stdout
        assert "--policy and --output are the same file" in result.stderr
        assert not result.stdout
    assert (tmp_path / "old.csv").read_text() == "precious"
    assert not (tmp_path / "same.csv").exists()


@pytest.mark.parametrize("name", [name for name in WRITERS if name != "report.html"])
def test_where_no_file_can_be_made_is_found_before_the_work(searched: Any, tmp_path: Path, name: str) -> None:
    long = "x" * 300 + Path(name).suffix  # no file system takes it, whoever asks
    for path in (Path("/proc") / name, tmp_path / long):
        result = searched(*WRITERS[name], path)
        assert result.exit_code == 2, result.stderr
        assert "cannot be written (" in result.stderr
        assert "choose a writable place" in result.stderr
        assert not result.stdout
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "words",
    [
        words
        for words in WRITERS.values()
        if words[0] not in ("report", "export", "archive", "calls", "watch")
    ],
    ids=" ".join,
)
def test_a_file_that_fails_after_all_costs_nothing_of_the_result(
    searched: Any, tmp_path: Path, words: tuple[str, ...]
) -> None:
    full = tmp_path / "full.csv"
    full.symlink_to("/dev/full")
    result = searched(*words, full, "--force", "--no-json")
    assert result.exit_code == 1, result.stderr
    assert "full.csv cannot be written (No space left on device)" in result.stderr
    assert len(result.stdout.splitlines()) > 2, "the result is lost"
    assert "written to" not in result.stdout


@pytest.mark.parametrize("there", [True, False], ids=["to a file", "to nothing"])
@pytest.mark.parametrize("name", WRITERS)
def test_a_link_is_neither_followed_nor_replaced(
    searched: Any, tmp_path: Path, name: str, there: bool
) -> None:
    target, link = tmp_path / "target", tmp_path / name
    if there:
        target.write_text("precious")
    link.symlink_to(target)
    refused = searched(*WRITERS[name], link, "--force")
    assert refused.exit_code == 2, refused.stdout
    assert f"is a link to {target}" in " ".join(refused.stderr.split())
    assert link.is_symlink()
    assert (target.read_text() if there else not target.exists()) in ("precious", True)
