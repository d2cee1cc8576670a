"""Files that commands write: one rule for all of them, checked before the work and not after it.

A file that is there is replaced with ``--force`` only. Folders are not made: a mistyped one is told instead.
The ending of a name says what is written: a table or a figure.
"""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from nashforge.cli.errors import Failed, UsageProblem

TABLES = (".csv", ".json")
FIGURES = (".png", ".svg", ".pdf")

STDOUT = Path("-")
"""Stands for standard output where a command writes text."""


def check_file(
    option: str, path: Path | None, force: bool, endings: Sequence[str] = (), *, stdout: bool = False
) -> None:
    """Make sure that a file can be written, before anything is worked for it.

    Parameters
    ----------
    option
        What the command calls it.
    path
        None: nothing is to be written.
    force
        Whether a file that is there may be replaced.
    endings
        One of these is needed, if any are given.
    stdout
        Whether ``-`` stands for standard output.

    Raises
    ------
    UsageProblem
        If it cannot, or is there.
    """
    if path is None or (stdout and path == STDOUT):
        return
    folder = path.parent
    if path.is_dir():
        raise UsageProblem(f"{option} {path} is a directory; name a file")
    if endings and path.suffix.lower() not in endings:
        raise UsageProblem(f"{option} {path} must end in {_listed(endings)}; rename the file")
    if not folder.is_dir():
        raise UsageProblem(f"the directory {folder} of {option} does not exist; make it first")
    # Devices and pipes are written to; nothing in them is lost.
    if (path.is_file() or path.is_symlink()) and not force:
        raise UsageProblem(f"the file {path} exists; choose another name, or replace it with --force")
    if not os.access(path if path.exists() else folder, os.W_OK):
        raise UsageProblem(f"{option} {path} cannot be written; choose a writable place")


def _listed(endings: Sequence[str]) -> str:
    *others, last = endings
    return f"{', '.join(others)} or {last}" if others else last


def is_figure(path: Path) -> bool:
    """Whether a figure is to be drawn into a file, by its ending."""
    return path.suffix.lower() in FIGURES


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Write a file: what the system refuses is told.

    Raises
    ------
    Failed
        If it cannot be written.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or error
        raise Failed(f"{path} cannot be written ({reason}); choose a writable place with room") from error


def write_text(path: Path, text: str) -> None:
    """Write a text file, or print the text if the path is ``-``.

    Raises
    ------
    Failed
        If it cannot be written.
    """
    if path == STDOUT:
        sys.stdout.write(text)
        return
    with writing(path):
        path.write_text(text, encoding="utf-8")


def write_table(path: Path, rows: Sequence[Mapping[str, Any]], value: Any = None) -> None:
    """Write a table as CSV or JSON, as the ending of the file says.

    Parameters
    ----------
    rows
        What CSV has. Objects inside a row become columns of their own (``metrics.rqe_gap``), lists JSON text,
        and what is missing an empty cell.
    value
        What JSON has, usually what the command prints with ``--json``; None: the rows.

    Raises
    ------
    Failed
        If it cannot be written.
    """
    if path.suffix.lower() == ".json":
        told = list(rows) if value is None else value
        write_text(path, json.dumps(told, indent=1, default=_plain, allow_nan=False) + "\n")
        return
    flat = [dict(_flat(row)) for row in rows]
    columns = list(dict.fromkeys(name for row in flat for name in row))
    text = io.StringIO()
    table = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    table.writeheader()
    table.writerows(flat)
    write_text(path, text.getvalue())


def _flat(row: Mapping[str, Any], lead: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in row.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{lead}{name}.")
        elif isinstance(value, (list, tuple)):
            yield lead + name, json.dumps(value, default=_plain)
        else:
            yield lead + name, _plain(value) if isinstance(value, datetime) else value


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{value!r} has no form in a file")
