"""Hashes of programs' normalised sources, and text that every database accepts."""

from __future__ import annotations

import hashlib
import re

LOG_LIMIT = 64_000
"""Longest log or reason kept, in characters; the middle of a longer one is left out."""


_LINE_ENDS = re.compile(r"(?<![ \t])[ \t]++$", re.MULTILINE)
"""Blanks at the ends of lines; nothing is looked at twice, however many there are."""


def normalize_source(source: str) -> str:
    """Return the source in the one form that is stored and hashed.

    Line endings become ``\\n``, a byte-order mark, blanks at line ends and empty lines at the end go away,
    and the text ends with exactly one line ending. What is stored is what is run, so that the hash always
    names the very text that was measured.

    Raises
    ------
    ValueError
        If the text is empty or holds characters that no Python source may hold (NUL, lone surrogates).
    """
    text = source.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if "\x00" in text:
        raise ValueError("the program holds a NUL character, which no Python source may hold; remove it")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ValueError(
            f"the program holds a character that is not Unicode text at position {error.start}; remove it"
        ) from error
    if " \n" in text or "\t\n" in text or text.endswith((" ", "\t")):
        text = _LINE_ENDS.sub("", text)
    text = text.rstrip("\n") + "\n"
    if text == "\n":
        raise ValueError("the program is empty; give its source")
    return text


def program_hash(source: str, domain: str) -> str:
    """Return the content address of a program: 64 hexadecimal digits.

    The domain is part of the address, because the same text means different programs in different domains
    (an "always cooperate" policy of two dilemmas) and their measurements must never be mixed.
    """
    body = f"nashforge program {domain}\n{normalize_source(source)}"
    return hashlib.sha256(body.encode("utf-8")).hexdigest()


def clean_text(text: str | None, limit: int = LOG_LIMIT) -> str | None:
    """Return text that every database can store: no NUL, no lone surrogates, the middle cut if too long."""
    if text is None:
        return None
    text = text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "\ufffd")
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]}\n... {len(text) - 2 * half} characters left out ...\n{text[-half:]}"
