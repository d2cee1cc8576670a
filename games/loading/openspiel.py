"""OpenSpiel games loaded with errors in sentences, and the properties that a compilation needs."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import metadata
from typing import Any, TypeAlias

import pyspiel

from nashforge.games.errors import GameStringError, UnsupportedGameError
from nashforge.games.generators.library import GENERATORS
from nashforge.games.guards import check_parameters
from nashforge.games.loading.parameters import Parameters, nested, parse_game_string, specification, written
from nashforge.games.naming import choice

# pyspiel ships no type information, so its objects are untyped here.
Game: TypeAlias = Any
State: TypeAlias = Any

OPENSPIEL_ERRORS = (pyspiel.SpielError, ValueError, RuntimeError, IndexError, TypeError)
"""Errors that OpenSpiel raises: its own, and those that pybind11 makes of C++ exceptions."""

_stderr_lock = threading.Lock()


@cache
def openspiel_version() -> str:
    """Return the version of the installed OpenSpiel."""
    return metadata.version("open_spiel")


@contextmanager
def without_openspiel_noise() -> Iterator[None]:
    """Keep OpenSpiel's C++ error handler from printing to the terminal what is raised anyway.

    The handler writes to file descriptor 2 before it throws, so only a redirection of the descriptor itself
    silences it. The window is one call long.
    """
    with _stderr_lock:
        if sys.stderr is not None:
            sys.stderr.flush()
        try:
            saved = os.dup(2)
        except OSError:  # descriptor 2 is closed: nothing can be printed
            yield
            return
        try:
            sink = os.open(os.devnull, os.O_WRONLY)
            os.dup2(sink, 2)
            os.close(sink)
            yield
        finally:
            os.dup2(saved, 2)
            os.close(saved)


def first_line(error: BaseException) -> str:
    """Return the informative part of an OpenSpiel error: its first line without the C++ source position."""
    line = str(error).strip().partition("\n")[0]
    position, _, message = line.partition(" ")
    return message if ".cc:" in position or ".h:" in position else line


def load_game(game: str) -> Game:
    """Load a game by its OpenSpiel string, e.g. ``"leduc_poker(players=3)"``.

    Raises
    ------
    GameStringError
        If the game or one of its parameters is unknown, out of range or ill-formed.
    """
    parameters = parse_game_string(game)
    if not parameters["name"]:
        raise GameStringError(f"{game!r} names no game; write for example 'kuhn_poker(players=3)'")
    return load_parsed(parameters)


def load_parsed(parameters: Parameters) -> Game:
    """Load a game by its parameters, as `nashforge.games.loading.parameters.parse_game_string` returns them.

    Raises
    ------
    GameStringError
        If the game or one of its parameters is unknown or out of range.
    """
    for part in nested(parameters):
        name = str(part.get("name", ""))
        _check_known(name)
        check_parameters(part, specification(name))
    own = {key: value for key, value in parameters.items() if key != "name"}
    try:
        with without_openspiel_noise():
            return pyspiel.load_game(parameters["name"], own)
    except OPENSPIEL_ERRORS as error:
        reason = first_line(error)
        hint = "" if "Available parameters" in reason else f"; {_parameters(parameters['name'])}"
        raise GameStringError(
            f"OpenSpiel cannot load the game {written(parameters).removesuffix('()')!r}: {reason}{hint}"
        ) from error


def is_openspiel(text: str) -> bool:
    """Whether a text is a game string by its name, well formed or not."""
    name = text.partition("(")[0].strip()
    return name.startswith(("python_", "mean_field_")) or name in pyspiel.registered_names()


def _check_known(name: str) -> None:
    specification(name)  # registers OpenSpiel's games written in Python, if it is one
    known = pyspiel.registered_names()
    if name not in known:
        remedy = choice(name, [*known, *GENERATORS], "see `nashforge games` for some of them")
        raise GameStringError(
            f"OpenSpiel {openspiel_version()} has no game called {name!r}; {remedy}",
            "" if remedy.endswith("?") else ", or pyspiel.registered_names()",
        )


def _parameters(name: str) -> str:
    known = specification(name)
    return f"its parameters are {', '.join(sorted(known))}" if known else "it has no parameters"


def canonical_name(game: str | Game) -> str:
    """Return OpenSpiel's own spelling of a game: parameters sorted, no empty parentheses.

    Parameters
    ----------
    game : str or pyspiel.Game
        The game; a string is loaded first.
    """
    return str(load_game(game) if isinstance(game, str) else game).removesuffix("()")


def short_name(game: Game) -> str:
    """Return the short name of a game, e.g. ``goofspiel``, looking through the turn-based conversion."""
    name: str = game.get_type().short_name
    if name == "turn_based_simultaneous_game":
        inner = game.get_parameters().get("game")
        if isinstance(inner, dict):
            return str(inner.get("name", name))
    return name


def defined_in_python(game: Game) -> bool:
    """Whether the game, or the game it wraps, is implemented by a Python class, whose version is unknown."""
    return type(game).__module__ != pyspiel.Game.__module__ or "python_" in str(game)


def sequential_form(
    game: Game, name: str, information: str = "state", *, sampled_chance: bool = False
) -> Game:
    """Return the game itself, or its turn-based conversion if its players move simultaneously.

    Parameters
    ----------
    game, name
        The game, and how errors call it.
    information
        By what its players know where they are, see `nashforge.games.compilation.knowledge`.
    sampled_chance
        Whether chance may be sampled inside the state, which is enough for who plays single histories.

    Raises
    ------
    UnsupportedGameError
        If the game has no exact finite sequence form: chance is sampled rather than enumerated, there are
        no information-state strings, or it is a mean-field game.
    """
    kind = game.get_type()
    if kind.dynamics == pyspiel.GameType.Dynamics.MEAN_FIELD:
        raise UnsupportedGameError(
            f"{name} is a mean-field game, which has no game tree to compile; learners of the domain mfg "
            "solve it, such as tuned_omd (see `nashforge rules --domain mfg`)"
        )
    if kind.chance_mode == pyspiel.GameType.ChanceMode.SAMPLED_STOCHASTIC and not sampled_chance:
        raise UnsupportedGameError(
            f"{name} samples its chance events inside the state instead of listing them, so its tree cannot "
            f"be enumerated; choose a game with explicit chance (many have a parameter for it)"
        )
    perfect = kind.information == pyspiel.GameType.Information.PERFECT_INFORMATION
    provided = {
        "state": kind.provides_information_state_string,
        "observation": kind.provides_observation_string,
        "history": perfect,
    }
    if not provided[information]:
        what = {
            "state": "provides no information-state strings, so what its players know is undefined",
            "observation": "provides no observation strings",
            "history": "has no perfect information, so that players do not know the history",
        }
        others = " or ".join(other for other, given in provided.items() if given)
        remedy = (
            f", or say by what they are to know: `nashforge solve`, `games` and `equilibrium` have "
            f"--information {others}"
        )
        raise UnsupportedGameError(
            f"{name} {what[information]}; choose another game{remedy if others else ''}"
        )
    if kind.dynamics == pyspiel.GameType.Dynamics.SIMULTANEOUS:
        try:
            with without_openspiel_noise():
                return pyspiel.convert_to_turn_based(game)
        except OPENSPIEL_ERRORS as error:
            raise UnsupportedGameError(
                f"{name} cannot be converted to a turn-based game: {first_line(error)}"
            ) from error
    return game
