"""Ctrl-C during a run: heeded between two steps, so that it cannot get lost or come at a bad moment.

Python raises KeyboardInterrupt wherever the program happens to be. In a destructor or a callback from C it is
printed and forgotten, and the run goes on.
"""

from __future__ import annotations

import signal
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from archive import Candidate
    from evolve.progress import Listener, Snapshot

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interruptible:
    """A listener that passes everything on, and ends the run when this process was asked to end.

    Before the first snapshot, after the last, and when asked a second time, it ends at once. A polite kill
    counts as Ctrl-C. Use it as a context; it belongs in the main thread.

    Parameters
    ----------
    listener
        Who watches.
    """

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._watched = self._asked = False

    def __enter__(self) -> Self:
        # Where the parent process has Ctrl-C ignored, as background jobs of a shell do, it stays so.
        taken = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
        self._before = {number: signal.signal(number, self._signalled) for number in taken}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _signalled(self, number: int, frame: FrameType | None) -> None:
        if self._asked or not self._watched:
            raise KeyboardInterrupt
        self._asked = True

    def snapshot(self, snapshot: Snapshot) -> None:
        """Pass it on; raise KeyboardInterrupt if that was asked for."""
        self._watched = snapshot.phase != "done"
        if self._asked and self._watched:
            raise KeyboardInterrupt
        self._listener.snapshot(snapshot)

    def outcome(self, candidate: Candidate, best: bool) -> None:
        """Pass it on."""
        self._listener.outcome(candidate, best)

    def note(self, text: str) -> None:
        """Pass it on."""
        self._listener.note(text)
