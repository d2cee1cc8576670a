"""A measure is one definition: from one file, another package's is listed, measured, and an objective."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from nashforge.cli.options.completion import complete_measures
from nashforge.solvers.metrics.registry import measures

ROOT = Path(__file__).resolve().parents[2]

SOURCE = '''"""How unequal players are."""

from nashforge.solvers.metrics.registry import SEQUENCE_FORM, measure


@measure("spread of values", "min", "nobody yet", (SEQUENCE_FORM,))
def spread(play, how):
    return play.values().max() - play.values().min()
'''


@pytest.fixture
def installed(empty: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return what calls commands where another package with a measure is installed."""
    (tmp_path / "spread.py").write_text(SOURCE)
    about = tmp_path / "spread-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: spread\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[nashforge.measures]\nspread = spread:spread\n")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))

    def call(*words: str) -> Any:
        process = empty.start(*words, "--json")
        text, errors = process.communicate(timeout=300)
        assert process.returncode == 0, errors
        return json.loads(text)

    return call


def test_a_measure_of_another_package_is_one_file(installed: Any) -> None:
    [row] = [row for row in installed("risk", "--list") if row["metric"] == "spread"]
    assert (row["title"], row["direction"], row["defined"]) == ("spread of values", "min", ["sequence forms"])
    found = installed("risk", "cfr", "--game", "kuhn_poker", "-n", "10")
    values = [player["value"] for player in found["players"]]
    assert found["spread"] == pytest.approx(abs(values[0] - values[1])) != 0
    words = ("evaluate", "cfr", "--game", "kuhn_poker", "-n", "10", "--workers", "1", "--metrics", "spread")
    [row] = installed(*words, "--objective", "spread")
    assert row["metrics"]["spread"] == pytest.approx(found["spread"])
    assert row["fitness"] == -row["metrics"]["spread"]


def test_measures_are_completed_and_documented() -> None:
    assert "security_value" in complete_measures("sec")
    assert "rqe_gap,security_value" in complete_measures("rqe_gap,sec")
    assert complete_measures("charm") == []
    told = (ROOT / "docs" / "risk.md").read_text().lower()
    assert [one.title for one in measures().values() if one.title.lower() not in told] == []


def test_help_tells_where_measures_are_listed(empty: Any) -> None:
    assert "risk --list" in " ".join(empty.text("evaluate", "--help").split())
