"""Files that commands write: one rule for all, checked before the work and not after it.

Folders are not made: a mistyped one is told instead. Pictures and reports replace an older file, because they
can be made again; exports do so only with ``--force``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from cli.errors import Failed, UsageProblem


def check_place(option: str, path: Path, endings: Sequence[str] = ()) -> None:
    """Make sure that a file can be written.

    Parameters
    ----------
    option
        What the command calls it.
    endings
        One of these is needed, if any are given.

    Raises
    ------
    UsageProblem
        If it cannot.
    """
    folder = path.parent
    if endings and path.suffix.lower() not in endings:
        raise UsageProblem(f"{option} {path} must end in {' or '.join(endings)}; rename the file")
    if path.is_dir():
        raise UsageProblem(f"{option} {path} is a directory; name a file")
    if not folder.is_dir():
        raise UsageProblem(f"the directory {folder} of {option} does not exist; make it first")
    if not os.access(path if path.exists() else folder, os.W_OK):
        raise UsageProblem(f"{option} {path} cannot be written; choose a writable place")


def check_new(option: str, path: Path, force: bool) -> None:
    """Make sure that a file can be written, and that none is replaced without ``--force``.

    Raises
    ------
    UsageProblem
        If it cannot, or is there.
    """
    check_place(option, path)
    if path.exists() and not force:
        raise UsageProblem(f"the file {path} exists; choose another name, or replace it with --force")


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
    """Write a text file.

    Raises
    ------
    Failed
        If it cannot be written.
    """
    with writing(path):
        path.write_text(text, encoding="utf-8")
