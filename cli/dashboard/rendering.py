"""The templates of the pages, and what they may say of numbers, times and code."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from jinja2 import Environment
from markupsafe import Markup

from nashforge.cli.rendering import money, output
from nashforge.cli.rendering.diagnosis.audits import reason
from nashforge.cli.rendering.html.templates import page_environment
from nashforge.cli.rendering.runs.summary import SPLITS, short_game

if TYPE_CHECKING:
    from nashforge.cli.dashboard.views.base import Asked, View

STATIC = {
    "style.css": "text/css",
    "pages.js": "text/javascript",
    "charts.js": "text/javascript",
    "player.js": "text/javascript",
    "tables.js": "text/javascript",
    "tree.js": "text/javascript",
}
VENDORED = {
    "htmx.min.js": "text/javascript",
    "uPlot.iife.min.js": "text/javascript",
    "uPlot.min.css": "text/css",
}
"""Files that pages load, with their types: ours, and those of others."""


@cache
def static_file(name: str) -> bytes:
    """Return a file that pages load."""
    folder = "static" if name in STATIC else "vendor"
    return resources.files(__package__).joinpath(folder, name).read_bytes()


@cache
def static_address(name: str) -> str:
    """Return the address of a file that pages load; another version of it has another."""
    return f"/static/{name}?{hashlib.sha256(static_file(name)).hexdigest()[:12]}"


def render(view: View, asked: Asked, **more: Any) -> str:
    """Return a page as HTML."""
    from nashforge.cli.dashboard.views.addresses import MENU

    around = {"asked": asked, "view": view, "title": view.title, "run": view.run, "MENU": MENU}
    return environment().get_template(view.template).render(**view.data, **around, **more)


@cache
def environment() -> Environment:
    """Return the templates of the dashboard."""
    return templates()


def templates(*more: Traversable) -> Environment:
    """Return the templates, of ``more`` folders, too, with the filters that they use."""
    made = page_environment(resources.files(__package__).joinpath("templates"), *more)
    made.filters |= {
        "dollars": money.dollars,
        "tokens": money.tokens,
        "ago": ago,
        "line": lambda text: output.visible(" ".join(str(text).split()), ""),
        "shorten": lambda text, width: output.shorten(output.visible(str(text), ""), width),
        "short_game": short_game,
        "suite": suite_title,
        "value": zero_or_number,
        "words": lambda text: str(text).replace("_", " "),
        "segment": lambda text: quote(str(text), safe=""),
        "json_block": json_block,
        "reason": reason,
    }
    made.globals |= {"static": static_address, "SPLITS": SPLITS}
    return made


def suite_title(suite: str) -> str:
    """Return what a suite is called on a page: of a file, its name without the folders."""
    return output.visible(suite.rpartition("/")[2].removesuffix(".toml"), "")


def zero_or_number(value: float | None) -> str:
    """Return a number with four significant digits; zero has none."""
    return "0" if value == 0 else output.number(value)


def ago(moment: datetime | None) -> Markup:
    """Return a moment as markup: how long ago it was, which the page keeps current."""
    if moment is None:
        return Markup("-")
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        moment.isoformat(), f"{moment:%Y-%m-%d %H:%M:%S} UTC", output.ago(moment)
    )


def json_block(value: Any) -> Markup:
    """Return a value as JSON that may stand in a script element: nothing in it can end the element."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    escaped = text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
    return Markup(escaped)
