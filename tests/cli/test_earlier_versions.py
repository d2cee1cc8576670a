"""An archive that a version with the evaluator cfr-1 made: it is read, and not continued or mixed.

``released/cfr-1.sqlite.sql`` is the dump of a run of six CFR rules with ``accumulate``, 40 iterations in Kuhn
poker, of which the first and the last checkpoint were kept.
"""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from nashforge.archive import Archive
from nashforge.archive.storage.schema import upgrade
from nashforge.evolve.domains.translation import is_outdated
from nashforge.evolve.measurement.programs import TRANSLATED
from nashforge.solvers import solve
from tests.cli.conftest import Commands

DUMP = Path(__file__).parent / "released" / "cfr-1.sqlite.sql"
BEST = "fine-magpie"
PER_ACTION = """import numpy as np

from nashforge.solvers.cfr.interface import RegretMinimizer


class Mine(RegretMinimizer):
    def start(self):
        self.regret = self.infosets.zeros()

    def observe(self, t, regret):
        self.regret = np.maximum(self.regret + regret, 0.0)

    def accumulate(self, t, policy, reach, average):
        return average + t * policy

    def policy(self, t):
        return self.infosets.normalize(self.regret)
"""


@pytest.fixture
def earlier(tmp_path: Path) -> Commands:
    """Return how commands are called on that archive."""
    database = tmp_path / "earlier.db"
    raw = sqlite3.connect(database)
    raw.executescript(DUMP.read_text(encoding="utf-8"))
    raw.close()
    upgrade(f"sqlite:///{database}")
    return Commands(database, tmp_path / "none.toml", {})


def measured(archive: Archive, name: str) -> float:
    """Return the exploitability after 40 iterations that the archive holds of a program."""
    (value,) = {
        score.value
        for row in archive.evaluations.find(program=archive.programs.get(name))
        if row.evaluator == "cfr-1" and row.split == "train"
        for score in row.scores
        if score.metric == "exploitability" and score.iteration == 40
    }
    return value


def test_everything_of_it_is_read(earlier: Commands, tmp_path: Path) -> None:
    for words in (
        ("runs",),
        ("status", "before"),
        ("best", "before"),
        ("lineage", "before"),
        ("lineage", BEST),
        ("report", "before", "-o", tmp_path / "before.html"),
        ("diff", "teal-shrike", BEST),
        ("export", BEST, "-o", tmp_path / "best.py"),
        ("export", "before", "-o", tmp_path / "before.jsonl.gz"),
    ):
        assert earlier(*words).exit_code == 0, words
    assert "def accumulate(self, t, policy, reach, average)" in earlier.text("show", BEST)
    assert "def accumulate(" in (tmp_path / "best.py").read_text()
    other = Commands(tmp_path / "other.db", earlier.suite, {})
    assert other("import", tmp_path / "before.jsonl.gz").exit_code == 0
    assert "fine-magpie" in other.text("best", "before")


def test_programs_are_measured_anew_as_translations(earlier: Commands, tmp_path: Path) -> None:
    result = earlier("evaluate", BEST, "--game", "kuhn_poker", "--iterations", 40, "--json")
    assert result.exit_code == 0, result.stderr
    with Archive.open(earlier.database) as archive:
        old = archive.programs.get(BEST)
        stored = archive.programs.by_hash(row.program for row in archive.evaluations.find()).values()
        (new,) = (program for program in stored if TRANSLATED + old.hash in program.source)
        assert is_outdated(old)
        assert not is_outdated(new)
        assert archive.programs.get(old.hash) == old
        value = measured(archive, BEST)
        rows = archive.evaluations.find(program=new)
        assert {row.evaluator for row in rows} == {"cfr-2"}
        assert {row.evaluator for row in archive.evaluations.find(program=old)} == {"cfr-1"}
    assert f"{BEST} was written for an earlier interface" in result.stderr
    assert new.nickname in result.stderr
    (row,) = json.loads(result.stdout)
    assert (row["hash"], row["fitness"] is None) == (new.hash, False)
    assert row["value"] == pytest.approx(value, rel=1e-9)
    # The exported file is the same program, and so is its translation.
    earlier("export", BEST, "-o", tmp_path / "best.py")
    (again,) = earlier.json("evaluate", tmp_path / "best.py", "--game", "kuhn_poker", "--iterations", 40)
    assert again["hash"] == new.hash


def test_games_are_solved_with_translations(earlier: Commands) -> None:
    found = earlier.json("solve", "kuhn_poker", "--rule", BEST, "--iterations", 40)
    with Archive.open(earlier.database) as archive:
        assert found["exploitability"] == pytest.approx(measured(archive, BEST), rel=1e-9)
        # The seed was the library's CFR+.
        assert measured(archive, "teal-shrike") == pytest.approx(
            solve("kuhn_poker", "cfr_plus", 40).exploitability, rel=1e-9
        )


@pytest.mark.parametrize("words", [(), ("--max-evaluations", "9"), ("--max-evaluations", "2")])
def test_its_run_is_not_continued(earlier: Commands, words: tuple[str, ...]) -> None:
    with Archive.open(earlier.database) as archive:
        before = (
            archive.runs.get("before"),
            archive.candidates.of("before"),
            archive.evaluations.find(run="before"),
        )
    result = earlier("resume", "before", *words)
    assert result.exit_code == 2
    assert "measured by the evaluator cfr-1, and this version measures by cfr-2" in result.stderr
    assert "nashforge best before" in result.stderr
    preview = earlier("prompt", "preview", "before")
    assert (preview.exit_code, "cfr-1" in preview.stderr) == (2, True)
    with Archive.open(earlier.database) as archive:
        after = (
            archive.runs.get("before"),
            archive.candidates.of("before"),
            archive.evaluations.find(run="before"),
        )
    assert after == before


def test_a_run_that_has_measured_nothing_yet_is_not_continued_either(earlier: Commands) -> None:
    with Archive.open(earlier.database) as archive:
        run = archive.runs.create("cfr", archive.runs.get("before").config, nickname="begun")
        program = archive.programs.get("teal-shrike")
        archive.candidates.add(run, program=program, operator="seed", proposer="library", index=0)
    result = earlier("resume", "begun")
    assert (result.exit_code, "begun with another interface" in result.stderr) == (2, True)


def test_a_replay_of_its_answers_is_refused(earlier: Commands) -> None:
    result = earlier("run", "--proposer", "replay:before")
    assert result.exit_code == 2
    assert "wrote for an earlier interface" in result.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("evaluate", "FILE", "--game", "kuhn_poker"),
        ("compare", "FILE", "cfr_plus", "--game", "kuhn_poker"),
        ("solve", "kuhn_poker", "--rule", "FILE"),
        ("distill", "FILE"),
        ("risk", "FILE"),
    ],
)
def test_what_cannot_be_translated_is_refused_in_a_sentence(
    earlier: Commands, tmp_path: Path, words: tuple[str, ...]
) -> None:
    path = tmp_path / "mine.py"
    path.write_text(PER_ACTION)
    result = earlier(*(path if word == "FILE" else word for word in words))
    assert result.exit_code == 2
    text = " ".join(result.stderr.split())
    assert "mine.py was written for an earlier interface" in text
    assert "`average + t * policy` adds something else than the policy weighted by reach" in text
    assert "docs/howto-rule.md" in text
    assert "Traceback" not in result.stderr
    assert earlier("show", path).exit_code == 0, "it can be looked at"
