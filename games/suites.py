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
from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from nashforge.games.errors import GameError, SuiteError
from nashforge.games.naming import choice
from nashforge.games.texts import TextError, read_toml

M = TypeVar("M", bound=BaseModel)

_ENDING = ".toml"
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


class SuiteKind(Generic[M]):
    """The suites of one kind: those that come with the package, by name, and people's own files.

    Parameters
    ----------
    model
        The fields of a suite.
    package, folder
        Where the files of the package are.
    title
        How errors call one, in the singular.
    """

    def __init__(self, model: type[M], package: str, folder: str, title: str) -> None:
        self._model, self._title = model, title
        self._folder = resources.files(package).joinpath(folder)

    def names(self) -> tuple[str, ...]:
        """Return the names of the suites that come with the package, sorted."""
        return tuple(
            sorted(
                file.name.removesuffix(_ENDING)
                for file in self._folder.iterdir()
                if file.name.endswith(_ENDING)
            )
        )

    def load(self, name_or_path: str | Path) -> M:
        """Load a suite of the package by name, or the user's own from a TOML file.

        Parameters
        ----------
        name_or_path
            A string is taken for a path if it ends in ``.toml`` or contains a directory separator.

        Raises
        ------
        SuiteError
            If there is no such suite, or the file cannot be read, is not TOML, lacks a field or has an
            unknown one.
        """
        file: str | Path | Traversable = name_or_path
        if name_or_path in (names := self.names()):
            file = self._folder.joinpath(f"{name_or_path}{_ENDING}")
        elif not is_suite_file(name_or_path):
            raise SuiteError(
                f"there is no {self._title} called {name_or_path!r}; {choice(str(name_or_path), names)} "
                "(your own suite is a path ending in .toml)"
            )
        try:
            return self._model.model_validate(read_toml(file))
        except TextError as error:
            raise SuiteError(f"the suite {name_or_path} {error}") from error
        except ValidationError as error:
            problems = "; ".join(_problem(item["loc"], item["type"], item["msg"]) for item in error.errors())
            raise SuiteError(
                f"the suite {name_or_path} is ill-formed: {problems}; a {self._title} has the fields "
                f"{', '.join(self._model.model_fields)}, and nothing else"
            ) from error


SUITES = SuiteKind(Suite, "nashforge.games", "data", "suite")
"""Suites of games that are compiled."""


def suite_names() -> tuple[str, ...]:
    """Return the names of the suites that come with the package, sorted."""
    return SUITES.names()


def load_suite(name_or_path: str | Path) -> Suite:
    """Load a suite of the package by name, or the user's own from a TOML file, whose games are loaded once.

    Parameters
    ----------
    name_or_path : str or Path
        A name of `suite_names`, or the path of a file, see `SuiteKind.load`.

    Raises
    ------
    SuiteError
        If there is no such suite, or the file cannot be read, is not TOML, lacks a field or has an unknown
        one, or names a game that OpenSpiel cannot load or names one twice.
    """
    suite = SUITES.load(name_or_path)
    if is_suite_file(name_or_path):
        _check_games(suite, name_or_path)
    return suite


def is_suite_file(name_or_path: str | Path) -> bool:
    """Whether a suite is a file of the user's: a path, or a text that ends in ``.toml`` or has a ``/``."""
    return isinstance(name_or_path, Path) or name_or_path.endswith(_ENDING) or "/" in name_or_path


def _problem(location: tuple[int | str, ...], kind: str, message: str) -> str:
    field, message = ".".join(map(str, location)) or "the file", message.removeprefix("Value error, ")
    if kind == "missing":
        return f"{field} is missing"
    if kind == "extra_forbidden":
        return f"{field} is not a field of a suite"
    return f"{field}: {message[:1].lower()}{message[1:]}"


def _check_games(suite: Suite, path: str | Path) -> None:
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
