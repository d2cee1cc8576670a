"""The error of a change that cannot be made, and numbers of forms."""

from __future__ import annotations

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
