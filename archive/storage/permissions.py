"""The archive's file is its owner's alone: it holds prompts, answers, names of machines and people."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from nashforge.archive.errors import DatabaseUnavailable
from nashforge.archive.storage.location import default_path

PRIVATE_FILE, PRIVATE_FOLDER = 0o600, 0o700


def make_file(file: Path) -> None:
    """Make an archive's empty file, and the folders to it, readable by nobody else, whatever the umask.

    SQLite gives the files beside it (``-wal``, ``-shm``, ``-journal``) the same permissions. Folders that are
    there stay as they are.

    Raises
    ------
    DatabaseUnavailable
        If it cannot be made.
    """
    try:
        make_folder(file.parent)
    except OSError as error:
        raise _unusable(file, error) from error
    try:
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0)
        handle = os.open(file, flags, PRIVATE_FILE)
        try:
            os.fchmod(handle, PRIVATE_FILE)
        finally:
            os.close(handle)
    except FileExistsError as error:
        if file.is_symlink() and not file.exists():
            raise DatabaseUnavailable(
                f"{file} is a link to nowhere; remove it or name another place"
            ) from error
    except OSError as error:
        raise _unusable(file, error) from error


def _unusable(file: Path, error: OSError) -> DatabaseUnavailable:
    return DatabaseUnavailable(
        f"the folder of {file} cannot be made ({error.strerror}); name a writable place with --database"
    )


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, each for its owner alone."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
    folder.chmod(PRIVATE_FOLDER)


def is_open(file: Path) -> bool:
    """Whether others than the owner can read or write an archive's file."""
    return file.exists() and bool(stat.S_IMODE(file.stat().st_mode) & 0o077)


def close_to_others(file: Path) -> None:
    """Take an archive's file, and the default folder, from others: what older versions made was open."""
    for path in (file, *(file.with_name(file.name + end) for end in ("-wal", "-shm", "-journal"))):
        if path.exists() and path.stat().st_uid == os.geteuid() and not path.is_symlink():
            path.chmod(PRIVATE_FILE)
    folder = file.parent
    if file == default_path() and folder.stat().st_uid == os.geteuid():
        folder.chmod(PRIVATE_FOLDER)
