"""Shell completion: names of rules, suites, runs and programs, found without loading anything heavy."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

LIMIT = 50


def _database() -> Path | None:
    """Return the SQLite file of the archive; a server is not asked, because completion must be instant."""
    from nashforge.archive.errors import ArchiveError
    from nashforge.archive.storage.location import default_url, file_of

    try:
        file = file_of(default_url())
    except ArchiveError:
        return None
    return file if file is not None and file.is_file() else None


def _nicknames(table: str, start: str) -> Iterator[str]:
    # SQLAlchemy takes longer to load than a person waits for a completion, so SQLite is asked directly.
    import sqlite3

    file = _database()
    if file is None:
        return
    query = (
        f"SELECT nickname FROM {table} WHERE nickname LIKE ? ESCAPE '!' "
        "ORDER BY created DESC, nickname LIMIT ?"
    )
    pattern = start.replace("!", "!!").replace("%", "!%").replace("_", "!_") + "%"
    try:
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True, timeout=0.2)) as connection:
            yield from (str(row[0]) for row in connection.execute(query, (pattern, LIMIT)))
    except sqlite3.Error:
        return


def complete_rules(incomplete: str) -> list[str]:
    """Complete the names of the library's rules, and of stored programs once something is typed."""
    from nashforge.solvers.cfr.rules import rule_names

    return [name for name in rule_names() if name.startswith(incomplete)]


def complete_programs(incomplete: str) -> list[str]:
    """Complete rules, nicknames of programs, and Python files."""
    names = [*complete_rules(incomplete), *_nicknames("programs", incomplete)]
    folder, _, start = incomplete.rpartition("/")
    try:
        entries = sorted(os.scandir(folder or "."), key=lambda entry: entry.name)
    except OSError:
        return names
    for entry in entries:
        if entry.name.startswith(start) and entry.name.endswith(".py"):
            names.append(f"{folder}/{entry.name}" if folder else entry.name)
    return names


def complete_runs(incomplete: str) -> list[str]:
    """Complete the names of runs."""
    latest = ["latest"] if "latest".startswith(incomplete) else []
    return [*_nicknames("runs", incomplete), *latest]


def complete_suites(incomplete: str) -> list[str]:
    """Complete the names of suites."""
    from nashforge.evolve.measurement.suites import all_suite_names

    return [name for name in all_suite_names() if name.startswith(incomplete)]


def complete_metrics(incomplete: str) -> list[str]:
    """Complete what CFR rules are measured by, and registered measures."""
    known = ["exploitability", "last_iterate", *complete_measures("")]
    return [name for name in dict.fromkeys(known) if name.startswith(incomplete)]


def complete_measures(incomplete: str) -> list[str]:
    """Complete the last of some measures with commas between them."""
    from nashforge.solvers.metrics.registry import measures

    given, comma, last = incomplete.rpartition(",")
    return [given + comma + name for name in measures() if name.startswith(last)]
