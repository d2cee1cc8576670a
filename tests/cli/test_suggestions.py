"""What is suggested works when it is pasted, and is shown so that it can be."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from nashforge.archive import Archive, Candidate, RunState, Status
from nashforge.cli.rendering import output
from nashforge.cli.rendering.runs.summary import print_interrupted, print_result
from nashforge.evolve.config.run import load_config
from nashforge.evolve.search.events import Result


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("solve", "kuhn_poker", "--psro", "dcfr"), "it is a program of the domain cfr;"),
        (("solve", "kuhn_poker", "--rule", "random"), "of the domain cleanup and of gathering"),
        (("watch", "vad_cfr"), "it is a program of the domain cfr"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_no_option_is_suggested_that_a_command_has_not(
    searched: Any, words: tuple[str, ...], told: str
) -> None:
    result = searched(*words)
    assert result.exit_code == 2
    assert told in result.stderr
    assert "--domain" not in result.stderr


def test_where_it_has_it_it_is(searched: Any) -> None:
    assert "say --domain cfr" in searched("compare", "dcfr", "--domain", "psro").stderr


@pytest.mark.parametrize("verb", ["pause", "stop"])
def test_runs_that_do_not_run_are_neither_paused_nor_stopped(searched: Any, empty: Any, verb: str) -> None:
    result = searched(verb, "latest")
    assert result.exit_code == 2
    assert result.stdout == ""
    told = " ".join(result.stderr.split())
    assert f"first-light is finished (all evaluations made); there is nothing to {verb}" in told
    assert "resume" not in told
    with Archive.open(str(empty.database)) as archive:
        run = archive.runs.create("cfr", {"max_evaluations": 5}, seed=0, nickname="halfway")
        archive.runs.set_state(run, RunState.STOPPED, "interrupted")
    result = empty(verb, "halfway", "--json")
    assert result.exit_code == 2
    assert "halfway is not running (stopped)" in result.stderr
    assert "nashforge resume halfway" in result.stderr


def test_a_run_whose_process_died_is_marked_as_stopped(empty: Any) -> None:
    with Archive.open(str(empty.database)) as archive:
        run = archive.runs.create("cfr", {"max_evaluations": 5}, seed=0, nickname="lost-one")
        archive.runs.set_state(run, RunState.RUNNING)
    assert empty("pause", "lost-one").exit_code == 2
    assert "its process had died" in empty.text("stop", "lost-one")
    assert empty.json("status", "lost-one")["state"] == "stopped"
    assert empty("stop", "lost-one").exit_code == 2


def test_programs_of_the_library_are_known_where_runs_are_looked_for(searched: Any, tmp_path: Path) -> None:
    for words in (("lineage", "vad_cfr"), ("export", "vad_cfr", "--output", tmp_path / "x.jsonl.gz")):
        result = searched(*words)
        assert "vad_cfr is a program of the library (domain cfr)" in result.stderr
        assert "neither" not in result.stderr
    assert searched("show", "vad_cfr").exit_code == 0


def test_files_that_are_suggested_are_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    best = Candidate(
        id=1, run_id=1, run="calm-harbour", index=0, status=Status.OK, program="ab" * 32,
        nickname="teal-shrike", operator="seed", proposer="offline", island=0, reason=None, note="cfr",
        data={}, created=datetime.now(UTC), finished=datetime.now(UTC), train=0.1, validation=0.1, test=None,
    )  # fmt: skip
    result = Result(
        run="calm-harbour", best=best, seed=replace(best), evaluations=80, failures={},
        stop_reason="max_evaluations", seconds=200.0,
    )  # fmt: skip

    def suggested() -> list[str]:
        screen = Console(file=io.StringIO(), width=110, record=True)
        print_result(screen, result, [], load_config({}).settings(), None)
        return re.findall(r"(?:--output|-o) (\S+)", screen.export_text())

    assert suggested() == ["teal-shrike.png", "teal-shrike.py"]
    for name in suggested():
        (tmp_path / name).touch()
    (tmp_path / "teal-shrike-2.py").symlink_to("nowhere")
    assert suggested() == ["teal-shrike-2.png", "teal-shrike-3.py"]


@pytest.mark.parametrize("width", [40, 80])
def test_commands_have_a_line_of_their_own_on_a_terminal(
    searched: Any, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = searched.text("resume", "latest", COLUMNS=str(width)).splitlines()
    assert [line for line in lines if "nashforge" in line] == [
        "  nashforge resume first-light --max-evaluations 16"
    ]
    assert all(len(line) <= width for line in lines if "nashforge" not in line)
    monkeypatch.setenv("COLUMNS", str(width))
    screen = Console(file=io.StringIO(), width=width, record=True)
    print_interrupted(screen, "first-light", "/somewhere/a b.db")
    assert "  nashforge resume first-light --database '/somewhere/a b.db'\n" in screen.export_text()


@pytest.mark.parametrize(
    "words",
    [
        ("equilibrium", "SC4"),
        ("equilibrium", "SC4", "--concept", "nash"),
        ("solve", "kuhn_poker", "--rule", "vad_cfr", "-n", "3"),
        ("compare", "vad_cfr", "--game", "kuhn_poker", "-n", "3", "--workers", "1"),
    ],
    ids=" ".join,
)
def test_sentences_are_wrapped_at_words(searched: Any, words: tuple[str, ...]) -> None:
    wide, narrow = (searched.text(*words, COLUMNS=width) for width in ("400", "60"))
    assert all(len(line) <= 60 for line in narrow.splitlines())
    numbers = re.compile(r"[\d.e+-]+|─+")
    assert numbers.sub("", wide).split() == numbers.sub("", narrow).split()


def test_off_a_terminal_lines_end_with_their_text(
    searched: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    made = output.table("name", "text")
    made.add_row("a", "x" * 90)
    made.add_row("b", "y")
    screen = output.console()
    screen.print(made)
    output.rule(screen, "user")
    screen.print("kept  \n", soft_wrap=True)
    *lines, kept, _, _ = capsys.readouterr().out.split("\n")
    assert kept == "kept  "
    assert all(line == line.rstrip() for line in lines)
    assert max(map(len, lines)) <= 110
    assert "user" in lines[-1]


def test_a_prompt_has_rules_of_a_page(searched: Any) -> None:
    process = searched.start("prompt", "preview")
    lines = process.communicate()[0].splitlines()
    assert process.returncode == 0
    rules = [line for line in lines if "──" in line]
    assert [line.strip("─ ") for line in rules] == ["tool", "system", "user", ""]
    assert {len(line) for line in rules} == {80}


def test_a_game_that_does_not_exist_has_no_heading(empty: Any) -> None:
    result = empty("solve", "nosuch", "--no-json")
    assert result.exit_code != 0
    assert not result.stdout


@pytest.mark.parametrize("game", ["gathering", "cleanup(agents=3)"])
def test_social_dilemmas_are_not_solved(empty: Any, game: str) -> None:
    result = empty("solve", game)
    assert result.exit_code == 2
    assert "and not solved; the commands run, evaluate and watch" in result.stderr


def test_programs_are_not_imported(empty: Any, tmp_path: Path) -> None:
    (tmp_path / "rule.py").write_text("x = 1\n")
    result = empty("import", tmp_path / "rule.py")
    assert result.exit_code == 2
    assert "rule.py is a program, which is not imported" in result.stderr


def test_names_of_runs_have_letters_of_the_alphabet(empty: Any) -> None:
    assert "letters (a to z)" in empty("run", "cfr", *empty.quick, "--name", "größe").stderr


def test_nothing_is_shown_as_zero_and_one_as_one() -> None:
    assert [output.signed(value) for value in (-1e-9, 0.0, -0.25)] == ["+0.0000", "+0.0000", "-0.2500"]
    assert f"{output.settled(-1.8e-16):.6g} {output.settled(-1e-6):.6g}" == "0 -1e-06"
    assert [output.counted(count, "seed") for count in (0, 1, 2)] == ["0 seeds", "1 seed", "2 seeds"]


def test_words_stay_words_in_headings() -> None:
    assert [output.display_name(name) for name in ("dcfr_plus", "uniform", "projected_gradient")] == [
        "DCFR+",
        "uniform",
        "projected_gradient",
    ]
