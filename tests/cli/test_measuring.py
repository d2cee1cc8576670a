"""``evaluate`` and ``compare``: failures, files, pictures."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

BREAKS = '''"""Works in Kuhn poker, fails in Leduc poker."""

import numpy as np

from nashforge.solvers.cfr.interface import RegretMinimizer


class Breaks(RegretMinimizer):
    def start(self):
        self.regret = self.infosets.zeros()

    def observe(self, t, regret):
        self.regret += regret
        if t == 7 and len(regret) > 20:
            raise ValueError("[bold]seven is bad")

    def weights(self, t, policy, reach):
        return 1, 1

    def policy(self, t):
        return self.infosets.normalize(self.regret)
'''


@pytest.fixture
def breaks(tmp_path: Path) -> Path:
    path = tmp_path / "breaks.py"
    path.write_text(BREAKS)
    return path


def test_what_nobody_named_is_told_before_it_is_measured(empty: Any) -> None:
    words = ("compare", "cfr", "--game", "kuhn_poker", "-n", "20", "--workers", "1")
    first = empty(*words)
    assert re.match(r"\d+ measurements to be made, also of (\w+, )+.*: fitness is relative to", first.stderr)
    again = empty(*words)
    assert (again.exit_code, again.stderr) == (0, "")


def test_a_failure_is_a_row_with_a_reason(empty: Any, breaks: Path, tmp_path: Path) -> None:
    words = (
        "evaluate",
        breaks,
        "cfr",
        "--game",
        "kuhn_poker",
        "--game",
        "leduc_poker",
        "-n",
        "20",
        "--workers",
        "1",
    )
    result = empty(*words, "--json")
    assert result.exit_code == 1
    good, bad, *others = json.loads(result.stdout)
    assert (good["status"], bad["status"]) == ("ok", "crashed")
    # Vanilla CFR plays the same, so what worked was measured right.
    assert good["value"] == others[0]["value"]
    assert bad["value"] is None
    assert bad["fitness"] is None
    assert "seven is bad" in bad["reason"]
    assert [row["status"] for row in others] == ["ok", "ok"]
    # The file is a program of the archive now, with both measurements, the failure without scores.
    stored = empty.json("show", good["nickname"])
    assert [row["status"] for row in stored["evaluations"]] == ["ok", "crashed"]
    assert stored["evaluations"][1]["scores"] == []
    text = empty("compare", *words[1:3], "--game", "leduc_poker", "-n", "20", "--workers", "1", "--no-json")
    assert text.exit_code == 1
    assert "crashed" in text.stdout
    assert "[bold]seven is bad" in text.stdout
    assert empty.text("show", breaks).count("crashed") == 2


def test_compare_draws_a_picture_of_every_kind(searched: Any, tmp_path: Path) -> None:
    words = ("compare", "cfr", "dcfr", "--game", "kuhn_poker", "-n", "30", "--workers", "1")
    starts = {".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF"}
    for suffix, start in starts.items():
        path = tmp_path / f"curves{suffix}"
        assert "kuhn_poker" in searched.text(*words, "--output", path)
        assert path.read_bytes().startswith(start)
    drawn = (tmp_path / "curves.svg").read_text()
    assert all(word in drawn for word in ("kuhn_poker", "dcfr", "iteration", "exploitability"))
    result = searched(*words, "--output", tmp_path / "nowhere" / "x.png")
    assert result.exit_code == 2
    assert "make it first" in result.stderr


def test_text_tells_fitness_in_one_line(searched: Any) -> None:
    words = ("compare", "cfr", "--game", "kuhn_poker", "-n", "30", "--workers", "1")
    assert "lower exploitability than the best of AOD-CFR, DCFR+, HS-PCFR+ and PDCFR+" in searched.text(
        *words
    )
    assert "fitness" not in searched.text(*words, "--reference", "none")


def test_solve_runs_unread_programs_in_the_sandbox_with_equal_results(searched: Any, tmp_path: Path) -> None:
    from nashforge.solvers import rule_source

    path = tmp_path / "same.py"
    path.write_text(rule_source("dcfr") + "\n# not the library's file\n")
    words = ("solve", "kuhn_poker", "-n", "60", "--rule")
    inside = searched.json(*words, path)
    outside = searched.json(*words, "dcfr", "--policy", tmp_path / "policy.json")
    assert inside["exploitability"] == outside["exploitability"]
    assert inside["values"] == outside["values"]
    policy = json.loads((tmp_path / "policy.json").read_text())
    assert len(policy) == 12
    assert all(sum(action.values()) == pytest.approx(1) for action in policy.values())


def test_a_suite_of_a_dilemma_says_the_domain(empty: Any, tmp_path: Path) -> None:
    pond = tmp_path / "pond.toml"
    pond.write_text(
        'name = "pond"\npurpose = "x"\nsetting = "gathering(map=gathering_small,agents=2,horizon=20)"\n'
        "train = [1]\nvalidation = [2]\ntest = [3]\n"
    )
    rows = empty.json("evaluate", "nearest_apple", "--suite", pond, "--workers", "1")
    assert rows
    assert {row["status"] for row in rows} == {"ok"}
    assert empty("evaluate", "cfr", "--suite", tmp_path / "none.toml").exit_code == 2
