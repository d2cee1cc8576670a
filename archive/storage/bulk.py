"""Rows that are written in ways of a database's own: by the hundred thousand, or unless they are there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import Any

from sqlalchemy import Connection

SCORE = ("evaluation_id", "game", "metric", "iteration", "value", "direction", "final")
"""Columns of `score_rows`."""


def score_rows(
    evaluation: int, scores: Iterable[tuple[str, str, int | None, float, str]]
) -> list[tuple[Any, ...]]:
    """Return the rows of an evaluation's scores, in their order; the last of each curve is marked.

    Parameters
    ----------
    scores
        Game, metric, iteration, value and direction of each.
    """
    rows = [(evaluation, game, metric, step, float(v), way, False) for game, metric, step, v, way in scores]
    last: dict[tuple[str, str], tuple[int, int]] = {}
    for place, (_, game, metric, step, *_) in enumerate(rows):
        reached = (step or 0, place)
        if last.setdefault((game, metric), reached) < reached:
            last[game, metric] = reached
    for _, place in last.values():
        rows[place] = (*rows[place][:-1], True)
    return rows


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
