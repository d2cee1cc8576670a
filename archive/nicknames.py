"""Two-word names for people: ``brisk-otter`` is a program, ``calm-harbour`` is a run.

Names follow from the thing's identity, so that the same program has the same name in a fresh archive
everywhere. Programs are adjective-animal and runs adjective-landscape: a name says what it names.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from nashforge.errors import NashforgeError

_WORDS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
ADJECTIVES, ANIMALS, LANDSCAPES = (
    tuple(_WORDS[kind].split()) for kind in ("adjectives", "animals", "landscapes")
)

_GIVEN = frozenset(ADJECTIVES)
_RESERVED = frozenset({"latest"})
"""What commands take for something else."""

_NICKNAME = re.compile(r"(?![0-9a-f]*\Z)[A-Za-z][A-Za-z0-9_.-]{0,63}")


def candidates(identity: str, nouns: tuple[str, ...]) -> Iterator[str]:
    """Yield names for an identity, best first and without end; later ones carry a number.

    Parameters
    ----------
    identity
        What the names follow from: a program's hash, a run's uid.
    nouns
        The second words: `ANIMALS` or `LANDSCAPES`.
    """
    attempt = 0
    while True:
        digest = hashlib.sha256(f"{identity}/{attempt}".encode()).digest()
        first = ADJECTIVES[int.from_bytes(digest[:8], "big") % len(ADJECTIVES)]
        second = nouns[int.from_bytes(digest[8:16], "big") % len(nouns)]
        # Eight free draws find an unused pair while most are unused; then numbers keep names short.
        yield f"{first}-{second}" if attempt < 8 else f"{first}-{second}-{attempt - 6}"
        attempt += 1


def is_given_name(nickname: str, nouns: tuple[str, ...]) -> bool:
    """Whether a name is of those that `candidates` yields for some identity."""
    first, dash, rest = nickname.partition("-")
    second, numbered, number = rest.partition("-")
    plain = not numbered or (number.isascii() and number.isdecimal())
    return bool(dash) and plain and first in _GIVEN and second in nouns


class NicknameError(NashforgeError, ValueError):
    """A person cannot give this name to a run."""

    exit_code = 2


def check_nickname(nickname: str) -> str:
    """Return the name if a person may give it to a run.

    Raises
    ------
    NicknameError
        If it could be mistaken for a number, a hash or a path.
    """
    if not isinstance(nickname, str) or not _NICKNAME.fullmatch(nickname):
        raise NicknameError(
            f"the name {nickname!r} must begin with a letter, hold only letters (a to z), digits, '-', '_' "
            "and '.', at most 64 of them, and not look like a hash; choose one such as 'leduc-first-try'"
        )
    if nickname.lower() in _RESERVED:
        raise NicknameError(
            f"the name {nickname!r} means the newest run; choose one such as 'leduc-first-try'"
        )
    return nickname
