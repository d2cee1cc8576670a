"""Users' text files, read with bounds: whatever a path leads to gives a text of usual size, or a sentence.

Suites, maps, price lists, feedback levels, prompts and configurations are read here.
"""

from __future__ import annotations

import os
import stat
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nashforge.errors import NashforgeError

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

MOST_BYTES = 1_000_000
"""Size of a file that is read."""

SHOWN = 200
"""Characters of what is wrong with a file that an error repeats."""


class TextError(NashforgeError, ValueError):
    """A file is no text that can be read; the text is the end of a sentence that begins with the file."""

    exit_code = 2


def read_text(file: str | Path | Traversable) -> str:
    """Return the text of a file.

    Parameters
    ----------
    file
        A path, in which ``~`` is the user's folder, or a file of a package.

    Raises
    ------
    TextError
        If it does not exist, cannot be read, is no plain file (a pipe would be waited for, a device has no
        end), is larger than `MOST_BYTES`, or is not UTF-8.
    """
    try:
        if not isinstance(file, str | Path):
            return file.read_text("utf-8")
        path = Path(file).expanduser()
        if path.is_dir():
            raise TextError("cannot be read: it is a folder; give the path of a text file")
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
        with open(os.open(path, flags), "rb") as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                raise TextError("cannot be read: it is not a plain file; give the path of a text file")
            data = stream.read(MOST_BYTES + 1)
    except FileNotFoundError as error:
        raise TextError("does not exist; check the path") from error
    except OSError as error:
        raise TextError(f"cannot be read ({error.strerror}); check the path") from error
    except (RuntimeError, ValueError) as error:  # no such user's folder, a NUL in the path
        if isinstance(error, TextError):
            raise
        raise TextError(f"cannot be read ({_short(str(error))}); check the path") from error
    if len(data) > MOST_BYTES:
        raise TextError(f"has more than {MOST_BYTES:,} bytes; check that it is the right file")
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        raise TextError("is not UTF-8 text; save it as UTF-8") from error


def parse_toml(text: str) -> dict[str, Any]:
    """Return the table of a TOML text.

    Raises
    ------
    TextError
        If it is not TOML, is nested too deeply, or has a number that nobody can mean.
    """
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise TextError("is nested too deeply; it holds plain values and lists") from error
    except ValueError as error:  # TOMLDecodeError, or a number of thousands of digits
        raise TextError(f"is not TOML: {_short(str(error))}") from error


def read_toml(file: str | Path | Traversable) -> dict[str, Any]:
    """Return the table of a TOML file.

    Raises
    ------
    TextError
        As for `read_text` and `parse_toml`.
    """
    return parse_toml(read_text(file))


def _short(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
