"""Who holds a run: whether its owner lives, and waiting while somebody holds it back."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable

from nashforge.archive import Archive, Run

LOOK_SECONDS = 0.5
"""So often a run that is held back looks whether it may go on."""


def hold(archive: Archive, run: Run, meanwhile: Callable[[], None]) -> None:
    """Wait while somebody holds a run back; what workers have in hand goes on.

    Parameters
    ----------
    meanwhile
        Called a few times a second, to say that the process is alive; may raise.
    """
    while archive.runs.pause_requested(run):
        meanwhile()
        time.sleep(LOOK_SECONDS)


def is_dead(owner: str | None) -> bool:
    """Whether the process that worked on a run was on this machine and is gone, so that nobody need wait."""
    node, _, pid = (owner or "").rpartition(":")
    if node != platform.node() or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
