"""Children of a local service, looked after: what ends is started again, and what falls silent is told."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from nashforge.evolve.service.settings import ServiceError

HEALTH_SECONDS = 5.0
"""So often everybody is asked for an answer."""
SILENT_LOOKS = 3
"""After so many questions without an answer, that is told."""
LONGEST_PAUSE = 60.0
"""Before what ends again and again is started once more; the first time it is at once."""


@dataclass
class Child:
    """A process to be looked after.

    Attributes
    ----------
    name
        As people call it.
    log
        The file that says why it ended.
    alive, answers
        Whether its process is there, and whether it can be used.
    restart
        Starts it again; raises `ServiceError` if that fails.
    """

    name: str
    log: Path
    alive: Callable[[], bool]
    restart: Callable[[], object]
    answers: Callable[[], bool] = lambda: True
    pause: float = 0.0
    due: float = 0.0
    silent: int = 0


@dataclass
class Tending:
    """Looks after children when `tend` is called, which is often.

    Attributes
    ----------
    note
        Called with a text for everything that is noticed.
    """

    note: Callable[[str], None]
    children: list[Child] = field(default_factory=list)
    _asked: float = 0.0

    def tend(self) -> None:
        """Start again what has ended, and now and then ask everybody for an answer."""
        now = time.monotonic()
        asked = now - self._asked >= HEALTH_SECONDS
        if asked:
            self._asked = now
        for child in self.children:
            if not child.alive():
                self._restart(child, now)
            elif asked:
                self._ask(child)

    def _restart(self, child: Child, now: float) -> None:
        if now < child.due:
            return
        self.note(f"{child.name} has ended; it is started again (why it ended: {child.log})")
        child.silent = 0
        child.pause = min(max(2 * child.pause, 1.0), LONGEST_PAUSE)
        try:
            child.restart()
        except (ServiceError, OSError) as error:  # a full disk, or no more processes
            self.note(f"{child.name} is tried again in {child.pause:g} s: {error}")
        child.due = time.monotonic() + child.pause

    def _ask(self, child: Child) -> None:
        if child.answers():
            if child.silent >= SILENT_LOOKS:
                self.note(f"{child.name} answers again")
            child.silent = 0
            if time.monotonic() - child.due > LONGEST_PAUSE:  # it did not end again soon
                child.pause = 0.0
            return
        child.silent += 1
        if child.silent == SILENT_LOOKS:
            self.note(f"{child.name} runs but does not answer; its log is {child.log}")
