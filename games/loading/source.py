"""Everything that may be given where a game is wanted, loaded in one place."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy.typing as npt
import pyspiel

from nashforge.games.errors import GameFileError, GameStringError, UnsupportedGameError
from nashforge.games.files.reading import file_bytes, is_game_file, parse_game_file
from nashforge.games.files.strategic import StrategicFile
from nashforge.games.generators.library import GENERATORS, generate
from nashforge.games.loading.identities import (
    GAMBIT,
    Identity,
    file_digests,
    files_of_ours,
    identity_of,
    identity_of_content,
)
from nashforge.games.loading.openspiel import Game, canonical_name, defined_in_python, load_parsed
from nashforge.games.loading.parameters import parse_game_string

GameSource: TypeAlias = "str | Path | Game"
"""A game string, of OpenSpiel or a generator; a path of a ``.nfg`` or ``.efg`` file; a pyspiel ``Game``."""


@dataclass(frozen=True, eq=False)
class LoadedGame:
    """A game that is ready to be compiled.

    Attributes
    ----------
    name : str
        As it was given.
    game : pyspiel.Game, ExtensiveFile, StrategicFile or Generated
    identity : Identity or None
        What it is; None where nothing tells: a ``pyspiel.Game`` may carry data that its name does not show.
    openspiel : bool
        Whether OpenSpiel plays it, and not we from a file or a generator.
    """

    name: str
    game: Any
    identity: Identity | None
    openspiel: bool

    @property
    def lasting(self) -> bool:
        """Whether what it compiles to may be stored: its identity is known, and is not a Python class."""
        return self.identity is not None and not (self.openspiel and defined_in_python(self.game))


def load(source: GameSource) -> LoadedGame:
    """Load a game, whichever way it is given.

    Parameters
    ----------
    source : str, Path or pyspiel.Game
        An OpenSpiel game string such as ``"leduc_poker(players=3)"`` or that of a generator, the path of a
        game file in Gambit's format (it ends in ``.nfg`` or ``.efg``), or a loaded game. The files of
        ``efg_game(filename=...)`` and ``nfg_game(filename=...)`` are read by us, too, unless another game
        wraps these.

    Raises
    ------
    GameStringError
        If OpenSpiel does not know or cannot read the game string.
    GameFileError
        If a file cannot be read or is ill-formed; the sentence names the line and what was expected there.
    TypeError
        If it is none of these.
    """
    if isinstance(source, pyspiel.Game):
        return LoadedGame(canonical_name(source), source, None, openspiel=True)
    if not isinstance(source, str | Path):
        raise TypeError(
            "a game is an OpenSpiel game string, the path of a .nfg or .efg file, or a pyspiel.Game; got "
            f"{source!r}"
        )
    name = os.fspath(source).strip()
    if isinstance(source, Path) and not is_game_file(name):
        raise GameFileError(f"{name} is no game file: the path of one ends in .nfg or .efg")
    if is_game_file(name):
        data = file_bytes(Path(name).expanduser())
        return LoadedGame(name, parse_game_file(data, name), identity_of_content(name, data), openspiel=False)
    return _from_string(name)


def _from_string(name: str) -> LoadedGame:
    parameters = parse_game_string(name)
    if not parameters["name"]:
        raise GameStringError(f"{name!r} names no game; write for example 'kuhn_poker(players=3)'")
    if parameters["name"] in GENERATORS:
        generated, what = generate(parameters)
        return LoadedGame(name, generated, Identity(what), openspiel=False)
    digests = file_digests(parameters)
    # OpenSpiel reads a part of Gambit's formats, takes no notice of outcomes at inner nodes, and ends the
    # process at some files that are ill-formed: we read the files, also those that it shall read inside of
    # another game, and say what is wrong in which line.
    read = [parse_game_file(file_bytes(path), path, suffix) for path, suffix in files_of_ours(parameters)]
    openspiel = parameters["name"] not in GAMBIT or not read
    game = load_parsed(parameters) if openspiel else read[0]
    if file_digests(parameters) != digests:
        raise GameFileError(f"a file of {name} changed while it was read; try again")
    loaded = game if openspiel else None
    return LoadedGame(name, game, identity_of(parameters, loaded, digests), openspiel)


def exact_payoffs(source: GameSource) -> npt.NDArray[Any]:
    """Return the payoffs of a game file in strategic form as exact fractions.

    Returns
    -------
    ndarray of Fraction, shape (players, strategies of player 1, of player 2, ...)

    Raises
    ------
    GameError
        If it cannot be loaded, or is no game in strategic form from a file.
    """
    loaded = load(source)
    game = loaded.game
    if not isinstance(game, StrategicFile):
        raise UnsupportedGameError(
            f"{loaded.name} is no game in strategic form from a file; give a .nfg file"
        )
    return game.payoffs
