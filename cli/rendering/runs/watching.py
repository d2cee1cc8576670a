"""Showing something again and again, until Ctrl-C."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from nashforge.cli.rendering import output

if TYPE_CHECKING:
    from rich.console import RenderableType

SECONDS = 1.0


def watched(make: Callable[[], RenderableType], *, repeat: bool) -> None:
    """Print what is made; with ``repeat``, draw it anew every second on a terminal."""
    screen = output.console()
    if not repeat or not screen.is_terminal:
        screen.print(make())
        return
    from rich.live import Live

    with Live(make(), console=screen, auto_refresh=False, screen=False) as live:
        while True:
            time.sleep(SECONDS)
            live.update(make(), refresh=True)
