"""Templates of HTML pages: how they are read, and what all pages may say of numbers, times and code."""

from __future__ import annotations

from importlib.resources.abc import Traversable
from typing import TYPE_CHECKING

from nashforge.cli.rendering import output
from nashforge.cli.rendering.html.colours import coloured, coloured_diff

if TYPE_CHECKING:
    from jinja2 import Environment


def page_environment(*places: Traversable) -> Environment:
    """Return an environment for the templates of some folders, which escapes all that it is given."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    def load(name: str) -> str | None:
        found = (place.joinpath(name) for place in places)
        return next((file.read_text(encoding="utf-8") for file in found if file.is_file()), None)

    made = Environment(
        loader=FunctionLoader(load),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "fitness": output.fitness,
        "number": output.number,
        "duration": output.duration,
        "moment": lambda moment: "-" if moment is None else f"{moment:%Y-%m-%d %H:%M} UTC",
        "coloured": coloured,
        "coloured_diff": coloured_diff,
        "visible": lambda text: output.visible(str(text)),
        "edit": output.edit_of,
    }
    return made
