"""Patience with an archive that others write to: what another process has locked is free in a moment."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from nashforge.archive.errors import DatabaseBusy

T = TypeVar("T")

BUSY_SECONDS = 60.0
"""How long what an agent says is tried for, beyond the time that the database itself waits."""

PAUSE_SECONDS = 0.2


def when_free(work: Callable[[], T], seconds: float = BUSY_SECONDS) -> T:
    """Do what does no harm if it is done twice; again, for so many seconds, while others have the archive.

    Raises
    ------
    nashforge.archive.errors.DatabaseBusy
        If it is locked for longer; nothing was written then.
    """
    deadline: float | None = None
    while True:
        try:
            return work()
        except DatabaseBusy:
            deadline = time.monotonic() + seconds if deadline is None else deadline
            if time.monotonic() >= deadline:
                raise
        time.sleep(PAUSE_SECONDS)
