"""Errors in the words of Python: arguments, where the command line has options."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from nashforge.errors import NashforgeError
from nashforge.evolve.config.run import SETTINGS

_ARGUMENTS = {"max_evaluations": "evaluations", "database": "database"}
"""Arguments of the functions themselves, by the name of the setting or the option."""


@contextmanager
def in_python() -> Iterator[None]:
    """Have errors name what they are about as Python does: ``evaluations``, and not ``--max-evaluations``."""
    try:
        yield
    except NashforgeError as error:
        error.args = tuple(python_words(text) if isinstance(text, str) else text for text in error.args)
        raise


def python_words(text: str) -> str:
    """Return a sentence with settings by name in the place of options; commands in it stay as they are."""
    pieces = text.split("`")
    pieces[::2] = [re.sub(r"(?<!\S)([('\"]?)--([a-z][a-z-]*)", _argument, piece) for piece in pieces[::2]]
    return "`".join(pieces)


def _argument(found: re.Match[str]) -> str:
    option = found[2].replace("-", "_")
    setting = SETTINGS.find(option)
    name = option if setting is None else setting.name
    name = _ARGUMENTS.get(name, name)
    return found[0] if setting is None and name not in _ARGUMENTS else f"{found[1]}{name}"
