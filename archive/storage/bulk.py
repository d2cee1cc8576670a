"""Rows that are written in ways of a database's own: by the hundred thousand, or unless they are there."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from sqlalchemy import Connection


def insert_new(model: Any, dialect: str) -> Any:
    """Return the statement that inserts rows unless a unique value of them is there.

    Parameters
    ----------
    model
        The class that stands for the table.
    dialect
        As SQLAlchemy calls it; it is loaded here, as each of them takes its time.
    """
    return import_module(f"sqlalchemy.dialects.{dialect}").insert(model).on_conflict_do_nothing()


def insert_plain(
    connection: Connection, table: str, names: Sequence[str], rows: Sequence[Sequence[Any]]
) -> None:
    """Insert rows of numbers and texts, which need no conversion; other columns take their defaults.

    PostgreSQL copies them, which takes a tenth of the time of as many statements.

    Parameters
    ----------
    table, names
        What the schema calls them: they go into the statement as they are.
    rows
        Values in the order of the names.
    """
    if not rows:
        return
    listed = ", ".join(f'"{name}"' for name in names)
    if connection.dialect.name != "postgresql":
        marks = ", ".join("?" * len(names))
        connection.exec_driver_sql(f"INSERT INTO {table} ({listed}) VALUES ({marks})", [*map(tuple, rows)])
        return
    driver: Any = connection.connection.cursor()
    with driver, driver.copy(f"COPY {table} ({listed}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
