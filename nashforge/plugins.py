"""Entry points of other packages: loaded here, and named if that fails."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from typing import Any

from nashforge.errors import NashforgeError

_OF_AN_IMPORT = (ImportError, AttributeError, NameError, SyntaxError, TypeError, ValueError)


class PluginError(NashforgeError, ValueError):
    """An entry point of another package that cannot be used."""


def load(entry: EntryPoint) -> Any:
    """Return the object that an entry point names.

    Raises
    ------
    PluginError
        If its module cannot be imported, or has no such object.
    """
    try:
        return entry.load()
    except _OF_AN_IMPORT as error:
        raise PluginError(
            f"{described(entry)} cannot be loaded ({type(error).__name__}: {error}); repair that package, or "
            "uninstall it"
        ) from error


def described(entry: EntryPoint) -> str:
    """Return an entry point as errors name it: with its group, what it names, and the package."""
    package = f" of the package {entry.dist.name}" if entry.dist is not None else ""
    return f"the entry point {entry.name} = {entry.value} in {entry.group}{package}"
