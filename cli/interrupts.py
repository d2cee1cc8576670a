"""Ctrl-C while something runs: heeded between two steps, so that it cannot get lost or come at a bad moment.

Python raises KeyboardInterrupt wherever the program happens to be. In a destructor or a callback from C it is
printed and forgotten, and the run goes on.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from nashforge.archive import Candidate
    from nashforge.evolve.search.events import Listener, Snapshot
    from nashforge.solvers.programs.stopping import Stop

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def _heard(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Hand signals to a function."""
    # Where the parent process has Ctrl-C ignored, as background jobs of a shell do, it stays so.
    taken = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, handler) for number in taken}
    try:
        yield
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)


@contextmanager
def asking(stop: Stop) -> Iterator[None]:
    """Let Ctrl-C ask an engine to stop with what it has; before that began, or asked twice, end."""
    asked = False

    def signalled(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        if asked or not stop.began:
            raise KeyboardInterrupt
        asked = True
        stop.request()

    with _heard(signalled):
        yield


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
        self._context = _heard(self._signalled)
        self._context.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._context.__exit__(kind, error, trace)

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
