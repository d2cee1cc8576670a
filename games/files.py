"""Files that game strings name, wherever the process that plays them works."""

from __future__ import annotations

import os
import re

from games.errors import GameStringError

_VALUE = re.compile(r"(?<==)[^,()=]+")
_SEPARATORS = re.compile(r"[,()=]")


def with_absolute_files(game: str) -> str:
    """Return a game string whose files are named by absolute paths: ``efg_game(filename=/home/me/my.efg)``.

    Parameters
    ----------
    game
        A game string, nested ones included, or the path of a file. What is no file is left as it is.

    Raises
    ------
    GameStringError
        If the path of the current directory has signs that separate the parameters of a game.
    """
    if os.path.isfile(game):
        return os.path.abspath(game)

    def absolute(match: re.Match[str]) -> str:
        path = match[0].strip()
        if os.path.isabs(path) or not os.path.isfile(path):
            return match[0]
        made = os.path.abspath(path)
        if _SEPARATORS.search(made):
            raise GameStringError(
                f"the file {path} in {game!r} is {made}, and a game string cannot hold a path with a "
                "comma, a bracket or an equals sign; move the file, or rename the folder"
            )
        return made

    return _VALUE.sub(absolute, game)
