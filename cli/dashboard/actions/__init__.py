"""Changes from the pages, each made where the command line makes it: addresses, and what is done there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from nashforge.cli.dashboard.actions import programs, runs, writing
from nashforge.cli.dashboard.views.base import Asked, View

Action: TypeAlias = Callable[[Asked, Mapping[str, str]], str | View]
"""Makes a change that a form asks for, and returns the address of the page that shows it, or the page."""

ACTIONS: Mapping[str, Action] = {
    **{f"/runs/{{run}}/{name}": runs.changing(change) for name, change in runs.CHANGES.items()},
    "/runs/{run}/ask": writing.ask,
    "/runs/{run}/requests/{token}/tell": writing.tell,
    "/runs/{run}/requests/{token}/give-up": writing.give_up,
    "/programs/{program}/evaluate": programs.evaluate,
    "/programs/{program}/distil": programs.distil,
    "/jobs/{job}/stop": programs.stop,
}
"""What may be done, by address; only where control is allowed."""
