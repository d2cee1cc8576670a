"""Parameters at which OpenSpiel ends the process instead of raising an error.

Found by trying them with OpenSpiel 2.0.2: ``universal_poker`` trusts that lists are as long as there are
players or rounds, and that there are cards enough.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nashforge.games.errors import GameStringError


def check_parameters(parameters: Mapping[str, Any], defaults: Mapping[str, Any]) -> None:
    """Refuse what OpenSpiel does not survive.

    Parameters
    ----------
    parameters
        Of one game, with its name.
    defaults
        Of those that are not given.

    Raises
    ------
    GameStringError
        If a parameter is out of the range of the game.
    """
    name = parameters.get("name")
    if name == "universal_poker":
        _check_poker({**defaults, **parameters})
    elif name == "hanabi":
        _check_range(name, "players", parameters.get("players", 2), 2, 5)


def _check_poker(given: Mapping[str, Any]) -> None:
    name = "universal_poker"
    players, rounds = given["numPlayers"], given["numRounds"]
    for key, value, most in (
        ("numPlayers", players, 10),
        ("numRounds", rounds, 4),
        ("numSuits", given["numSuits"], 4),
        ("numRanks", given["numRanks"], 13),
        ("numHoleCards", given["numHoleCards"], 3),
    ):
        _check_range(name, key, value, 2 if key == "numPlayers" else 1, most)
    lengths = {"blind": (players, "players"), "numBoardCards": (rounds, "rounds")}
    if given["betting"] == "nolimit":
        lengths["stack"] = players, "players"
    else:
        lengths["raiseSize"] = rounds, "rounds"
    numbers = {key: _numbers(name, key, given[key]) for key in (*lengths, "firstPlayer")}
    for key, (least, whose) in lengths.items():
        if len(numbers[key]) < least:
            raise GameStringError(
                f"{key}={given[key]} of {name} has {len(numbers[key])} numbers, one for each of {least} "
                f"{whose} is needed"
            )
    for first in numbers["firstPlayer"]:
        _check_range(name, "firstPlayer", first, 1, players)
    needed = players * given["numHoleCards"] + sum(numbers["numBoardCards"][:rounds])
    if needed > given["numSuits"] * given["numRanks"]:
        raise GameStringError(
            f"{name} deals {needed} cards, and numSuits={given['numSuits']} times "
            f"numRanks={given['numRanks']} are fewer; raise one of them"
        )


def _numbers(game: str, key: str, text: str) -> list[int]:
    try:
        return [int(word) for word in text.split()]
    except ValueError:
        raise GameStringError(
            f"{key}={text} of {game} is no list of whole numbers, such as '1 1'; correct it"
        ) from None


def _check_range(game: str, key: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise GameStringError(f"{key}={value} of {game} must be between {least} and {most}")
