"""Knowledge of players at a history, which decides the information set that they are in.

Of games that provide no information-state strings it is an assumption, which whoever compiles one makes: that
a player knows what its observation strings have shown it so far, and its own moves; or that all players know
all that has happened. Both have perfect recall by construction.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias, get_args

from nashforge.games.errors import UnsupportedGameError
from nashforge.games.loading.openspiel import Game, State

Information: TypeAlias = Literal["state", "observation", "history"]
INFORMATION: tuple[Information, ...] = get_args(Information)
"""By information-state strings, by observations and own moves, or by histories."""

Known: TypeAlias = tuple[int, ...]
"""What each player has seen and done, by number; empty where nobody counts."""


class Knowledge:
    """Players know what their information-state strings say.

    A traversal carries what is `known` with each history: it asks `look` at every decision, for all players,
    then `label` for the one who moves, and `moved` for what is known after a move.
    """

    start: Known = ()
    fault, remedy = "is ill-formed", "report it to its authors"
    """What is to be said of a game that offers different actions to a player who knows the same."""

    def look(self, known: Known, state: State) -> Known:
        """Return what players know once they have looked at a state."""
        return known

    def label(self, known: Known, state: State, player: int) -> str:
        """Return the name of the information set of a player who moves."""
        name: str = state.information_state_string()
        return name

    def moved(self, known: Known, player: int, action: int) -> Known:
        """Return what players know once one of them has moved, before they look."""
        return known


class ByObservations(Knowledge):
    """Players know what they have observed, at their own decisions and others', and their own moves.

    Observations that do not change are one: a player does not count moves that it cannot see. Where a game
    provides information-state strings, too, they are held against these: observations that tell less than
    they do would make another game.
    """

    fault = "cannot be played by what its observation strings tell"
    remedy = "choose another game, or information by history where it is perfect"

    def __init__(self, name: str, players: int, told: bool) -> None:
        self._name, self._told = name, told
        self._states: dict[tuple[int, int], str] = {}
        self.start = (0,) * players
        self._numbers: list[dict[tuple[int, str | int], int]] = [{} for _ in range(players)]
        self._last: list[list[str | int | None]] = [[None] for _ in range(players)]

    def look(self, known: Known, state: State) -> Known:
        return tuple(self._seen(i, each, state.observation_string(i)) for i, each in enumerate(known))

    def label(self, known: Known, state: State, player: int) -> str:
        if self._told:
            place, text = (player, known[player]), state.information_state_string()
            other = self._states.setdefault(place, text)
            if other != text:
                raise UnsupportedGameError(
                    f"observation strings tell the players of {self._name} less than its information-state "
                    f"strings do: {other!r:.80} and {text!r:.80} look alike; go by the latter"
                )
        return f"{self._last[player][known[player]]} [seen {known[player]}]"

    def moved(self, known: Known, player: int, action: int) -> Known:
        return (*known[:player], self._seen(player, known[player], action), *known[player + 1 :])

    def _seen(self, player: int, known: int, event: str | int) -> int:
        """Return the number of what a player knows after an observation (a text) or a move of its own."""
        last = self._last[player]
        if last[known] == event and isinstance(event, str):
            return known
        number = self._numbers[player].setdefault((known, event), len(last))
        if number == len(last):
            last.append(event)
        return number


class ByHistory(Knowledge):
    """Players know all that has happened, but for moves that others make at the same time."""

    def label(self, known: Known, state: State, player: int) -> str:
        whole = getattr(state, "simultaneous_game_state", None)
        history = (state if whole is None else whole()).history()
        return f"history {' '.join(map(str, history))}".rstrip()


def knowledge(information: Information, game: Game, name: str) -> Knowledge:
    """Return what the players of a sequential game know."""
    kinds: dict[str, Callable[[], Knowledge]] = {
        "state": Knowledge,
        "observation": lambda: ByObservations(
            name, game.num_players(), game.get_type().provides_information_state_string
        ),
        "history": ByHistory,
    }
    return kinds[information]()
