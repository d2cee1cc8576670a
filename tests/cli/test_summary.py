"""The summary at the end of a run, and the commands that it proposes."""

from __future__ import annotations

import io
import shlex

import pytest
from rich.cells import cell_len
from rich.console import Console

from nashforge.cli.rendering.cautions import cautions
from nashforge.cli.rendering.runs.live import LiveWatcher
from nashforge.cli.rendering.runs.summary import print_result
from nashforge.evolve.config.run import load_config
from nashforge.evolve.domains import domain
from nashforge.evolve.evaluation.standing import Standing

from .made import candidate, ended, snapshot


@pytest.mark.parametrize("width", [80, 110])
def test_the_summary_compares_with_the_seed_and_proposes_commands(width: int) -> None:
    seed = candidate(0, -0.845, operator="seed", note="cfr_plus", nickname="teal-shrike", test=-0.5)
    best = candidate(42, 1.234, test=0.75)
    result = ended(
        best,
        seed,
        evaluations=80,
        failures={"timeout": 2, "duplicate": 5},
        stop_reason="max_evaluations",
        seconds=200.0,
    )
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


@pytest.mark.parametrize("name", ["cfr", "psro", "rqe"])
def test_proposed_commands_say_how_long_to_play_only_where_it_is_unusual(name: str) -> None:
    seed, best = candidate(0, -0.8, operator="seed", note=domain(name).seed), candidate(1, 1.2, test=0.7)
    result = ended(best, seed)
    for horizon, told in ((None, False), (7, True)):
        screen = Console(file=io.StringIO(), width=200, record=True)
        config = load_config({"domain": name, "horizon": horizon}).settings()
        print_result(screen, result, [seed, best], config, None)
        assert (" -n 7" in screen.export_text()) == told


@pytest.mark.parametrize("suite", [None, "cleanup-small", "my suite.toml"])
def test_what_is_proposed_measures_what_the_run_measured(suite: str | None) -> None:
    config = load_config({"domain": "cleanup", "train": suite}).settings()
    seed = candidate(0, 1.0, operator="seed", note="nearest_apple")
    result = ended(seed, seed)
    screen = Console(file=io.StringIO(), width=200, record=True)
    print_result(screen, result, [seed], config, None)
    (line,) = [line for line in screen.export_text().splitlines() if "nashforge evaluate" in line]
    words = shlex.split(line.partition("  measure")[0])
    assert words == ["nashforge", "evaluate", seed.nickname, *(["--suite", suite] if suite else [])]


def test_proposed_commands_measure_risk_as_the_run_did() -> None:
    options = {"domain": "cfr", "objective": "log(rqe_gap)", "risk": "chi2 tau=0.5"}
    config = load_config(options).settings()
    seed = candidate(0, 1.0, operator="seed", note="x")
    result = ended(seed, seed)
    screen = Console(file=io.StringIO(), width=200, record=True)
    print_result(screen, result, [seed], config, None)
    assert "--risk 'chi2 tau=0.5 epsilon=0.1 radius=0.1'" in screen.export_text()


def test_fitness_at_its_limit_everywhere_is_told_with_what_to_do() -> None:
    behind, ahead = Standing({"a": -3.0}, {"a": "behind"}), Standing({"a": 3.0}, {"a": "ahead"})
    within = Standing({"a": -3.0, "b": 0.0}, {"a": "behind"})
    settings = load_config({}).settings()
    assert [] == cautions(settings, []) == cautions(settings, [within])
    assert [] == cautions(settings, [behind, None]) == cautions(settings, [behind, within])
    assert "harder games" in "".join(cautions(settings, [ahead, ahead]))
    assert "other games" in "".join(cautions(settings, [ahead, behind]))
    best = candidate(3, -2.0)
    result = ended(best, best)
    for standing, told in ((behind, True), (within, False), (None, False)):
        screen = Console(file=io.StringIO(), width=500, record=True)
        print_result(screen, result, [best], settings, None, standing)
        assert ("give programs more iterations (--horizon)" in screen.export_text()) == told
        panel = LiveWatcher(Console(file=io.StringIO(), width=90, record=True), {})
        panel.snapshot(snapshot(standing=standing))
        panel._screen.print(panel._render())
        assert ("fitness is at its limit" in panel._screen.export_text()) == told
