"""What is shown while a run works: the panel of a terminal, and plain lines elsewhere."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from rich.cells import cell_len
from rich.console import Console

from nashforge.cli.rendering import output
from nashforge.cli.rendering.money import ledger_line
from nashforge.cli.rendering.runs import live
from nashforge.cli.rendering.runs.live import LiveWatcher, Pace, PlainWatcher
from nashforge.evolve.proposers.base import Ledger
from nashforge.evolve.search.events import Counted, Snapshot

from .made import candidate, snapshot


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


def test_the_panel_waits_for_the_first_snapshot() -> None:
    # Until then games may be compiled, which draws a bar of its own.
    stream = io.StringIO()
    with LiveWatcher(Console(file=stream, width=80, force_terminal=True), {}) as watcher:
        assert stream.getvalue() == ""
        watcher.snapshot(snapshot())
        watcher._live.refresh()
        assert "searching" in stream.getvalue()


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


def test_one_call_is_told_as_one() -> None:
    assert " · 1 call · 0 being written" in ledger_line(Ledger(calls=1), 0)
    assert " · 2 calls · " in ledger_line(Ledger(calls=2), 1)


def test_nothing_is_called_written_while_a_run_waits_for_agents(monkeypatch: pytest.MonkeyPatch) -> None:
    """How long agents take is unknown, so neither view tells a time that is left, nor programs under way."""
    ledger = Ledger(calls=3, waiting="2 requests wait for agents: nashforge ask calm-harbour")
    screen, stream = Console(file=io.StringIO(), width=90, record=True), io.StringIO()
    panel, plain = LiveWatcher(screen, {"proposer": "agent"}), PlainWatcher(stream, {"proposer": "agent"})
    monkeypatch.setattr(live, "PLAIN_SECONDS", 0.0)
    panel.snapshot(snapshot(evaluations=3, seconds=3.0))
    panel.snapshot(snapshot(ledger=ledger, writing=2))
    plain.snapshot(snapshot(ledger=ledger, writing=2))
    screen.print(panel._render())
    text = screen.export_text()
    assert "waiting   2 requests wait for agents: nashforge ask calm-harbour" in text
    assert "30.0/min" in text
    assert " left " not in text
    assert stream.getvalue().endswith("3 calls; 2 requests wait for agents: nashforge ask calm-harbour\n")
    assert "being written" not in text + stream.getvalue()
    panel.snapshot(snapshot(ledger=replace(ledger, waiting=None), writing=2))
    screen.print(panel._render())
    assert "2 being written" in screen.export_text()
