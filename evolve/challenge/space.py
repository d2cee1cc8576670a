"""The space of games that a challenger looks through: families of games with parameters to vary.

A family whose games validate or test is no part of it. What a search is judged by at the end would otherwise
be what it was trained on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from nashforge import games
from nashforge.errors import NashforgeError

HELD_OUT = ("bench-validation", "bench-test")
"""Suites whose families are left out."""

Value: TypeAlias = int | float | str
Build: TypeAlias = Callable[[Mapping[str, Value]], str]


class NoFamilyError(NashforgeError, ValueError):
    """No family is left, or none has the name that was given."""

    exit_code = 2


@dataclass(frozen=True)
class GameFamily:
    """A family of games: what its parameters may be, and the game string of each choice.

    Attributes
    ----------
    name : str
    parameters : dict
        The values of each parameter, from small to large where that means anything.
    build : callable
        Returns the game string of a choice.
    """

    name: str
    parameters: Mapping[str, Sequence[Value]]
    build: Build

    def draw(self, rng: np.random.Generator) -> Point:
        """Return a random game of the family."""
        return Point(self, {name: _any(values, rng) for name, values in self.parameters.items()})


@dataclass(frozen=True)
class Point:
    """A game of the space: a family and a value for each of its parameters."""

    family: GameFamily
    values: Mapping[str, Value]

    @property
    def game(self) -> str:
        """The game string."""
        return self.family.build(self.values)

    def mutated(self, rng: np.random.Generator) -> Point:
        """Return a neighbour: one parameter has another value, mostly one beside it."""
        free = [name for name, values in self.family.parameters.items() if len(values) > 1]
        if not free:
            return self
        name = free[int(rng.integers(len(free)))]
        values = self.family.parameters[name]
        place = values.index(self.values[name])
        if rng.random() < 0.7:
            near = [k for k in (place - 1, place + 1) if 0 <= k < len(values)]
            chosen = near[int(rng.integers(len(near)))]
        else:
            chosen = int(rng.integers(len(values) - 1))
            chosen += chosen >= place
        return replace(self, values={**self.values, name: values[chosen]})


def space(names: Sequence[str] = ()) -> tuple[GameFamily, ...]:
    """Return the families that a challenger may use.

    Parameters
    ----------
    names
        Only these; none: all.

    Raises
    ------
    NoFamilyError
        If a name is unknown, or its family is held out.
    """
    from nashforge.evolve.challenge.families import FAMILIES

    free = [family for family in FAMILIES if not is_held_out(family)]
    known = {family.name: family for family in free}
    for name in names:
        if name in known:
            continue
        if any(family.name == name for family in FAMILIES):
            raise NoFamilyError(
                f"games of the family {name!r} validate or test searches, so none are made; choose from "
                f"{', '.join(known)}"
            )
        raise NoFamilyError(f"there is no family of games {name!r}; choose from {', '.join(known)}")
    if not free:
        raise NoFamilyError("all families of games validate or test searches; none is left to make games of")
    return tuple(known[name] for name in names) if names else tuple(free)


def is_held_out(family: GameFamily) -> bool:
    """Whether games of a family validate or test: none of them may be made."""
    first = Point(family, {name: values[0] for name, values in family.parameters.items()}).game
    families, names = held_out()
    return games.family(first) in families or _short_name(first) in names


def held_out() -> tuple[frozenset[str], frozenset[str]]:
    """Return the families of the suites that validate and test, and the short names of their games."""
    suites = [games.load_suite(suite) for suite in HELD_OUT]
    names = {_short_name(game) for suite in suites for game in suite.games}
    return frozenset(name for suite in suites for name in suite.families), frozenset(names)


def _short_name(game: str) -> str:
    text = "".join(game.split()).removeprefix("turn_based_simultaneous_game(game=")
    return text.partition("(")[0]


def _any(values: Sequence[Value], rng: np.random.Generator) -> Value:
    return values[int(rng.integers(len(values)))]
