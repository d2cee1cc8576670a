"""Forks without open connections.

A child that inherits an open SQLite connection, even one it never uses, believes that it holds its parent's
locks: the parent may then delete the write-ahead log that the child still appends to, and what the child
commits is lost. (A server's connection is no better: two processes would talk on one socket.) So a fork first
waits for the transactions of other threads to end and closes the idle connections; parent and child open new
ones when they need them. Where a transaction lasts through the fork, the child is told to keep away.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from nashforge.archive.errors import DatabaseUnavailable
from nashforge.archive.storage.location import display

_PATIENCE = 10.0
"""Seconds that a fork waits for the transactions of other threads."""


class Releasable(Protocol):
    """Something with idle connections."""

    def release(self) -> None:
        """Close the idle connections."""


class _Gate:
    """Transactions under way in this process, by thread and URL."""

    def __init__(self) -> None:
        self.condition = threading.Condition()
        self.under_way: Counter[tuple[int, str]] = Counter()
        self.forking = False
        self.databases: weakref.WeakSet[Releasable] = weakref.WeakSet()
        self.unsafe: set[str] = set()

    def before_fork(self) -> None:
        """Hold new transactions off, wait for the running ones, close idle connections."""
        self.condition.acquire()
        self.forking = True
        own = threading.get_ident()
        self.condition.wait_for(lambda: all(thread == own for thread, _ in self.under_way), _PATIENCE)
        for database in list(self.databases):
            database.release()

    def after_in_parent(self) -> None:
        """Let transactions go on."""
        self.forking = False
        self.condition.notify_all()
        self.condition.release()

    def after_in_child(self) -> None:
        """Start anew: only this thread exists, and transactions under way are the parent's."""
        self.condition = threading.Condition()
        self.forking = False
        self.unsafe |= {url for _, url in self.under_way}
        self.under_way.clear()


_gate = _Gate()
os.register_at_fork(
    before=_gate.before_fork,
    after_in_parent=_gate.after_in_parent,
    after_in_child=_gate.after_in_child,
)


def register(database: Releasable) -> None:
    """Have a database's idle connections closed before every fork."""
    with _gate.condition:
        _gate.databases.add(database)


@contextmanager
def under_way(url: str) -> Iterator[None]:
    """Mark a transaction, so that forks wait for it.

    Raises
    ------
    DatabaseUnavailable
        If this process was forked in the middle of a transaction on the same database.
    """
    if url in _gate.unsafe:
        raise DatabaseUnavailable(
            f"this process was forked in the middle of a transaction on {display(url)} and cannot use it; "
            "fork outside transactions, or start processes with the 'spawn' method"
        )
    own = threading.get_ident()
    key = (own, url)
    with _gate.condition:
        # A thread that has a transaction already must be let through, or the fork would wait for ever.
        _gate.condition.wait_for(
            lambda: not _gate.forking or any(thread == own for thread, _ in _gate.under_way)
        )
        _gate.under_way[key] += 1
    try:
        yield
    finally:
        with _gate.condition:
            _gate.under_way[key] -= 1
            if not _gate.under_way[key]:
                del _gate.under_way[key]
                _gate.condition.notify_all()
