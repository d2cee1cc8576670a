"""Suites: named lists of games, kept as TOML files.

A suite file has a ``name``, a ``purpose`` and ``games``::

    name = "my-suite"
    purpose = "Small poker games."
    games = ["kuhn_poker", "leduc_poker(players=3)"]
"""

from __future__ import annotations

from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from nashforge.games.errors import GameError, SuiteError
from nashforge.games.naming import choice
from nashforge.games.texts import TextError, read_toml

_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class Suite(BaseModel):
    """A named list of games.

    Attributes
    ----------
    name : str
        What commands call the suite.
    purpose : str
        What the suite is for, in a sentence.
    games : tuple of str
        OpenSpiel game strings or paths of game files, at least one, none twice.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: _Text
    purpose: _Text
    games: Annotated[tuple[_Text, ...], Field(min_length=1)]


def suite_names() -> tuple[str, ...]:
    """Return the names of the suites that come with the package, sorted."""
    files = resources.files("nashforge.games").joinpath("data").iterdir()
    return tuple(sorted(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml")))


def load_suite(name_or_path: str | Path) -> Suite:
    """Load a suite of the package by name, or the user's own from a TOML file.

    Parameters
    ----------
    name_or_path : str or Path
        A name of `suite_names`, or the path of a file; a string is taken for a path if it ends in ``.toml``
        or contains a directory separator.

    Raises
    ------
    SuiteError
        If there is no such suite, or the file cannot be read, is not TOML, lacks a field or has an unknown
        one, or names a game that OpenSpiel cannot load or names one twice.
    """
    if isinstance(name_or_path, str) and not name_or_path.endswith(".toml") and "/" not in name_or_path:
        known = suite_names()
        if name_or_path in known:
            file = resources.files("nashforge.games").joinpath("data", f"{name_or_path}.toml")
            return _parse(file, name_or_path)
        raise SuiteError(
            f"there is no suite called {name_or_path!r}; {choice(name_or_path, known)} (your own suite is a "
            "path ending in .toml)"
        )
    path = Path(name_or_path)
    suite = _parse(path, str(path))
    _check_games(suite, path)
    return suite


def _parse(file: Path | Traversable, source: str) -> Suite:
    try:
        return Suite.model_validate(read_toml(file))
    except TextError as error:
        raise SuiteError(f"the suite {source} {error}") from error
    except ValidationError as error:
        problems = "; ".join(_problem(item["loc"], item["type"], item["msg"]) for item in error.errors())
        raise SuiteError(
            f"the suite {source} is ill-formed: {problems}; it needs name (text), purpose (text) and games "
            f"(a list of game strings), and nothing else"
        ) from error


def _problem(location: tuple[int | str, ...], kind: str, message: str) -> str:
    field = ".".join(map(str, location)) or "the file"
    if kind == "missing":
        return f"{field} is missing"
    if kind == "extra_forbidden":
        return f"{field} is not a field of a suite"
    return f"{field}: {message[:1].lower()}{message[1:]}"


def _check_games(suite: Suite, path: Path) -> None:
    """Load every game once, so that a typing error is reported before hours of work, not after."""
    from nashforge.games.loading.source import load

    seen: dict[object, str] = {}
    for game in suite.games:
        try:
            found = load(game).identity
        except GameError as error:
            raise SuiteError(f"the suite {path} names a game that cannot be loaded: {error}") from error
        if found in seen:
            same = f"as {seen[found]!r}" if seen[found] != game else "twice"
            raise SuiteError(f"the suite {path} names the game {game!r} {same}; list every game once")
        seen[found] = game
