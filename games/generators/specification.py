"""Generators of games: names, parameters with their bounds, and how they make a game."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from nashforge.games.errors import GameStringError
from nashforge.games.naming import choice

Value = bool | int | float | str


class Generated(Protocol):
    """A game that was generated; nothing large is made before somebody asks.

    It has a method ``sequence_form(name, max_nodes)`` that returns it compiled, or ``new_initial_state()``, a
    state that can be walked from, as files in extensive form have; or both.
    """

    def num_players(self) -> int:
        """Return the number of players."""


@dataclass(frozen=True)
class Parameter:
    """A parameter of a generator.

    Attributes
    ----------
    default
        Its type is the parameter's.
    meaning : str
        What it is, in some words.
    least, most
        The bounds of a number.
    choices : tuple of str
        The values of a text.
    """

    default: Value
    meaning: str
    least: float = 0
    most: float = 0
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Generator:
    """A generator of games.

    Attributes
    ----------
    name, title : str
        What game strings call it, and what it makes, in a sentence.
    version : int
        Raised whenever the same parameters would make another game: part of the identity of its games.
    parameters : mapping of str to Parameter
    make : callable
        Makes a game of all parameters, checked; may raise `GameStringError` where they do not fit together.
    source : str
        The citation, where there is one.
    """

    name: str
    title: str
    version: int
    parameters: Mapping[str, Parameter]
    make: Callable[[Mapping[str, Any]], Generated]
    source: str = ""

    @property
    def defaults(self) -> dict[str, Value]:
        """The defaults of all parameters."""
        return {key: parameter.default for key, parameter in self.parameters.items()}

    def checked(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return all parameters, those that are not given with their defaults.

        Raises
        ------
        GameStringError
            If one is unknown, or out of its bounds.
        """
        for key, value in given.items():
            if key not in self.parameters:
                raise GameStringError(f"{self.name} has no parameter {key!r}; {choice(key, self.parameters)}")
            self._check(key, value)
        return {**self.defaults, **given}

    def _check(self, key: str, value: Any) -> None:
        parameter = self.parameters[key]
        if parameter.choices:
            if value not in parameter.choices:
                raise GameStringError(
                    f"{key}={value} of {self.name} is unknown; {choice(str(value), parameter.choices)}"
                )
        elif not isinstance(parameter.default, bool) and not parameter.least <= value <= parameter.most:
            raise GameStringError(
                f"{key}={value} of {self.name} must be between {parameter.least:g} and {parameter.most:g}"
            )


SEED = Parameter(0, "number of the game among all with these parameters", 0, 2**32 - 1)
