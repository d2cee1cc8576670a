"""Ctrl-C while something runs: heeded between two steps, so that it cannot get lost or come at a bad moment.

Python raises KeyboardInterrupt wherever the program happens to be. In a destructor or a callback from C it is
printed and forgotten, and the run goes on.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Self

from nashforge.cli.watchdog import watchdog

if TYPE_CHECKING:
    from nashforge.archive import Candidate
    from nashforge.evolve.search.events import Listener, Snapshot
    from nashforge.solvers.programs.stopping import Stop

_SIGNALS = (signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else []))
"""Ctrl-C, a polite kill, and that the terminal was closed."""

_INSISTING = 3
"""So often must be asked for an end before what has to be put in order is left undone."""


@contextmanager
def _heard(
    handler: Callable[[int, FrameType | None], None], signals: Sequence[signal.Signals] = _SIGNALS
) -> Iterator[None]:
    """Hand signals to a function."""
    # Where the parent process has Ctrl-C ignored, as background jobs of a shell do, it stays so.
    taken = [number for number in signals if signal.getsignal(number) is not signal.SIG_IGN]
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

    with _heard(signalled), watchdog():
        yield


@contextmanager
def stopping() -> Iterator[None]:
    """Let a polite kill, and that the terminal was closed, end a command as Ctrl-C does: in order."""

    def signalled(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():  # signals are not this one's
        yield
        return
    # Ctrl-C does so by itself, and asyncio deals with it only where nobody else does.
    with _heard(signalled, [number for number in _SIGNALS if number != signal.SIGINT]):
        yield


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """End a block that goes on until it is asked to end, at any moment; its end is not disturbed again."""
    asked = False

    def signalled(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        if not asked:
            asked = True
            raise KeyboardInterrupt

    with _heard(signalled), suppress(KeyboardInterrupt):
        yield


class Interruptible:
    """A listener that passes everything on, and ends the run when this process was asked to end.

    Before the first snapshot, and when asked a second time, it ends at once. While the run is put in order,
    because it was asked to end or is done, nothing is left undone unless it is asked again and again. A
    polite kill counts as Ctrl-C. Use it as a context until the outcome is told, in the main thread.

    Parameters
    ----------
    listener
        Who watches.
    last
        Whether the outcome is told when the run is done. Else others follow; between them it ends at once.
    """

    def __init__(self, listener: Listener, *, last: bool = True) -> None:
        self._listener, self._last = listener, last
        self._watched = self._asked = False
        self._ending = 0

    def __enter__(self) -> Self:
        self._context = ExitStack()
        self._context.enter_context(_heard(self._signalled))
        self._context.enter_context(watchdog())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._context.__exit__(kind, error, trace)

    def _signalled(self, number: int, frame: FrameType | None) -> None:
        if self._ending:
            self._ending += 1
            if self._ending <= _INSISTING:
                return
        elif self._watched and not self._asked:
            self._asked = True
            return
        self._ending = self._ending or 1
        raise KeyboardInterrupt

    def snapshot(self, snapshot: Snapshot) -> None:
        """Pass it on; raise KeyboardInterrupt if that was asked for."""
        self._watched = True
        if snapshot.phase == "done":
            self._watched = False
            self._ending = self._ending or int(self._last)
        elif self._asked and not self._ending:
            self._ending = 1
            raise KeyboardInterrupt
        self._listener.snapshot(snapshot)

    def outcome(self, candidate: Candidate, best: bool) -> None:
        """Pass it on."""
        self._listener.outcome(candidate, best)

    def note(self, text: str) -> None:
        """Pass it on."""
        self._listener.note(text)
