"""OpenSpiel game strings as trees of typed parameters.

OpenSpiel guesses the type of a parameter from how its value looks, so that ``firstPlayer=1`` is a number and
refused by a game that wants a text. Here the game's specification decides. A value in quotes may hold commas,
brackets and spaces: ``lewis_signaling(payoffs="1, 0, 0, 1")``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, TypeAlias

import pyspiel

from nashforge.games.errors import GameStringError
from nashforge.games.generators.library import GENERATORS

Parameters: TypeAlias = dict[str, Any]
"""Parameters by name, with the game's own name under ``name``; games that a game wraps are nested."""

_OPEN, _CLOSE, _QUOTES = "([{", ")]}", "\"'"


def parse_game_string(text: str) -> Parameters:
    """Return the parameters that a game string gives, of the types that the games specify.

    Raises
    ------
    GameStringError
        If it is ill-formed, or a value cannot be of the type of its parameter.
    """
    return _Parser(text.strip()).game()


def written(parameters: Mapping[str, Any]) -> str:
    """Return parameters as a game string, sorted by name."""
    own = ",".join(f"{key}={_value(parameters[key])}" for key in sorted(parameters) if key != "name")
    return f"{parameters.get('name', '')}({own})"


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        return written(value)
    text = str(value)
    if not isinstance(value, str):
        return text
    plain = text == text.strip() and not any(c in text for c in ",\"'()") and text != ""
    if plain:
        return text
    quote = "'" if '"' in text else '"'
    return f"{quote}{text}{quote}"


def nested(parameters: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the parameters of a game, and of those that it wraps."""
    yield parameters
    for value in parameters.values():
        if isinstance(value, Mapping):
            yield from nested(value)


def specification(name: str) -> Mapping[str, Any]:
    """Return the parameters of a game with their defaults; empty for a game that nobody knows."""
    if name in GENERATORS:
        return GENERATORS[name].defaults
    if name.startswith(("python_mfg_", "mean_field_")):
        import open_spiel.python.mfg.games
        import open_spiel.python.mfg.games.normal_form_game
    elif name.startswith("python_"):
        import open_spiel.python.games  # noqa: F401  registers OpenSpiel's games written in Python
    return _specifications(len(pyspiel.registered_names())).get(name, {})


@cache
def _specifications(registered: int) -> dict[str, Mapping[str, Any]]:
    """Return all specifications; the number of games says whether more were registered since."""
    return {kind.short_name: dict(kind.parameter_specification) for kind in pyspiel.registered_games()}


class _Parser:
    """Reads ``name(key=value,...)``; a value ends at a comma or bracket that no bracket or quote encloses."""

    def __init__(self, text: str) -> None:
        self._text, self._place = text, 0

    def game(self) -> Parameters:
        found = self._game()
        if self._place < len(self._text):
            raise self._problem(f"{self._text[self._place :]!r} follows the last bracket")
        return found

    def _problem(self, what: str) -> GameStringError:
        return GameStringError(
            f"the game {self._text!r} is ill-formed: {what}; write for example 'leduc_poker(players=3)'"
        )

    def _game(self) -> Parameters:
        rest = self._text[self._place :]
        length = next((k for k, c in enumerate(rest) if c in "(),"), len(rest))
        parameters: Parameters = {"name": rest[:length].strip()}
        self._place += length
        if not self._taken("("):
            return parameters
        if self._taken(")"):
            return parameters
        while True:
            key, sign, _ = self._text[self._place :].partition("=")
            key = key.strip()
            if not sign or not key or any(c in key for c in "(),"):
                raise self._problem(
                    f"expected NAME=VALUE at {self._text[self._place : self._place + 30]!r} (a value with "
                    "commas goes in quotes)"
                )
            if key in parameters:
                raise self._problem(f"{key!r} is given twice")
            self._place = self._text.index("=", self._place) + 1
            parameters[key] = self._parameter(parameters["name"], key)
            if self._taken(")"):
                return parameters
            if not self._taken(","):
                raise self._problem("a closing bracket is missing")

    def _taken(self, sign: str) -> bool:
        while self._text[self._place : self._place + 1] in (" ", "\t", "\n"):
            self._place += 1
        if self._text[self._place : self._place + 1] != sign:
            return False
        self._place += 1
        return True

    def _parameter(self, game: str, key: str) -> Any:
        default = specification(game).get(key)
        start = self._place
        raw, quoted = self._raw()
        if quoted:
            return raw
        if isinstance(default, dict) or (default is None and raw.endswith(")")):
            end, self._place = self._place, start
            while self._text[self._place].isspace():
                self._place += 1
            value = self._game()
            self._taken("")  # blanks
            if self._place != end:
                raise self._problem(f"{self._text[self._place : end]!r} follows the game of {key!r}")
            return value
        return _typed(game, key, raw, default)

    def _raw(self) -> tuple[str, bool]:
        text, depth = self._text, 0
        start = self._place
        while start < len(text) and text[start] in " \t\n":
            start += 1
        if text[start : start + 1] and text[start] in _QUOTES:
            end = text.find(text[start], start + 1)
            if end < 0:
                raise self._problem(f"the quotation mark of {text[start : start + 20]!r} has no second one")
            self._place = end + 1
            return text[start + 1 : end], True
        for place in range(start, len(text)):
            sign = text[place]
            if depth == 0 and sign in ",)":
                self._place = place
                return text[start:place].strip(" \t"), False
            depth += (sign == "(") - (sign == ")")
        raise self._problem("a closing bracket is missing")


def _typed(game: str, key: str, raw: str, default: object) -> Any:
    """Return a value of the type of the parameter's default."""
    if default is None:  # a parameter that is not specified: OpenSpiel's guess, and its complaint
        return pyspiel.game_parameters_from_string(f"game(value={raw})").get("value", raw)
    if isinstance(default, str):
        return raw
    try:
        if isinstance(default, bool):
            return {"true": True, "false": False}[raw.lower()]
        if isinstance(default, int):
            return int(raw)
        if isinstance(default, float):
            return float(raw)
    except (KeyError, ValueError):
        kinds = {bool: "True or False", int: "a whole number", float: "a number"}
        raise GameStringError(
            f"{key}={raw} is not a parameter of {game}: write {kinds[type(default)]}, such as {key}={default}"
        ) from None
    return raw
