"""What people see: widths, plain text of untrusted parts, the live panel, the summary."""

from __future__ import annotations

import io
import re
import shlex
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from nashforge.archive import Candidate, Spending, Status
from nashforge.cli.rendering import output
from nashforge.cli.rendering.money import earnings_table
from nashforge.cli.rendering.runs import live
from nashforge.cli.rendering.runs.live import LiveWatcher, Pace, PlainWatcher
from nashforge.cli.rendering.runs.summary import limit_words, print_result
from nashforge.evolve.config.run import load_config
from nashforge.evolve.domains import domain
from nashforge.evolve.domains.dilemmas.watching import DilemmaWatch
from nashforge.evolve.domains.lengths import length_in_words
from nashforge.evolve.evaluation.standing import Standing
from nashforge.evolve.results.model_costs import ModelCosts
from nashforge.evolve.search.events import Counted, Result, Snapshot
from nashforge.games.dilemmas import make
from nashforge.games.dilemmas.settings import parse_setting
from nashforge.solvers.policies.rendering import as_text

NOTE = "predict that the last regrets come again, [weight] growing to 1.5; weigh policies by t ** 2.5"


def candidate(index: int, train: float, **changes: Any) -> Candidate:
    made = Candidate(
        id=index + 1, run_id=1, run="calm-harbour", index=index, status=Status.OK, program="ab" * 32,
        nickname="graceful-hummingbird", operator="mutate", proposer="offline", island=0, reason=None,
        note=NOTE, data={}, created=datetime.now(UTC), finished=datetime.now(UTC), train=train,
        validation=train - 0.1, test=None,
    )  # fmt: skip
    return replace(made, **changes)


def snapshot(**changes: Any) -> Snapshot:
    made = Snapshot(
        run="calm-harbour", phase="searching", evaluations=43, limit=100, best=candidate(42, 1.234),
        seed_train=-0.845, outcomes={"ok": 30, "crashed": 3, "invalid_output": 1, "duplicate": 9},
        seconds=83.0, running=2,
    )  # fmt: skip
    return replace(made, **changes)


@pytest.mark.parametrize("width", [80, 110, 200])
@pytest.mark.parametrize("command", ["runs", "status", "best", "lineage", "rules", "suites", "db info"])
def test_text_fits_the_terminal(searched: Any, width: int, command: str) -> None:
    text = searched.text(*command.split(), COLUMNS=str(width))
    long = [line for line in text.splitlines() if cell_len(line.rstrip()) > width and "/" not in line]
    assert not long
    assert "\x1b" not in text


@pytest.mark.parametrize("width", [80, 110])
def test_the_live_panel_fits_and_tells_what_matters(width: int) -> None:
    screen = Console(file=io.StringIO(), width=width, force_terminal=True, record=True)
    watcher = LiveWatcher(screen, {"proposer": "offline", "max_evaluations": 100})
    watcher.snapshot(snapshot(evaluations=3, seconds=3.0))
    watcher.snapshot(snapshot())
    watcher.outcome(candidate(0, -0.845, operator="seed", note="cfr_plus"), True)
    watcher.outcome(candidate(7, 0.2), False)
    watcher.outcome(candidate(42, 1.234), True)
    watcher.note("attempt 1 of an evaluation was lost: [red]killed")
    screen.print(watcher._render())
    lines = screen.export_text().splitlines()
    assert all(cell_len(line) <= width for line in lines)
    text = "\n".join(lines)
    for part in (
        "No language model is used", "calm-harbour", "searching", "43/100", "30.0/min", "1 min 54 s left",
        "graceful-hummingbird", "train +1.234", "valid. +1.134", "gain +2.079", "3 crashed",
        "1 invalid output", "repetitions skipped: 9", "#0", "#42", "[red]killed",
    ):  # fmt: skip
        assert part in text, part
    assert "#7" not in text


def test_the_panel_is_drawn_before_anything_is_known() -> None:
    screen = Console(file=io.StringIO(), width=80, record=True)
    watcher = LiveWatcher(screen, {"proposer": "offline"})
    screen.print(watcher._render())
    watcher.snapshot(snapshot(phase="preparing", evaluations=0, best=None, seed_train=None, outcomes={}))
    screen.print(watcher._render())
    assert "measuring the references" in screen.export_text()


def test_measurements_that_a_run_waits_for_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = snapshot(
        phase="preparing",
        evaluations=0,
        best=None,
        outcomes={},
        counted=Counted("the library's programs", 3, 16),
    )
    screen = Console(file=io.StringIO(), width=80, record=True)
    panel = LiveWatcher(screen, {"proposer": "agent"})
    panel.snapshot(waiting)
    screen.print(panel._render())
    text = screen.export_text()
    assert "measuring the library's programs" in text
    assert "3/16 measured" in text
    assert "/100 evaluations" not in text

    stream = io.StringIO()
    plain = PlainWatcher(stream, {"proposer": "agent"})
    plain.snapshot(waiting)
    plain.snapshot(replace(waiting, counted=Counted("the references", 4, 16)))  # too soon for another line
    monkeypatch.setattr(live, "PLAIN_SECONDS", 0.0)
    plain.snapshot(replace(waiting, counted=Counted("the references", 5, 16)))
    assert stream.getvalue().splitlines() == [
        "calm-harbour: measuring the library's programs: 3/16",
        "calm-harbour: measuring the references: 5/16",
    ]


def test_plain_lines_tell_improvements_and_not_what_is_told_again() -> None:
    stream = io.StringIO()
    watcher = PlainWatcher(stream, {"proposer": "offline"})
    watcher.snapshot(snapshot(phase="preparing"))
    watcher.outcome(candidate(1, 0.1, finished=datetime(2020, 1, 1, tzinfo=UTC)), True)
    watcher.outcome(candidate(2, 0.05), False)
    watcher.outcome(candidate(3, 0.2), True)
    watcher.note("a worker was lost")
    lines = stream.getvalue().splitlines()
    assert lines[0].startswith("No language model")
    assert [line for line in lines if "#" in line] == [line for line in lines if "#3 " in line]
    assert "calm-harbour: a worker was lost" in lines


def test_pace_counts_what_this_process_did() -> None:
    pace = Pace()
    pace.see(10.0, 500)
    assert pace.rate() is None
    pace.see(20.0, 520)
    assert pace.rate() == pytest.approx(2.0)


@pytest.mark.parametrize("width", [80, 110])
def test_the_summary_compares_with_the_seed_and_proposes_commands(width: int) -> None:
    seed = candidate(0, -0.845, operator="seed", note="cfr_plus", nickname="teal-shrike", test=-0.5)
    best = candidate(42, 1.234, test=0.75)
    result = Result(
        run="calm-harbour", best=best, seed=seed, evaluations=80, failures={"timeout": 2, "duplicate": 5},
        stop_reason="max_evaluations", seconds=200.0,
    )  # fmt: skip
    screen = Console(file=io.StringIO(), width=width, record=True)
    config = load_config({"horizon": 200}).settings()
    print_result(screen, result, [seed, best], config, "other place.db")
    text = screen.export_text()
    for part in (
        "calm-harbour", "all evaluations made", "80 evaluations, 3 min 20 s", "2 timeout", "+1.234", "+1.250",
        "orders of magnitude", "start program: cfr_plus", "nashforge show graceful-hummingbird --database",
        "--suite cfr-test -n 200 -o graceful-hummingbird.png",
    ):  # fmt: skip
        assert part in " ".join(text.split()), part
    assert all(cell_len(line) <= width for line in text.splitlines() if "nashforge" not in line)


def test_a_wide_table_comes_in_parts_and_breaks_neither_names_nor_numbers() -> None:
    names = [f"measure-{place}" for place in range(9)]
    table = output.table("program", *names, title="all", right=names)
    for row in range(3):
        table.add_row(f"[green]graceful-hummingbird-{row}[/]", *(f"{row}.{k}[dim]±0.25[/]" for k in range(9)))
    screen = Console(file=io.StringIO(), width=80, record=True)
    output.print_table(screen, table)
    lines = screen.export_text().splitlines()
    assert all(cell_len(line) <= 80 for line in lines)
    words = " ".join(lines).split()
    assert all(words.count(name) == 1 for name in [*names, "all"])
    assert all(words.count(f"{row}.{k}±0.25") == 1 for row in range(3) for k in range(9))
    parts = words.count("program")
    assert parts > 1
    assert all(words.count(f"graceful-hummingbird-{row}") == parts for row in range(3))
    wide = Console(file=io.StringIO(), width=300, record=True)
    output.print_table(wide, table)
    assert wide.export_text().count("program") == 1


@pytest.mark.parametrize("width", [50, 80, 110])
def test_a_name_that_leaves_no_room_is_folded_and_numbers_are_whole(width: int) -> None:
    path = "/a/folder/" + "of-a-long-name/" * 5 + "program.py"
    table = output.table("program", "efficiency", "sustainability", right=["efficiency", "sustainability"])
    table.add_row(path, "0.125 ±0.25", "0.75 ±0.5")
    screen = Console(file=io.StringIO(), width=width, record=True)
    output.print_table(screen, table)
    text = screen.export_text()
    assert all(cell_len(line) <= width for line in text.splitlines())
    for whole in ("efficiency", "sustainability", "0.125 ±0.25", "0.75 ±0.5"):
        assert text.count(whole) == 1, whole
    assert path in "".join(line[: width // 2].strip() for line in text.splitlines())


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


def test_the_panel_waits_for_the_first_snapshot() -> None:
    # Until then games may be compiled, which draws a bar of its own.
    stream = io.StringIO()
    with LiveWatcher(Console(file=stream, width=80, force_terminal=True), {}) as watcher:
        assert stream.getvalue() == ""
        watcher.snapshot(snapshot())
        watcher._live.refresh()
        assert "searching" in stream.getvalue()


def test_untrusted_text_is_no_markup_and_no_control_sequence() -> None:
    shown = output.plain("[bold]x[/] \x1b[31mred\x07")
    console = Console(file=io.StringIO(), width=80)
    console.print(shown)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "[bold]x[/]" in text
    assert "\x1b" not in text
    assert "\x07" not in text


def test_what_others_call_things_is_no_emoji() -> None:
    from nashforge.evolve.proposers.base import Ledger

    stream = io.StringIO()
    screen = Console(file=stream, width=100, force_terminal=True, emoji=False)
    watcher = LiveWatcher(screen, {"proposer": "openai:m"})
    names = "openai:m: about :smile: waits"
    ledger = Ledger(waiting=names)
    watcher.snapshot(Snapshot("run", "searching", 1, 2, None, None, {}, 0.0, 0, ledger=ledger))
    watcher.note("openai:m: is not available")
    screen.print(watcher._render())
    shown = re.sub(r"\x1b\[[0-9;]*m", "", stream.getvalue())
    assert names in shown
    assert "openai:m: is not available" in shown
    assert output.markup(f"[bold]{output.plain(names)}[/]").plain == names


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


@pytest.mark.parametrize("name", ["cfr", "psro", "rqe"])
def test_proposed_commands_say_how_long_to_play_only_where_it_is_unusual(name: str) -> None:
    seed, best = candidate(0, -0.8, operator="seed", note=domain(name).seed), candidate(1, 1.2, test=0.7)
    result = Result(
        run="calm-harbour",
        best=best,
        seed=seed,
        evaluations=2,
        failures={},
        stop_reason="stopped",
        seconds=2.0,
    )
    for horizon, told in ((None, False), (7, True)):
        screen = Console(file=io.StringIO(), width=200, record=True)
        config = load_config({"domain": name, "horizon": horizon}).settings()
        print_result(screen, result, [seed, best], config, None)
        assert (" -n 7" in screen.export_text()) == told


@pytest.mark.parametrize("suite", [None, "cleanup-small", "my suite.toml"])
def test_what_is_proposed_measures_what_the_run_measured(suite: str | None) -> None:
    config = load_config({"domain": "cleanup", "train": suite}).settings()
    seed = candidate(0, 1.0, operator="seed", note="nearest_apple")
    result = Result(
        run="calm-harbour",
        best=seed,
        seed=seed,
        evaluations=1,
        failures={},
        stop_reason="stopped",
        seconds=2.0,
    )
    screen = Console(file=io.StringIO(), width=200, record=True)
    print_result(screen, result, [seed], config, None)
    (line,) = [line for line in screen.export_text().splitlines() if "nashforge evaluate" in line]
    words = shlex.split(line.partition("  measure")[0])
    assert words == ["nashforge", "evaluate", seed.nickname, *(["--suite", suite] if suite else [])]


def test_proposed_commands_measure_risk_as_the_run_did() -> None:
    options = {"domain": "cfr", "objective": "log(rqe_gap)", "risk": "chi2 tau=0.5"}
    config = load_config(options).settings()
    seed = candidate(0, 1.0, operator="seed", note="x")
    result = Result(
        run="calm-harbour",
        best=seed,
        seed=seed,
        evaluations=1,
        failures={},
        stop_reason="stopped",
        seconds=2.0,
    )
    screen = Console(file=io.StringIO(), width=200, record=True)
    print_result(screen, result, [seed], config, None)
    assert "--risk 'chi2 tau=0.5 epsilon=0.1 radius=0.1'" in screen.export_text()


def test_fitness_at_its_limit_everywhere_is_told_with_what_to_do() -> None:
    behind, ahead = Standing({"a": -3.0}, {"a": "behind"}), Standing({"a": 3.0}, {"a": "ahead"})
    within = Standing({"a": -3.0, "b": 0.0}, {"a": "behind"})
    assert limit_words([]) is None
    assert limit_words([within]) is limit_words([behind, None]) is limit_words([behind, within]) is None
    assert "harder games" in str(limit_words([ahead, ahead]))
    assert "other games" in str(limit_words([ahead, behind]))
    best = candidate(3, -2.0)
    result = Result(
        run="calm-harbour",
        best=best,
        seed=best,
        evaluations=4,
        failures={},
        stop_reason="stopped",
        seconds=2.0,
    )
    for standing, told in ((behind, True), (within, False), (None, False)):
        screen = Console(file=io.StringIO(), width=500, record=True)
        print_result(screen, result, [best], load_config({}).settings(), None, standing)
        assert ("give programs more iterations (--horizon)" in screen.export_text()) == told
        panel = LiveWatcher(Console(file=io.StringIO(), width=90, record=True), {})
        panel.snapshot(snapshot(standing=standing))
        panel._screen.print(panel._render())
        assert ("fitness is at its limit" in panel._screen.export_text()) == told


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
