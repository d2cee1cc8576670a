"""What people see: widths, plain text of untrusted parts, numbers, maps and trees."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from nashforge.archive import Spending
from nashforge.cli.rendering import output
from nashforge.cli.rendering.columns import print_table
from nashforge.cli.rendering.money import earnings_table
from nashforge.evolve.config.run import load_config
from nashforge.evolve.domains.dilemmas.watching import DilemmaWatch
from nashforge.evolve.domains.lengths import length_in_words
from nashforge.evolve.results.model_costs import ModelCosts
from nashforge.games.dilemmas import make
from nashforge.games.dilemmas.settings import parse_setting
from nashforge.solvers.policies.rendering import as_text


@pytest.mark.parametrize("width", [80, 110, 200])
@pytest.mark.parametrize("command", ["runs", "status", "best", "lineage", "rules", "suites", "db info"])
def test_text_fits_the_terminal(searched: Any, width: int, command: str) -> None:
    text = searched.text(*command.split(), COLUMNS=str(width))
    long = [line for line in text.splitlines() if cell_len(line.rstrip()) > width and "/" not in line]
    assert not long
    assert "\x1b" not in text


def test_a_wide_table_comes_in_parts_and_breaks_neither_names_nor_numbers() -> None:
    names = [f"measure-{place}" for place in range(9)]
    table = output.table("program", *names, title="all", right=names)
    for row in range(3):
        table.add_row(f"[green]graceful-hummingbird-{row}[/]", *(f"{row}.{k}[dim]±0.25[/]" for k in range(9)))
    screen = Console(file=io.StringIO(), width=80, record=True)
    print_table(screen, table)
    lines = screen.export_text().splitlines()
    assert all(cell_len(line) <= 80 for line in lines)
    words = " ".join(lines).split()
    assert all(words.count(name) == 1 for name in [*names, "all"])
    assert all(words.count(f"{row}.{k}±0.25") == 1 for row in range(3) for k in range(9))
    parts = words.count("program")
    assert parts > 1
    assert all(words.count(f"graceful-hummingbird-{row}") == parts for row in range(3))
    wide = Console(file=io.StringIO(), width=300, record=True)
    print_table(wide, table)
    assert wide.export_text().count("program") == 1


@pytest.mark.parametrize("width", [50, 80, 110])
def test_a_name_that_leaves_no_room_is_folded_and_numbers_are_whole(width: int) -> None:
    path = "/a/folder/" + "of-a-long-name/" * 5 + "program.py"
    table = output.table("program", "efficiency", "sustainability", right=["efficiency", "sustainability"])
    table.add_row(path, "0.125 ±0.25", "0.75 ±0.5")
    screen = Console(file=io.StringIO(), width=width, record=True)
    print_table(screen, table)
    text = screen.export_text()
    assert all(cell_len(line) <= width for line in text.splitlines())
    for whole in ("efficiency", "sustainability", "0.125 ±0.25", "0.75 ±0.5"):
        assert text.count(whole) == 1, whole
    assert path in "".join(line[: width // 2].strip() for line in text.splitlines())


@pytest.mark.parametrize("width", [50, 60])
@pytest.mark.parametrize("in_parts", [True, False])
def test_text_is_wrapped_between_words_and_no_name_is_broken(width: int, in_parts: bool) -> None:
    rows = [
        ("graceful-hummingbird", "stopped", "12/100", "azure-chipmunk", "+0.125", "[dim]on request[/]"),
        ("calm-harbour", "failed", "0/100", "-", "-", "[dim]it took longer than 60 s in leduc_poker[/]"),
    ]
    heads = ["run", "state", "evals", "best", "train", "why"]
    table = output.table(*heads, right=["evals", "train"])
    for row in rows:
        table.add_row(*row)
    screen = Console(file=io.StringIO(), width=width, record=True)
    print_table(screen, table, in_parts=in_parts)
    text = screen.export_text()
    assert all(cell_len(line) <= width for line in text.splitlines())
    shown, _, left = text.partition("a wider terminal shows more: ")
    missing = left.replace(",", " ").split()
    assert bool(missing) == (not in_parts)
    assert "run" not in missing
    for column in zip(heads, *rows, strict=True):
        words = {word for cell in column for word in Text.from_markup(cell).plain.split()}
        assert column[0] in missing or words <= set(shown.split()), column


@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 40), (80, 12)])
@pytest.mark.parametrize("game", ["cleanup", "gathering", "cleanup(map=cleanup_small,agents=3)"])
def test_an_episode_fits_the_terminal_with_its_status(game: str, width: int, height: int) -> None:
    environment = make(parse_setting(game))
    environment.reset(np.random.default_rng(0))
    picture = Text.from_markup(DilemmaWatch().text(environment, height, width)).plain.splitlines()
    assert picture[0].startswith("step 0/1000   apples")
    assert len(picture) <= height - 1
    assert all(len(line) <= width for line in picture)
    agents = sum(line.count(arrow) for line in picture[1:] for arrow in "^>v<")
    if height >= 24:
        assert agents == environment.setting.agents
        assert "needs" not in picture[0]
    elif agents < environment.setting.agents:
        assert re.search(r"\(needs \d+ lines\)$", picture[0])


def test_a_turned_map_has_rows_for_columns() -> None:
    environment = make(parse_setting("cleanup"))
    environment.reset(np.random.default_rng(1))
    upright, turned = (
        [list(line) for line in Text.from_markup(as_text(environment, way)).plain.split("\n")]
        for way in (False, True)
    )
    arrow = str.maketrans("^>v<", "<v>^")
    assert ["".join(line) for line in turned] == [
        "".join(column).translate(arrow) for column in zip(*upright, strict=True)
    ]


def test_untrusted_text_is_no_markup_and_no_control_sequence() -> None:
    shown = output.plain("[bold]x[/] \x1b[31mred\x07")
    console = Console(file=io.StringIO(), width=80)
    console.print(shown)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "[bold]x[/]" in text
    assert "\x1b" not in text
    assert "\x07" not in text


def test_what_models_thought_has_a_column_where_some_did() -> None:
    quiet = ModelCosts("google:g", Spending(1, 0.5, 0.0, 10, 0, 0, 20))
    loud = replace(quiet, model="anthropic:a", thinking_tokens=7)
    heads = [str(column.header) for column in earnings_table([quiet, loud]).columns]
    assert heads[4:6] == ["output", "thinking"]
    assert list(earnings_table([quiet, loud]).columns[5].cells) == ["0", "7"]
    assert "thinking" not in [str(column.header) for column in earnings_table([quiet]).columns]


def test_numbers_for_people() -> None:
    assert [output.number(x) for x in (0.0, 1e-12, 0.0123456, 2.5)] == [
        "0.000e+00",
        "1.000e-12",
        "0.01235",
        "2.5",
    ]
    assert output.fitness(-0.5) == "-0.500"
    assert output.fitness(None) == "-"
    assert [output.duration(s) for s in (0.44, 59.7, 200, 7500)] == [
        "0.4 s",
        "1 min 00 s",
        "3 min 20 s",
        "2 h 05 min",
    ]
    assert output.memory(1_234_567) == "1.2 MB"
    assert output.display_name("hs_pcfr_plus") == "HS-PCFR+"
    assert (
        output.wrapped("goofspiel(num_cards=5,imp_info=True)", 24) == "goofspiel(num_cards=5,\nimp_info=True)"
    )


def test_lengths_are_told_in_the_unit_of_the_domain() -> None:
    cleanup = load_config({"domain": "cleanup", "train": "cleanup-small"}).settings()
    assert length_in_words(cleanup) == "episodes of 200 steps"
    assert length_in_words({**cleanup, "horizon": 50}) == "episodes of 50 steps"
    assert length_in_words({**cleanup, "train": "gone.toml"}) == "1000 iterations"
    assert length_in_words(load_config({}).settings()) == "1000 iterations"


def test_the_tree_is_indented_at_branches_only(searched: Any) -> None:
    lines = searched.text("lineage", "first-light").splitlines()
    assert lines[0].startswith("● ")
    seed = searched.run["seed"]["program"]
    assert seed in lines[0]
    assert any(searched.run["best"] in line and "●" in line for line in lines)
    assert searched.text("lineage", seed, "--descendants").count("○") > 1


def test_dot_is_a_graph(searched: Any) -> None:
    text = searched("lineage", "first-light", "--format", "dot").stdout
    nodes = len(searched.json("lineage", "first-light")["nodes"])
    assert text.startswith('digraph "first-light" {')
    assert text.count("[label=") == nodes
    assert text.count(" -> ") >= nodes - 1


def test_show_prints_code_that_can_be_copied(searched: Any) -> None:
    text = searched.text("show", "vad_cfr", COLUMNS="60")
    from nashforge.solvers import rule_source

    assert rule_source("vad_cfr").rstrip() in text


def test_what_others_say_beside_the_result_is_one_visible_line(capsys: pytest.CaptureFixture[str]) -> None:
    output.remark("failed: \x1b[31mred\nError: ours")
    assert capsys.readouterr().err == "failed: \\x1b[31mred\\nError: ours\n"


def test_prose_for_agents_breaks_between_words_on_a_terminal_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sentence = (
        "  note: the run has ended, and nothing comes until `nashforge resume calm-harbour` continues it"
    )
    monkeypatch.delenv("COLUMNS", raising=False)
    output.say_prose(f"ok\n{sentence}\n")
    assert capsys.readouterr().out == f"ok\n{sentence}\n"
    monkeypatch.setenv("COLUMNS", "60")
    output.say_prose(f"ok\n{sentence}\n")
    assert capsys.readouterr().out == (
        "ok\n  note: the run has ended, and nothing comes until\n"
        "  `nashforge resume calm-harbour` continues it\n"
    )
