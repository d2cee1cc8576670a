"""Code as HTML with colours, every character of it escaped."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from cli.output import visible

if TYPE_CHECKING:
    from markupsafe import Markup


def coloured(code: str, language: str = "python") -> Markup:
    """Return code in which tokens are spans of classes such as ``blue`` or ``dim``; see the style sheet."""
    from markupsafe import Markup
    from rich.console import Console
    from rich.syntax import Syntax

    text = Syntax("", language, theme="ansi_dark", background_color="default").highlight(visible(code))
    text.rstrip()
    parts: list[Markup] = []
    for piece, style, _ in text.render(Console(file=io.StringIO())):
        names = [] if style is None or style.color is None else [style.color.name.removeprefix("bright_")]
        names += ["dim"] if style is not None and style.dim else []
        # Classes are joined by the template language, too: a theme's names are no more trusted than code.
        span = Markup('<span class="{}">{}</span>')
        parts.append(span.format(" ".join(names), piece) if names else Markup.escape(piece))
    return Markup("").join(parts)


def coloured_diff(change: str) -> Markup:
    """Return a unified diff with its lines in spans of the classes ``added``, ``removed`` and ``place``."""
    from markupsafe import Markup

    kinds = {"+": "added", "-": "removed", "@": "place"}
    lines = []
    for line in visible(change).splitlines():
        kind = kinds.get(line[:1])
        lines.append(Markup('<span class="{}">{}</span>').format(kind, line) if kind else Markup.escape(line))
    return Markup("\n").join(lines)
