"""Prompts of the models: plain-text Jinja templates, one folder a domain, for anyone to read and edit.

``DOMAIN/system.jinja`` is what a model knows about the programs of a domain whatever it is asked to do;
``common/`` says what is wanted of it, in words that all domains share. README.md says which variables each
template takes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nashforge.errors import NashforgeError
from nashforge.games.naming import choice
from nashforge.games.texts import TextError, read_text, read_toml

if TYPE_CHECKING:
    from jinja2 import Environment

SUFFIX = ".jinja"
SHARED = "common"
"""Folder of the templates that serve every domain."""


class PromptError(NashforgeError, ValueError):
    """A prompt cannot be made: there is no such template, or it lacks a variable."""

    exit_code = 2


def template_names(folders: Sequence[Path] = ()) -> tuple[str, ...]:
    """Return the names of all templates, such as ``cfr/system``; those in ``folders``, too."""
    names: set[str] = set()
    for place in (*folders, resources.files(__name__)):
        names.update(_walk(place, ""))
    return tuple(sorted(names))


def render(name: str, /, *, folders: Sequence[Path] = (), **variables: object) -> str:
    """Return the text of a template with its variables filled in.

    Parameters
    ----------
    name
        Name of the template, such as ``cfr/system``.
    folders
        Where templates are looked for first, laid out like this folder.
    variables
        What the template mentions, see README.md in this folder. They are inserted as they are: what looks
        like a template in them is plain text.

    Raises
    ------
    PromptError
        If there is no such template, a variable is missing or the template is not valid.
    """
    return _render(name, None, tuple(folders), variables)


def render_for(domain: str, name: str, /, *, folders: Sequence[Path] = (), **variables: object) -> str:
    """Return the text of the template ``DOMAIN/name``, or of ``common/name`` where the domain has none.

    Templates that it includes are looked for in the same way.

    Raises
    ------
    PromptError
        As for `render`.
    """
    return _render(f"{domain}/{name}", domain, tuple(folders), variables)


def is_own_level(name: str) -> bool:
    """Whether a feedback level is the path of a file, and none of the library's."""
    return name.endswith(".toml") or "/" in name


def feedback_table(name: str) -> Mapping[str, Any]:
    """Return the settings of a feedback level: ``sparse``, ``dense``, or the path of a TOML file.

    Raises
    ------
    PromptError
        If there is no such level or the file is not TOML.
    """
    levels = {
        entry.name.removesuffix(".toml"): entry
        for entry in resources.files(__name__).joinpath("feedback").iterdir()
        if entry.name.endswith(".toml")
    }
    if name not in levels and not is_own_level(name):
        raise PromptError(
            f"there is no feedback level {name!r}; {choice(name, sorted(levels))} (your own level is a path "
            "ending in .toml)"
        )
    try:
        return read_toml(levels.get(name, name))
    except TextError as error:
        raise PromptError(f"the feedback level {name} {error}") from error


def families(domain: str, folders: Sequence[Path] = ()) -> dict[str, str]:
    """Return the families of mechanisms of a domain: a sentence each, by name; none if nobody lists them.

    They are the table of the file ``DOMAIN/families.toml``.

    Raises
    ------
    PromptError
        If the file is not TOML, or not a table of sentences.
    """
    for place in (*folders, resources.files(__name__)):
        file = place.joinpath(domain, "families.toml")
        if not file.is_file():
            continue
        try:
            table = read_toml(file)
        except TextError as error:
            raise PromptError(f"the families of {domain} {error}") from error
        if not all(isinstance(sentence, str) for sentence in table.values()):
            raise PromptError(f"the families of {domain} must be a sentence each; mend {file}")
        return dict(table)
    return {}


def _render(name: str, domain: str | None, folders: tuple[Path, ...], variables: Mapping[str, object]) -> str:
    from jinja2 import TemplateError, TemplateNotFound

    try:
        return _environment(domain, folders).get_template(name).render(variables)
    except TemplateError as error:
        if isinstance(error, TemplateNotFound) and error.name == name:
            raise PromptError(
                f"there is no prompt {name!r}; the prompts are {', '.join(template_names(folders))}"
            ) from error
        raise PromptError(
            f"the prompt {name!r} cannot be rendered: {error}; give the variable or mend the template"
        ) from error
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise PromptError(f"the prompt {name!r} cannot be rendered: {error}; mend the template") from error


def _walk(folder: Traversable, prefix: str) -> list[str]:
    names = []
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.name.startswith((".", "_")):
            names += _walk(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(SUFFIX):
            names.append(prefix + entry.name.removesuffix(SUFFIX))
    return names


def _find(name: str, domain: str | None, folders: Sequence[Path]) -> Traversable | None:
    """Return the file of a template: the domain's own before the shared one, ``folders`` before this one."""
    names = [name]
    own, _, rest = name.partition("/")
    if domain is not None and own in (domain, SHARED):
        names = [f"{domain}/{rest}", f"{SHARED}/{rest}"]
    for wanted in names:
        parts = wanted.split("/")
        if any(part in ("", ".", "..") for part in parts):
            return None
        parts[-1] += SUFFIX
        for place in (*folders, resources.files(__name__)):
            file = place.joinpath(*parts)
            if file.is_file():
                return file
    return None


def fenced(text: str, language: str = "") -> str:
    """Return text in a fence that it cannot close itself, without control characters."""
    shown = text
    if not text.replace("\n", "").replace("\t", "").isprintable():
        shown = "".join(c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in text)
    longest = max((len(run) for run in re.findall("`+", shown)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{shown.rstrip()}\n{fence}"


@cache
def _environment(domain: str | None, folders: tuple[Path, ...]) -> Environment:
    from jinja2 import FunctionLoader, StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    def load(name: str) -> str | None:
        file = _find(name, domain, folders)
        try:
            return None if file is None else read_text(file)
        except TextError as error:
            raise PromptError(f"the prompt {file} {error}") from error

    # The output is plain text for a model, not HTML. What is missing must be an error, not a gap in the text.
    # Templates may come with somebody else's run: they reach what they are given, and nothing behind it.
    environment = ImmutableSandboxedEnvironment(
        loader=FunctionLoader(load),
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals.clear()
    environment.filters["fenced"] = fenced
    return environment
