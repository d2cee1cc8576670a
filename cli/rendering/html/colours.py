"""Code in pieces that the page shows in different colours; the template escapes each of them."""

from __future__ import annotations

import io
from typing import TypeAlias

from nashforge.cli.rendering.output import visible

Pieces: TypeAlias = list[tuple[str, str]]
"""Classes of the style sheet, or nothing, and text."""

CHANGES = {"+": "added", "-": "removed", "@": "place"}


def coloured(code: str, language: str = "python") -> Pieces:
    """Return the tokens of code with classes such as ``blue`` or ``dim``."""
    from rich.console import Console
    from rich.syntax import Syntax

    text = Syntax("", language, theme="ansi_dark", background_color="default").highlight(visible(code))
    text.rstrip()
    pieces = []
    for piece, style, _ in text.render(Console(file=io.StringIO(), emoji=False)):
        names = [] if style is None or style.color is None else [style.color.name.removeprefix("bright_")]
        names += ["dim"] if style is not None and style.dim else []
        pieces.append((" ".join(names), piece))
    return pieces


def coloured_diff(change: str) -> Pieces:
    """Return the lines of a unified diff, those that were added, removed or name a place with a class."""
    return [(CHANGES.get(line[:1], ""), f"{line}\n") for line in visible(change).splitlines()]
