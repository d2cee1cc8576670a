"""Identities of games: their parameters, and the content of the files that they read.

OpenSpiel's own spelling of a loaded game drops parameters of some games (all those of
``restricted_nash_response`` but the number of players), and never tells what is in a file. So the identity
is made of the parameters as they were given, with the defaults of those that were not where the loaded game
names them, of nested games likewise, and of digests of files.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nashforge.games.errors import GameFileError, GameStringError
from nashforge.games.files.reading import SUFFIXES, file_bytes, is_game_file
from nashforge.games.generators.library import is_generated
from nashforge.games.loading.openspiel import Game, is_openspiel, load_parsed
from nashforge.games.loading.parameters import Parameters, nested, parse_game_string, written

_FOLDER_ENDINGS = ("root", "dir", "directory", "folder", "path")
"""Endings of parameters that name a folder whose files a game reads."""
_MOST_FILES = 10_000


@dataclass(frozen=True)
class Identity:
    """The identity of a game: equal for two games only if they are the same.

    Attributes
    ----------
    text : str
        What it consists of, as canonical JSON.
    """

    text: str

    @property
    def digest(self) -> str:
        """A hash of it, 32 hexadecimal digits."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:32]


def identity(game: str | Path) -> Identity:
    """Return the identity of what a text names.

    Parameters
    ----------
    game
        A game string of OpenSpiel or of a generator, the path of a game file, or any other text that names a
        game of ours (payoffs, a family with its seed, a world), which says all there is to say.

    Raises
    ------
    nashforge.games.GameError
        If OpenSpiel knows a game of that name and cannot load it, or a file cannot be read.
    """
    text = os.fspath(game).strip()
    if is_game_file(text):
        return identity_of_content(text, file_bytes(Path(text).expanduser()))
    if not (is_generated(text) or is_openspiel(text)):
        return _of({"text": " ".join(text.split())})
    from nashforge.games.loading.source import load

    found = load(text).identity
    assert found is not None  # as it was given by a text
    return found


def identity_of_content(name: str, data: bytes) -> Identity:
    """Return the identity of a game file."""
    suffix = next(suffix for suffix in SUFFIXES if name.lower().endswith(suffix))
    return _of({"format": suffix[1:], "sha256": hashlib.sha256(data).hexdigest()})


def identity_of(parameters: Parameters, loaded: Game | None, digests: Mapping[str, str]) -> Identity:
    """Return the identity of a game with these parameters.

    Parameters
    ----------
    parameters
        As they were given.
    loaded
        The game that OpenSpiel made of them; None if it plays it not, but we from a file.
    digests
        Of the files that they name, see `file_digests`.
    """
    return _of(_described(parameters, loaded, digests))


def _of(description: object) -> Identity:
    return Identity(json.dumps(description, sort_keys=True, separators=(",", ":")))


def _described(parameters: Parameters, loaded: Game | None, digests: Mapping[str, str]) -> dict[str, Any]:
    whole: dict[str, Any] = dict(parameters)
    if loaded is not None:
        reported = loaded.get_parameters()
        plain = {
            key: value for key, value in parameters.items() if not isinstance(value, dict) and key != "name"
        }
        # Defaults are taken from a game that tells all its parameters: one that does not tells of another.
        if parameters.keys() - {"name"} <= reported.keys() and all(
            reported[k] == v for k, v in plain.items()
        ):
            whole = {**{k: v for k, v in reported.items() if not isinstance(v, dict)}, **whole}
    described: dict[str, Any] = {}
    for key, value in whole.items():
        if isinstance(value, dict):
            described[key] = _described(value, _load_alone(value), digests)
        elif isinstance(value, str) and key != "name" and value in digests:
            # A name alone never tells a game; where it is sure to be that of a file, the content does.
            only_content = key == "filename" or key.endswith("_file")
            described[key] = {"sha256": digests[value], **({} if only_content else {"value": value})}
        else:
            described[key] = value
    return described


def _load_alone(parameters: Parameters) -> Game | None:
    try:
        return load_parsed(parameters)
    except GameStringError:  # it can be loaded only as its wrapper does it
        return None


GAMBIT = {"efg_game": ".efg", "nfg_game": ".nfg"}
"""OpenSpiel's games that are read from a file in one of Gambit's formats, and the format's ending."""


def files_of_ours(parameters: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield paths and formats of the files in Gambit's formats that a game, or one that it wraps, reads."""
    for part in nested(parameters):
        suffix, path = GAMBIT.get(str(part.get("name"))), part.get("filename")
        if suffix and isinstance(path, str) and path:
            yield path, suffix


def texts_of(parameters: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the names and values of the parameters that are texts, those of nested games included."""
    for key, value in parameters.items():
        if isinstance(value, Mapping):
            yield from texts_of(value)
        elif isinstance(value, str) and key != "name" and value:
            yield key, value


def file_digests(parameters: Mapping[str, Any]) -> dict[str, str]:
    """Return the SHA-256 of every file, and of every folder of files, that a parameter names.

    Raises
    ------
    GameFileError
        If a file cannot be read.
    """
    found: dict[str, str] = {}
    for key, value in texts_of(parameters):
        try:
            mode = os.stat(value).st_mode
        except (OSError, ValueError):
            continue
        if stat.S_ISREG(mode):
            found[value] = _digest(Path(value))
        elif stat.S_ISDIR(mode) and key.lower().endswith(_FOLDER_ENDINGS):
            files = sorted(path for path in Path(value).rglob("*") if path.is_file())
            if len(files) > _MOST_FILES:
                raise GameFileError(
                    f"{key}={value} has more than {_MOST_FILES:,} files; name a smaller folder"
                )
            named = [(os.fspath(path.relative_to(value)), _digest(path)) for path in files]
            found[value] = hashlib.sha256(json.dumps(named).encode()).hexdigest()
    return found


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise GameFileError(f"the file {path} of a game cannot be read: {error.strerror}") from error


def portable(game: str) -> str:
    """Return how to call a game from any folder: paths of files are made absolute.

    A text without files is returned as it is.
    """
    text = game.strip()
    if is_game_file(text):
        return os.path.abspath(Path(text).expanduser())
    if not is_openspiel(text):
        return game
    parameters = parse_game_string(text)
    digests = file_digests(parameters)
    relative = {value for value in digests if not os.path.isabs(value)}
    return written(_absolute(parameters, relative)) if relative else game


def _absolute(parameters: Parameters, relative: set[str]) -> Parameters:
    return {
        key: _absolute(value, relative)
        if isinstance(value, dict)
        else os.path.abspath(value)
        if isinstance(value, str) and key != "name" and value in relative
        else value
        for key, value in parameters.items()
    }
