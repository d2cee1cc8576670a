"""Partners from the Axelrod library for the iterated prisoner's dilemma, as OpenSpiel bots. Optional.

Install them with ``pip install ".[studies]"``. Source: Knight et al., "An open framework for the
reproducible study of the iterated prisoner's dilemma" (2016).
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
import pyspiel

from nashforge.games.dilemmas.matrix import COOPERATE
from nashforge.games.naming import choice

POOL = (
    "Cooperator",
    "Defector",
    "Tit For Tat",
    "GTFT",
    "Grudger",
    "Win-Stay Lose-Shift",
    "Suspicious Tit For Tat",
    "Random",
)
"""Partners that differ in what they forgive; `partner_names` has all."""

_COOPERATES = COOPERATE["prisoners_dilemma"]


class PartnerError(ValueError):
    """A partner that does not exist, or whose library is not installed."""


def partner_names() -> tuple[str, ...]:
    """Return the names of all partners, sorted.

    Raises
    ------
    PartnerError
        If the Axelrod library is not installed.
    """
    return tuple(sorted(_strategies()))


class AxelrodBot(pyspiel.Bot):  # type: ignore[misc]
    """A strategy of the Axelrod library in an iterated prisoner's dilemma of OpenSpiel.

    It plays as in ``axelrod.Match``: it knows how many rounds there are, and takes the payoffs for those of
    that library (5, 3, 1, 0).

    Parameters
    ----------
    player
        Its seat, 0 or 1.
    name
        One of `partner_names`.
    rng
        Where a strategy that randomises gets its seed.

    Raises
    ------
    PartnerError
        If there is no such partner.
    """

    def __init__(self, player: int, name: str, rng: np.random.Generator) -> None:
        super().__init__()
        known = _strategies()
        if name not in known:
            raise PartnerError(
                f"there is no partner {name!r} in the Axelrod library; "
                + choice(name, known, "see partner_names()")
            )
        self._axelrod = import_module("axelrod")
        self._player, self._kind = player, known[name]
        self._seed = int(rng.integers(2**31))
        self.restart()

    def restart(self) -> None:
        """Forget the game."""
        self._own = self._kind()
        self._other = self._axelrod.MockPlayer()
        self._next: Any = None
        self._started = False

    def restart_at(self, state: pyspiel.State) -> None:
        """Forget the game, and live through the moves that led to a state."""
        self.restart()
        self._take_in(state)

    def player_id(self) -> int:
        """Return its seat."""
        return self._player

    def provides_policy(self) -> bool:
        """Only moves are known, not their probabilities."""
        return False

    def step(self, state: pyspiel.State) -> int:
        """Return the next move; asked again at the same state, the same one."""
        self._take_in(state)
        return _COOPERATES if self._decided() == self._axelrod.Action.C else 1 - _COOPERATES

    def _decided(self) -> Any:
        """Return the move of this round; many strategies change what they remember when they are asked."""
        if self._next is None:
            self._next = self._own.strategy(self._other)
        return self._next

    def _take_in(self, state: pyspiel.State) -> None:
        """Bring the strategy, its opponent and what it remembers up to a state."""
        if not self._started:
            # As in a match of that library: the strategy knows how many rounds there are.
            self._own.set_match_attributes(
                length=state.get_game().max_game_length(), game=self._axelrod.DefaultGame, noise=0
            )
            self._own.set_seed(self._seed)
            self._started = True
        moves = state.history()
        actions = (self._axelrod.Action.C, self._axelrod.Action.D)
        for round_number in range(len(self._own.history), len(moves) // 2):
            pair = [actions[int(moves[2 * round_number + k] != _COOPERATES)] for k in range(2)]
            own, other = pair[self._player], pair[1 - self._player]
            self._decided()
            self._next = None
            # Not the histories alone: teams of strategies pass on to their members what was played.
            self._own.update_history(own, other)
            self._other.update_history(other, own)


def _strategies() -> dict[str, Any]:
    try:
        library = import_module("axelrod")
    except ModuleNotFoundError as error:
        raise PartnerError(
            'the Axelrod library is not installed; install it with `pip install ".[studies]"` in the checkout'
        ) from error
    return {kind.name: kind for kind in library.strategies}
