"""The error of a change that cannot be made, and numbers of forms."""

from __future__ import annotations

import re

from nashforge.errors import USAGE, NashforgeError


class ControlError(NashforgeError, ValueError):
    """A change that cannot be made."""

    exit_code = USAGE


def whole_number(text: str, what: str, most: int = 10**9) -> int | None:
    """Return the number of a form; None for an empty one.

    Raises
    ------
    ControlError
        If it is no whole number above 0, or above ``most``.
    """
    text = text.strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10 and 0 < int(text) <= most):
        raise ControlError(f"{text[:20]!r} is no number of {what}; give a whole number from 1 to {most}")
    return int(text)


def amount(text: str, what: str) -> str | None:
    """Return an amount of a form as it was written, such as 2.5; None for an empty one.

    Raises
    ------
    ControlError
        If it is no number above 0 and up to a million.
    """
    text = text.strip()
    if not text:
        return None
    if not (re.fullmatch(r"\d{1,7}(\.\d{1,6})?", text, re.ASCII) and 0 < float(text) <= 1e6):
        raise ControlError(f"{text[:20]!r} is no number of {what}; give one above 0, such as 2.5")
    return text
