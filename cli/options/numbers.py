"""Numbers on the command line: none of them is ever infinite or not a number."""

from __future__ import annotations

import math
from typing import Any

from typer.core import TyperCommand

MOST_DIGITS = 18


def check_finite(option: str, value: float) -> None:
    """Make sure that a number on the command line is one that can be computed with.

    Raises
    ------
    UsageProblem
        If it is infinite, as 1e400 is, too, or not a number.
    """
    from nashforge.cli.errors import UsageProblem

    if not math.isfinite(value):
        what = "not a number" if math.isnan(value) else "infinite"
        raise UsageProblem(f"{option} is {what}; give a finite number")


def whole_number(text: str) -> int | None:
    """Return a number of plain digits, as many as any machine counts to; None for any other text."""
    digits = text.strip()
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) <= MOST_DIGITS else None


def number_pair(option: str, text: str | None) -> tuple[float, float] | None:
    """Return one number a player from ``1.5`` or ``0.1,30``; None where nothing is given.

    Raises
    ------
    UsageProblem
        If the text is neither one finite number nor two.
    """
    from nashforge.cli.errors import UsageProblem

    if text is None:
        return None
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        values = []
    if len(values) not in (1, 2):
        raise UsageProblem(f"{option} {text} must be a number, or two with a comma, such as 0.1,30")
    for value in values:
        check_finite(option, value)
    return values[0], values[-1]


class Command(TyperCommand):
    """A command whose options of floating-point numbers take finite ones."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the words of a command line."""
        rest = super().parse_args(ctx, args)
        for option in self.params:
            value = ctx.params.get(option.name)
            if isinstance(value, float):
                check_finite(max(option.opts, key=len), value)
        return rest
