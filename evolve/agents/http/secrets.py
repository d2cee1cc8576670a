"""The token that a server asks for: a file that its owner alone reads."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from nashforge.evolve.agents.answers.base import AgentError

SHORTEST, LONGEST = 16, 512


def read_secret(file: Path) -> str:
    """Return the token of a file.

    Raises
    ------
    AgentError
        If the file cannot be read or holds no token.
    """
    try:
        with file.open("rb") as opened:
            text = opened.read(4 * LONGEST).decode("ascii").strip()
    except FileNotFoundError as error:
        raise AgentError(
            f"there is no token file {file}: either the server has not started yet (`nashforge agent serve` "
            "makes it at once, also before the run is there), so ask again in a moment; or the path is "
            "wrong, so give the file that the server names, or a copy of it"
        ) from error
    except OSError as error:
        raise AgentError(
            f"the token file {file} cannot be read ({error.strerror}); give the file of the server's token"
        ) from error
    except UnicodeDecodeError:
        text = ""
    if not (SHORTEST <= len(text) <= LONGEST and text.isprintable() and " " not in text):
        raise AgentError(
            f"the file {file} holds no token: a line of {SHORTEST} to {LONGEST} printable ASCII characters"
        )
    return text


def own_secret(file: Path) -> tuple[str, bool]:
    """Return the token of a server, and whether its file was made now because there was none.

    Raises
    ------
    AgentError
        If others may read the file, or it can be neither read nor made.
    """
    made = False
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        pass
    except OSError as error:
        raise AgentError(
            f"the token file {file} cannot be made ({error.strerror}); choose another --token-file"
        ) from error
    else:
        with os.fdopen(handle, "w") as opened:
            opened.write(secrets.token_urlsafe(32) + "\n")
        made = True
    secret = read_secret(file)
    mode = stat.S_IMODE(file.stat().st_mode)
    if mode & 0o007:
        raise AgentError(
            f"all users may read or write the token file {file} (mode {mode:o}); "
            "chmod 600 it, or 640 for a group"
        )
    return secret, made
