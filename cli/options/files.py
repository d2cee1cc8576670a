"""Files that commands write: one rule for all of them, checked before the work and not after it.

A file that is there is replaced with ``--force`` only. A link to a file is neither written through nor
replaced: somebody else may have put it there. Folders are not made: a mistyped one is told instead.
The ending of a name says what is written: a table or a figure.
"""

from __future__ import annotations

import csv
import errno
import io
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from nashforge.cli.errors import Failed, UsageProblem
from nashforge.errors import NashforgeError

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
    try:
        _check(option, path, force, endings)
        _try_out(path)
    except OSError as error:
        raise UsageProblem(
            f"{option} {path} cannot be written ({error.strerror or error}); choose a writable place"
        ) from error


def _check(option: str, path: Path, force: bool, endings: Sequence[str]) -> None:
    folder = path.parent
    if path.is_dir():
        raise UsageProblem(f"{option} {path} is a directory; name a file")
    if endings and path.suffix.lower() not in endings:
        raise UsageProblem(f"{option} {path} must end in {_listed(endings)}; rename the file")
    if not folder.is_dir():
        raise UsageProblem(f"the directory {folder} of {option} does not exist; make it first")
    # Devices and pipes are written to, also by links such as /dev/stdout; nothing in them is lost.
    if path.is_symlink() and (path.is_file() or not path.exists()):
        raise UsageProblem(
            f"{option} {path} is a link to {os.readlink(path)}; name that file itself, or remove the link"
        )
    if path.is_file() and not force:
        raise UsageProblem(f"the file {path} exists; choose another name, or replace it with --force")


def _try_out(path: Path) -> None:
    """Open a file for writing, and leave everything as it was.

    Permissions alone do not tell: a file system may be read-only, or make no files, and a name too long.
    """
    real = path.resolve()  # a link may lead to where nothing is yet
    if real.is_file():
        os.close(os.open(real, os.O_WRONLY | os.O_APPEND))
    elif real.exists():  # opening a pipe would wait for its reader
        if not os.access(real, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    else:
        os.close(os.open(real, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
        real.unlink()


def check_apart(targets: Mapping[str, Path | None]) -> None:
    """Make sure that the files of one command are different ones, by whatever names.

    Parameters
    ----------
    targets
        What is written, by option; None where nothing is, and pipes and devices, may be the same.

    Raises
    ------
    UsageProblem
        If two options name one file: the second would replace what the first wrote.
    """
    seen: dict[Path, str] = {}
    for option, path in targets.items():
        if path is None or (path.exists() and not path.is_file()):
            continue
        for other, name in seen.items():
            if path.resolve() == other.resolve() or (
                path.exists() and other.exists() and path.samefile(other)
            ):
                raise UsageProblem(
                    f"{name} and {option} are the same file, {path}, and one would replace the other; "
                    "choose another name for one of them"
                )
        seen[path] = option


def _listed(endings: Sequence[str]) -> str:
    *others, last = endings
    return f"{', '.join(others)} or {last}" if others else last


def is_figure(path: Path) -> bool:
    """Whether a figure is to be drawn into a file, by its ending."""
    return path.suffix.lower() in FIGURES


@contextmanager
def delivered(*files: tuple[Path | None, Callable[[Path], None]], as_json: bool) -> Iterator[None]:
    """Write the files of a command, and have its result printed in any case.

    Files come first, because who reads what is printed may leave early (``| head``); that one of them could
    not be written is told after the result, which is all that is left of the work.

    Parameters
    ----------
    files
        Where to, None for nowhere, and what writes there.
    as_json
        Whether JSON is printed, which nothing may follow; else the files that were written are told.

    Raises
    ------
    NashforgeError
        If a file could not be written: that of the first.
    """
    from nashforge.cli.rendering.output import tell_written

    written: list[Path] = []
    problems: list[NashforgeError] = []
    for path, write in files:
        if path is None:
            continue
        try:
            write(path)
            written.append(path)
        except NashforgeError as error:
            problems.append(error)
    yield
    if not as_json:
        for path in written:
            tell_written(path)
    if problems:
        raise problems[0]


def deliver(
    value: Any,
    show: Callable[[], object],
    *files: tuple[Path | None, Callable[[Path], None]],
    json: bool | None,
) -> None:
    """Write the files of a command and print its result, see `delivered`.

    Parameters
    ----------
    value
        Printed as JSON, if that is wanted.
    show
        Prints the result for people.
    json
        What the command line says of JSON.
    """
    from nashforge.cli.rendering.output import print_json, wants_json

    as_json = wants_json(json)
    with delivered(*files, as_json=as_json):
        print_json(value) if as_json else show()


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
