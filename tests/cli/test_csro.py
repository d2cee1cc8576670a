"""``csro`` on the command line: a population grown and told; opponents of a search; what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .conftest import Commands

SMALL = ("--horizon", 4, "--matches", 2, "--max-evaluations", 2, "--workers", 2)


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory, tiny_suite: Path) -> tuple[Commands, Any]:
    """Commands on an archive with a population, and what was printed at its end."""
    commands = Commands(tmp_path_factory.mktemp("archive") / "csro.db", tiny_suite, {})
    return commands, commands.json("csro", "rrps", "--iterations", 1, "--name", "pop", *SMALL)


@pytest.mark.slow
def test_a_population_is_told_while_it_grows_and_later(grown: Any) -> None:
    commands, told = grown
    assert (told["run"], told["state"], told["course"][0]["iteration"]) == ("pop", "finished", 0)
    assert (told["meta_solver"], told["iterations"]) == ("nash", 1)
    assert set(told["course"][0]["outsiders"]) == {"all bots", "held-out bots"}
    assert commands.json("status", "pop") == commands.json("resume", "pop") == told
    text = commands.text("status", "pop", COLUMNS="80")
    assert "by held-out bots" in text
    assert "the mixture earns" in text
    names = [row["run"] for row in commands.json("runs")]
    assert sorted(names) == ["pop", "pop-1"]
    # Its search is a run like any other.
    assert commands.json("status", "pop-1")["run"] == "pop-1"
    assert commands.json("status", "pop-1")["config"]["against"][0]["weight"] == 1.0


@pytest.mark.slow
def test_a_search_plays_against_given_programs(grown: Any) -> None:
    commands, _ = grown
    words = ["run", "rrps", "--against", "markov:3", "--against", "rotation", "--horizon", 4]
    told = commands.json(
        *words, "--max-evaluations", 2, "--no-final-test", "--name", "answer", "--workers", 1
    )
    assert told["evaluations"] == 2
    config = commands.json("status", "answer")["config"]
    assert [(each["name"], each["weight"]) for each in config["against"]] == [("markov", 3), ("rotation", 1)]
    assert all("class " in each["source"] for each in config["against"])


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["csro", "cfr"], "programs of the domain 'cfr' do not play each other"),
        (["csro", "rrps", "--meta-solver", "nsh"], "did you mean nash"),
        (["csro", "rrps", "--oracle", "luck"], "'evolution' or 'refinement'"),
        (["csro", "rrps", "--proposer", "replay:x", "--seed", "1"], "leave its other options out"),
        (["run", "rrps", "--against", "markov", "--against", "markov:2"], "names markov twice"),
        (["run", "rrps", "--against", "nobody"], "nobody"),
        (["run", "cfr", "--against", "dcfr"], "do not play each other"),
    ],
)
def test_what_is_refused(tmp_path: Path, tiny_suite: Path, words: list[str], why: str) -> None:
    commands = Commands(tmp_path / "empty.db", tiny_suite, {})
    result = commands(*words)
    assert result.exit_code in (1, 2)
    assert why in result.stderr
    assert result.stderr.startswith("Error: ")
