"""Games by their rules: who moves after a history, what is known there, and what is paid at the end."""

from __future__ import annotations

from typing import Protocol

TERMINAL = -4
"""OpenSpiel's number of the player at an end."""

History = tuple[int, ...]


class Rules(Protocol):
    """The rules of a game of two players without chance, zero-sum."""

    def mover(self, history: History) -> int:
        """Return who moves after a history: 0, 1 or `TERMINAL`."""

    def moves(self, history: History) -> list[int]:
        """Return the numbers of the mover's actions."""

    def known(self, history: History) -> str:
        """Return what the mover knows: its information set."""

    def paid(self, history: History) -> float:
        """Return what player 1 of Gambit's, number 0 here, earns at an end."""

    def action_name(self, player: int, action: int) -> str:
        """Return the name of an action."""


class WalkedGame:
    """A game that is compiled by a walk over its histories, as those of OpenSpiel are."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules

    def num_players(self) -> int:
        """Return the number of players."""
        return 2

    def new_initial_state(self) -> WalkedState:
        """Return the state at the root."""
        return WalkedState(self._rules, ())


class WalkedState:
    """A history, with the part of the interface of ``pyspiel.State`` that compiling and writing use."""

    __slots__ = ("_history", "_rules")

    def __init__(self, rules: Rules, history: History) -> None:
        self._rules, self._history = rules, history

    def current_player(self) -> int:
        """Return who moves."""
        return self._rules.mover(self._history)

    def child(self, action: int) -> WalkedState:
        """Return the state after an action."""
        return WalkedState(self._rules, (*self._history, action))

    def apply_action(self, action: int) -> None:
        """Go to the state after an action."""
        self._history = (*self._history, action)

    def legal_actions(self) -> list[int]:
        """Return the numbers of the actions."""
        return self._rules.moves(self._history)

    def information_state_string(self) -> str:
        """Return the name of the information set."""
        return self._rules.known(self._history)

    def action_to_string(self, player: int, action: int) -> str:
        """Return the name of an action."""
        return self._rules.action_name(player, action)

    def returns(self) -> list[float]:
        """Return the payoffs of both players."""
        paid = self._rules.paid(self._history)
        return [paid, -paid]

    def exact_returns(self) -> tuple[float, ...]:
        """Return the payoffs of both players as they are."""
        return tuple(self.returns())

    def history(self) -> list[int]:
        """Return the actions that lead here."""
        return list(self._history)
