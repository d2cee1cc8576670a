"""A progress display for long compilations, shown only to a person."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from nashforge.games.compilation.traversal import Progress

DELAY = 1.0
"""Seconds before the display appears: most games compile faster and should not flicker."""


@contextmanager
def terminal_progress(name: str, progress: Progress | None) -> Iterator[Progress | None]:
    """Yield the callable that is told the number of histories visited.

    Yields
    ------
    callable or None
        ``progress`` itself if given; else a display on standard error if that is a terminal, None if not.
    """
    if progress is not None or sys.stderr is None or not sys.stderr.isatty():
        yield progress
        return
    from rich.console import Console
    from rich.progress import Progress as Bar
    from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

    bar = Bar(
        SpinnerColumn(),
        TextColumn("compiling {task.description}", markup=False),
        TextColumn("{task.completed:,} histories"),
        TimeElapsedColumn(),
        console=Console(stderr=True, emoji=False),
        transient=True,
    )
    begun = time.monotonic()
    task = None

    def report(nodes: int) -> None:
        nonlocal task
        if task is None:
            if time.monotonic() - begun < DELAY:
                return
            task = bar.add_task(name, total=None)
            bar.start()
        bar.update(task, completed=nodes)

    try:
        yield report
    finally:
        if task is not None:
            bar.stop()
