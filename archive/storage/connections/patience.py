"""Connections that ask again on another one when they were cut, as long as nothing is lost by it."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, NestedTransaction
from sqlalchemy.exc import DBAPIError, OperationalError

_Answer = TypeVar("_Answer")

RECONNECT_SECONDS = 0.25
"""Between two attempts to reach a server."""


def connected(engine: Engine, deadline: float, connection: type[Connection] = Connection) -> Connection:
    """Return a new connection; one that is away is tried again until a deadline by the monotonic clock."""
    while True:
        try:
            return connection(engine)
        except OperationalError:
            if time.monotonic() >= deadline:
                raise
            time.sleep(RECONNECT_SECONDS)


class PatientConnection(Connection):
    """A connection to a server that survives being cut.

    A question is asked again, for `patience` seconds: by itself each of them is a transaction's worth, where
    every statement sees what was committed before it (READ COMMITTED). In a transaction that writes, only the
    first statement is: of what came before a later one, the server has forgotten all.
    """

    patience: float = 0.0
    writing: bool = False
    _begun: bool = False

    def execute(self, *arguments: Any, **options: Any) -> Any:
        """Execute a statement, as a connection does."""
        return self._until_answered(lambda: super(PatientConnection, self).execute(*arguments, **options))

    def scalar(self, *arguments: Any, **options: Any) -> Any:
        """Return the first column of the first row, as a connection does."""
        return self._until_answered(lambda: super(PatientConnection, self).scalar(*arguments, **options))

    def scalars(self, *arguments: Any, **options: Any) -> Any:
        """Return the first column of all rows, as a connection does."""
        return self._until_answered(lambda: super(PatientConnection, self).scalars(*arguments, **options))

    def begin_nested(self) -> NestedTransaction:
        """Begin a savepoint, which cannot be found again on another connection."""
        self._begun = True
        return super().begin_nested()

    def _until_answered(self, ask: Callable[[], _Answer]) -> _Answer:
        deadline = time.monotonic() + self.patience
        while True:
            try:
                answer = ask()
            except DBAPIError as error:
                lost = self.writing and self._begun
                if not error.connection_invalidated or lost or time.monotonic() >= deadline:
                    raise
                self._reconnect(deadline)
            else:
                self._begun = True
                return answer

    def _reconnect(self, deadline: float) -> None:
        """Begin the transaction anew, on another connection."""
        while True:
            with suppress(DBAPIError):
                self.rollback()
            try:
                self.begin()
                return
            except DBAPIError:
                if time.monotonic() >= deadline:
                    raise
                time.sleep(RECONNECT_SECONDS)
