"""Suites: named lists of games, kept as TOML files.

A suite file has a ``name``, a ``purpose`` and ``games``::

    name = "my-suite"
    purpose = "Small poker games."
    games = ["kuhn_poker", "leduc_poker(players=3)"]

or, instead of ``games``, a table of games by family::

    [families]
    poker = ["kuhn_poker", "leduc_poker(players=3)"]
    dice = ["liars_dice(dice_sides=4)"]

A family is what measurements are grouped by: its members resemble each other, so that none of them says much
new of a program that was made with another.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from nashforge.games.errors import GameError, SuiteError
from nashforge.games.naming import choice
from nashforge.games.texts import TextError, read_toml

M = TypeVar("M", bound=BaseModel)

_ENDING = ".toml"
_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
_Games = Annotated[tuple[_Text, ...], Field(min_length=1)]


class Suite(BaseModel):
    """A named list of games.

    Attributes
    ----------
    name : str
        What commands call the suite.
    purpose : str
        What the suite is for, in a sentence.
    games : tuple of str
        Game strings or paths of game files, at least one, none twice.
    families : mapping of str to tuple of str
        The same games by family; where a file lists games only, as `family` says.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: _Text
    purpose: _Text
    games: _Games
    families: Mapping[_Text, _Games] = {}

    @model_validator(mode="before")
    @classmethod
    def _flatten(cls, given: Any) -> Any:
        if not isinstance(given, Mapping) or not isinstance(given.get("families"), Mapping):
            return given
        if "games" in given:
            raise ValueError("games stand either in games or in the table families; keep one of them")
        listed = [games for games in given["families"].values() if isinstance(games, list | tuple)]
        return {**given, "games": [game for games in listed for game in games]}

    @model_validator(mode="after")
    def _group(self) -> Suite:
        grouped: dict[str, tuple[str, ...]] = dict(self.families)
        if not grouped:
            for game in self.games:
                grouped[family(game)] = (*grouped.get(family(game), ()), game)
        object.__setattr__(self, "families", MappingProxyType(grouped))  # the instance is frozen
        return self


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


def family(game: str) -> str:
    """Return the family of a game.

    Parameters
    ----------
    game
        Any game string. One that stands in a table ``families`` of our suites is of that family; so is every
        other one of its short name (``kuhn_poker(players=5)``, where the tables know ``kuhn_poker``), if all
        of them are of one family. Else the short name is the family; of a file, its name without the ending.
    """
    text = _short_spelling(game)
    by_game, by_name = _known_families()
    name = text.partition("(")[0]
    if Path(name).suffix in (".efg", ".nfg"):
        name = Path(name).stem
    return by_game.get(text) or by_name.get(name) or name


def _short_spelling(game: str) -> str:
    """Return a game string without blanks, and without what makes simultaneous moves sequential."""
    text = "".join(game.split())
    wrapper = "turn_based_simultaneous_game(game="
    return text.removeprefix(wrapper)[:-1] if text.startswith(wrapper) else text


@cache
def _known_families() -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Return the families in the tables of our suites, by game, and by short name where that tells."""
    by_game: dict[str, str] = {}
    by_name: dict[str, set[str]] = {}
    for file in resources.files("nashforge.games").joinpath("data").iterdir():
        table = read_toml(file).get("families", {}) if file.name.endswith(_ENDING) else {}
        for name, members in table.items():
            for game in map(_short_spelling, members):
                by_game[game] = name
                by_name.setdefault(game.partition("(")[0], set()).add(name)
    return by_game, {short: names.pop() for short, names in by_name.items() if len(names) == 1}


def is_suite_file(name_or_path: str | Path) -> bool:
    """Whether a suite is a file of the user's: a path, or a text that ends in ``.toml`` or has a ``/``."""
    if not isinstance(name_or_path, str | Path):
        raise SuiteError(f"a suite is named, or the path of a file; got {name_or_path!r:.60}")
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
