"""A game file from its path: checked to be a plain file of a size that can be read."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from nashforge.games.errors import GameFileError
from nashforge.games.files.extensive import ExtensiveFile, read_efg
from nashforge.games.files.strategic import StrategicFile, read_nfg

SUFFIXES = (".nfg", ".efg")

MOST_BYTES = 256 << 20
"""Size of a file that is read: more does not fit in memory as a game."""


def is_game_file(text: str) -> bool:
    """Whether a text is the path of a game file, by its ending."""
    return text.strip().lower().endswith(SUFFIXES)


def file_bytes(path: str | Path) -> bytes:
    """Return the content of a file that a game is read from.

    Raises
    ------
    GameFileError
        If it does not exist, cannot be read, is no plain file, or is too large.
    """
    name = os.fspath(path)
    try:
        with open(os.open(name, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise GameFileError(f"{name} is not a plain file; give the path of a game file")
            if status.st_size > MOST_BYTES:
                raise GameFileError(
                    f"{name} has {status.st_size / 1e6:,.0f} MB, more than the {MOST_BYTES / 1e6:,.0f} MB of "
                    "a game file that is read; give a smaller game"
                )
            return file.read(MOST_BYTES)
    except FileNotFoundError as error:
        raise GameFileError(f"there is no file {name}; check the path of the game file") from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise GameFileError(f"the game file {name} cannot be read: {reason}") from error


def parse_game_file(data: bytes, name: str, suffix: str = "") -> ExtensiveFile | StrategicFile:
    """Read the content of a game file in one of Gambit's formats.

    Parameters
    ----------
    data
        What `file_bytes` returned.
    name
        How errors call the file; its ending says the format, unless a ``suffix`` is given.

    Raises
    ------
    GameFileError
        If it is ill-formed.
    """
    try:
        content = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise GameFileError(f"{name}, line {line}: expected UTF-8 text; save the file as UTF-8") from error
    if (suffix or name).lower().endswith(".nfg"):
        return read_nfg(content, name)
    return read_efg(content, name)
