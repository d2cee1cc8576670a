"""Column types and expressions that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from sqlalchemy import JSON, BigInteger, Connection, DateTime, Dialect, Integer, String, TypeDecorator, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

BigKey = BigInteger().with_variant(Integer(), "sqlite")
"""64-bit surrogate key; SQLite numbers rows by itself only in a column declared INTEGER."""


class UTCDateTime(TypeDecorator[datetime]):
    """An instant: aware and in UTC in Python; ``timestamptz`` on PostgreSQL, UTC text on SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive times, whose meaning depends on the machine."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"the time {value} has no time zone; give an aware datetime")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return an aware time in UTC."""
        if value is None or value.tzinfo is UTC:  # a server whose zone is UTC, as thousands of times
            return value
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Words(TypeDecorator[Enum]):
    """An enumeration, stored as the plain text of its values, and quick to read."""

    impl = String
    cache_ok = True

    def __init__(self, enumeration: type[Enum]) -> None:
        super().__init__(24)
        self.enumeration = enumeration

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Return the word for a member; other words are refused."""
        return None if value is None else str(self.enumeration(value).value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:
        """Return what turns a stored word into its member: no function of Python, for tens of thousands."""
        return _Members({None: None, **{member.value: member for member in self.enumeration}}).__getitem__


class _Members(dict[Any, Any]):
    def __missing__(self, word: object) -> Any:
        known = ", ".join(str(name) for name in self if name is not None)
        raise LookupError(f"the archive holds {word!r} where only these are known: {known}")


class JsonObject(TypeDecorator[dict[str, Any]]):
    """A JSON object that is mostly empty: stored as NULL then, which spares thousands of decodings."""

    impl = JSON(none_as_null=True)
    cache_ok = True

    def process_bind_param(self, value: dict[str, Any] | None, dialect: Dialect) -> dict[str, Any] | None:
        """Store nothing for an empty object."""
        return value or None

    def process_result_value(self, value: dict[str, Any] | None, dialect: Dialect) -> dict[str, Any]:
        """Return an empty object for nothing."""
        return value or {}


class db_now(FunctionElement[datetime]):
    """The present by the database's clock: the one clock that all workers share."""

    type = UTCDateTime()
    inherit_cache = True


def present(connection: Connection) -> datetime:
    """Return the present by the database's clock."""
    return connection.execute(select(db_now())).scalar_one()


@compiles(db_now, "postgresql")
def _postgresql_now(element: db_now, compiler: SQLCompiler, **kw: Any) -> str:
    return "clock_timestamp()"


@compiles(db_now, "sqlite")
def _sqlite_now(element: db_now, compiler: SQLCompiler, **kw: Any) -> str:
    # Six decimals, so that text compares as time with what Python writes.
    return "strftime('%Y-%m-%d %H:%M:%f000', 'now')"
