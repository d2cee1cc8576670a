"""What the models are told: plain-text Jinja templates, one folder a domain, for anyone to read and edit.

``cfr/system.jinja`` is what a model knows about CFR rules whatever it is asked to do: its role, the interface
of a rule, the rules of the sandbox and the task. README.md says which variables each template takes.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Environment

SUFFIX = ".jinja"


class PromptError(ValueError):
    """A prompt cannot be made: there is no such template, or it lacks a variable."""


def template_names() -> tuple[str, ...]:
    """Return the names of all templates, such as ``cfr/system``."""
    return tuple(sorted(_walk(resources.files(__name__), "")))


def render(name: str, **variables: object) -> str:
    """Return the text of a template with its variables filled in.

    Parameters
    ----------
    name
        Name of the template, such as ``cfr/system``.
    variables
        What the template mentions, see README.md in this folder.

    Raises
    ------
    PromptError
        If there is no such template, a variable is missing or the template is not valid.
    """
    from jinja2 import TemplateError

    if name not in template_names():
        raise PromptError(f"there is no prompt {name!r}; the prompts are {', '.join(template_names())}")
    try:
        return _environment().get_template(name).render(variables)
    except TemplateError as error:
        raise PromptError(
            f"the prompt {name!r} cannot be rendered: {error}; give the variable or mend the template"
        ) from error


def _walk(folder: Traversable, prefix: str) -> list[str]:
    names = []
    for entry in folder.iterdir():
        if entry.is_dir():
            names += _walk(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(SUFFIX):
            names.append(prefix + entry.name.removesuffix(SUFFIX))
    return names


def _load(name: str) -> str:
    return resources.files(__name__).joinpath(*f"{name}{SUFFIX}".split("/")).read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    # The output is plain text for a model, not HTML. What is missing must be an error, not a gap in the text.
    return Environment(
        loader=FunctionLoader(_load),
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
