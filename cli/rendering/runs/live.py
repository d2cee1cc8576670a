"""Watching a run: a live panel on a terminal, an occasional plain line elsewhere; both on standard error."""

from __future__ import annotations

import io
import time
from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Any, Self

from nashforge.cli.rendering import output
from nashforge.cli.rendering.money import ledger_line
from nashforge.cli.rendering.runs.summary import failures_text, standing_text

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from nashforge.archive import Candidate
    from nashforge.evolve.search.events import Snapshot

WIDEST = 120
SHOWN_IMPROVEMENTS = 5
PLAIN_SECONDS = 30.0
"""Where no panel can be shown, a line is printed so often even when nothing better is found."""

OFFLINE = "No language model is used: the offline proposer edits programs by itself."


def offline_words() -> str:
    """Say that no model is used; and how one would be, where there is a key."""
    from nashforge.evolve.config.model_names import present_keys

    keys = present_keys()
    return f"{OFFLINE} ({keys[0]} is set: --model NAME lets a model write them.)" if keys else OFFLINE


PHASES = {
    "preparing": "measuring the references",
    "searching": "searching",
    "challenging": "making games that break the best",
    "testing": "testing the best on games never searched on",
    "paused": "paused: `nashforge resume` lets it go on",
    "done": "done",
}


def phase_words(snapshot: Snapshot) -> str:
    """Say what a run does, naming what is measured before it searches."""
    if snapshot.phase == "preparing" and snapshot.counted is not None:
        return f"measuring {snapshot.counted.what}"
    return PHASES.get(snapshot.phase, snapshot.phase)


class Pace:
    """A run's throughput: from what this process evaluated, not from what it found on resuming."""

    def __init__(self) -> None:
        self._start: tuple[float, int] | None = None
        self._last: tuple[float, int] | None = None

    def see(self, seconds: float, evaluations: int) -> None:
        """Take in how many evaluations there are now."""
        self._start = self._start or (seconds, evaluations)
        self._last = (seconds, evaluations)

    def rate(self) -> float | None:
        """Return evaluations a second; None before the second one."""
        if self._start is None or self._last is None or self._last[1] - self._start[1] < 2:
            return None
        return (self._last[1] - self._start[1]) / max(self._last[0] - self._start[0], 1e-9)


class PlainWatcher:
    """Prints a line when something better is found, and now and then one on the progress."""

    def __init__(self, stream: IO[str], config: Mapping[str, Any]) -> None:
        self._stream = stream
        self._offline = config.get("proposer") == "offline"
        self._began = datetime.now(UTC)
        self._printed = time.monotonic()
        self._phase = ""
        self._seen = 0
        self._run = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        return None

    def snapshot(self, snapshot: Snapshot) -> None:
        """Print a line if the phase changed, or if nothing was printed for long."""
        if not self._run and self._offline:
            self._say(offline_words())
        self._run = snapshot.run
        changed = snapshot.phase != self._phase
        self._phase = snapshot.phase
        quiet = time.monotonic() - self._printed >= PLAIN_SECONDS
        counted = snapshot.counted
        if (changed and snapshot.phase in ("preparing", "testing", "paused")) or (counted and quiet):
            self._say(phase_words(snapshot) + (f": {counted.done}/{counted.of}" if counted else ""))
        elif snapshot.phase == "searching" and quiet:
            failed = {kind: n for kind, n in snapshot.outcomes.items() if kind not in ("ok", "duplicate")}
            text = f"{snapshot.evaluations}/{snapshot.limit} evaluations, {sum(failed.values())} failed"
            if snapshot.best is not None:
                text += f", best {snapshot.best.nickname} train {output.fitness(snapshot.best.train)}"
            if snapshot.ledger is not None:
                text += f"; {ledger_line(snapshot.ledger, snapshot.writing)}"
                if snapshot.ledger.waiting is not None:
                    text += f"; {snapshot.ledger.waiting}"
            self._say(text)

    def outcome(self, candidate: Candidate, best: bool) -> None:
        """Print a line for an improvement, unless it is an old one told again on resuming."""
        self._seen += 1
        self._run = candidate.run
        if not best or (candidate.finished is not None and candidate.finished < self._began):
            return
        edit = output.shorten(output.edit_of(candidate), 100)
        self._say(
            f"#{candidate.index} {candidate.nickname} train {output.fitness(candidate.train)} "
            f"validation {output.fitness(candidate.validation)}  {edit}"
        )

    def note(self, text: str) -> None:
        """Print it."""
        self._say(text)

    def _say(self, text: str) -> None:
        self._printed = time.monotonic()
        # What models and servers say must not reach the terminal as it is.
        shown = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
        try:
            print(f"{self._run}: {shown}" if self._run else shown, file=self._stream, flush=True)
        except (OSError, ValueError):
            # Whoever watched has gone, or a disk is full: that is no reason to end a run.
            self._stream = io.StringIO()


class LiveWatcher:
    """Shows a panel that is redrawn a few times a second."""

    def __init__(self, screen: Console, config: Mapping[str, Any]) -> None:
        from rich.live import Live

        self._config = config
        self._snapshot: Snapshot | None = None
        self._received = time.monotonic()
        self._pace = Pace()
        self._improvements: deque[Candidate] = deque(maxlen=SHOWN_IMPROVEMENTS)
        self._notes: deque[str] = deque(maxlen=2)
        self._screen = screen
        self._entered = False
        self._live = Live(console=screen, get_renderable=self._render, refresh_per_second=5, transient=True)

    def __enter__(self) -> Self:
        # The panel appears with the first snapshot: until then games may be compiled, which shows itself.
        self._entered = True
        return self

    def __exit__(self, *_exception: object) -> None:
        self._live.stop()

    def snapshot(self, snapshot: Snapshot) -> None:
        """Remember it for the next drawing."""
        if self._snapshot is None and self._config.get("proposer") == "offline":
            self._screen.print(f"[dim]{offline_words()}[/]")
        self._snapshot, self._received = snapshot, time.monotonic()
        if self._entered and not self._live.is_started:
            self._live.start()
        if snapshot.phase == "searching":
            self._pace.see(snapshot.seconds, snapshot.evaluations)

    def outcome(self, candidate: Candidate, best: bool) -> None:
        """Remember it if it is the best so far."""
        if best:
            self._improvements.append(candidate)

    def note(self, text: str) -> None:
        """Remember it for the next drawing."""
        self._notes.append(text)

    def _render(self) -> RenderableType:
        from rich.console import Group
        from rich.panel import Panel
        from rich.text import Text

        snapshot = self._snapshot
        if snapshot is None:
            return Text("starting", style="dim")
        passed = snapshot.seconds + time.monotonic() - self._received
        parts: list[RenderableType] = [self._progress(snapshot)]
        parts += [output.markup(line, overflow="ellipsis") for line in self._lines(snapshot)]
        for part in parts[1:]:
            assert isinstance(part, Text)
            part.no_wrap = True
        return Panel(
            Group(*parts),
            title=output.markup(f"[bold cyan]{snapshot.run}[/] [dim]·[/] {phase_words(snapshot)}"),
            subtitle=f"[dim]{output.duration(passed)} · Ctrl-C stops, nothing is lost[/]",
            title_align="left",
            subtitle_align="right",
            border_style="cyan",
            # Room for the terminal to echo ^C without breaking the line, which would spoil the erasing.
            width=min(self._screen.width - 3, WIDEST),
        )

    def _progress(self, snapshot: Snapshot) -> RenderableType:
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        rate = self._pace.rate()
        pace = ""
        if rate and snapshot.phase == "searching":
            left = (snapshot.limit - snapshot.evaluations) / rate
            minutes = self._config.get("max_minutes")
            if minutes:
                left = min(left, max(60 * float(minutes) - snapshot.seconds, 0.0))
            shown = f"{rate:.1f}/s" if rate >= 1 else f"{60 * rate:.1f}/min"
            # How long others take to write is not known from how long it took to measure.
            waits = snapshot.ledger is not None and snapshot.ledger.waiting is not None
            pace = shown if waits else f"{shown}  {output.duration(left)} left"
        grid = Table.grid(padding=(0, 2), expand=True)
        grid.add_column(no_wrap=True)
        grid.add_column(ratio=1)
        grid.add_column(no_wrap=True)
        grid.add_column(no_wrap=True, justify="right", min_width=20)
        done, of = snapshot.evaluations, snapshot.limit
        told = f"{done}/{of} evaluations"
        if snapshot.counted is not None:
            done, of = snapshot.counted.done, snapshot.counted.of
            told = f"{done}/{of} measured"
        grid.add_row(Text("progress", style="bold"), ProgressBar(total=of, completed=done), told, pace)
        return grid

    def _lines(self, snapshot: Snapshot) -> list[str]:
        lines = []
        best = snapshot.best
        if best is not None:
            gain = (
                None
                if best.train is None or snapshot.seed_train is None
                else best.train - snapshot.seed_train
            )
            lines.append(
                f"[bold]best[/]      [green]{best.nickname}[/]  "
                f"train [bold]{output.fitness(best.train)}[/]  valid. {output.fitness(best.validation)}  "
                f"gain [bold]{output.fitness(gain)}[/]"
            )
        if snapshot.standing is not None:
            lines.append(f"[bold]games[/]     {standing_text(snapshot.standing)}")
            if snapshot.standing.limit is not None:
                lines.append("          [yellow]fitness is at its limit in all of them[/]")
        failed = {kind: count for kind, count in snapshot.outcomes.items() if kind != "ok"}
        lines.append(f"[bold]failures[/]  {failures_text(failed)}")
        if snapshot.ledger is not None:
            lines.append(f"[bold]models[/]    {ledger_line(snapshot.ledger, snapshot.writing)}")
            if snapshot.ledger.waiting is not None:
                lines.append(f"[yellow]waiting[/]   {output.plain(snapshot.ledger.waiting)}")
        if self._improvements:
            lines.append("")
            for candidate in self._improvements:
                text = output.plain(" ".join(output.edit_of(candidate).split()))
                lines.append(
                    f"[dim]{'#' + str(candidate.index):>5}[/]  {output.fitness(candidate.train)}  "
                    f"[cyan]{candidate.nickname}[/]  {text}"
                )
        lines += [f"[yellow]{output.plain(text)}[/]" for text in self._notes]
        return lines


def watcher(config: Mapping[str, Any]) -> LiveWatcher | PlainWatcher:
    """Return what suits standard error: a panel on a terminal, plain lines elsewhere."""
    import sys

    screen = output.console(stderr=True)
    if screen.is_terminal and not screen.is_dumb_terminal:
        return LiveWatcher(screen, config)
    return PlainWatcher(sys.stderr, config)
