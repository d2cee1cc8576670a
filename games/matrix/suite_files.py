"""Suites of matrix games: TOML files like those of `suites`, with strings that `bimatrix` reads."""

from __future__ import annotations

from importlib import resources
from importlib.resources.abc import Traversable

from pydantic import ValidationError

from nashforge.games.errors import SuiteError
from nashforge.games.suites import Suite
from nashforge.games.texts import TextError, read_toml

_FOLDER = "suites"


def matrix_suite_names() -> tuple[str, ...]:
    """Return the names of the suites of the package, sorted."""
    files = resources.files("nashforge.games.matrix").joinpath(_FOLDER).iterdir()
    return tuple(sorted(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml")))


def load_matrix_suite(name_or_path: str) -> Suite:
    """Load a suite of the package by name, or the user's own from a TOML file.

    Raises
    ------
    nashforge.games.SuiteError
        If there is no such suite, or the file is not one.
    """
    file: str | Traversable
    if name_or_path in matrix_suite_names():
        file = resources.files("nashforge.games.matrix").joinpath(_FOLDER, f"{name_or_path}.toml")
    elif name_or_path.endswith(".toml") or "/" in name_or_path:
        file = name_or_path
    else:
        raise SuiteError(
            f"there is no suite of matrix games called {name_or_path!r}; there are "
            f"{', '.join(matrix_suite_names())} (your own suite is a path ending in .toml)"
        )
    try:
        return Suite.model_validate(read_toml(file))
    except TextError as error:
        raise SuiteError(f"the suite {name_or_path} {error}") from error
    except ValidationError as error:
        raise SuiteError(
            f"the suite {name_or_path} is ill-formed; it needs name (text), purpose (text) and games (a list "
            "of game strings), and nothing else"
        ) from error
