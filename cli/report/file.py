"""The files that pages of the dashboard load, inside one: styles and scripts, known by their hashes."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from nashforge.cli.dashboard.rendering import static_file, templates

if TYPE_CHECKING:
    from jinja2 import Environment

SCRIPTS = ("uPlot.iife.min.js", "charts.js", "player.js", "tables.js", "tree.js", "frozen.js")
"""In this order."""

STYLES = ("uPlot.min.css", "style.css", "report.css")


def report_templates() -> Environment:
    """Return the templates of reports, and those of the dashboard that they share."""
    return templates(resources.files(__package__))


def style_sheet() -> str:
    """Return the styles of all pages, and those of reports."""
    return "\n".join(_text(name) for name in STYLES)


@cache
def script(name: str) -> str:
    """Return a script as it stands in a page."""
    text = _text(name)
    assert "</script" not in text.lower(), f"{name} would end its element"
    assert "<!--" not in text, f"{name} would begin a comment"
    return text


@cache
def _text(name: str) -> str:
    own = resources.files(__package__).joinpath(name)
    return own.read_text(encoding="utf-8") if own.is_file() else static_file(name).decode()


def policy_of(style: str, scripts: Iterable[str]) -> str:
    """Return what a browser may do with a page: nothing is loaded or sent, and nothing else is run."""
    allowed = " ".join(map(_hash, scripts)) or "'none'"
    known = f"style-src {_hash(style)}; script-src {allowed}"
    return f"default-src 'none'; img-src data:; {known}; base-uri 'none'; form-action 'none'"


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}'"
