"""Errors of `games`: one sentence each, naming the value, the rule it breaks and what to do."""

from __future__ import annotations


class GameError(ValueError):
    """A game, a suite or one of their options cannot be used; the base of every error of `games`."""


class GameStringError(GameError):
    """A game string that OpenSpiel does not know or cannot read."""


class UnsupportedGameError(GameError):
    """A game that has no exact finite sequence form (sampled chance, no information states, ...)."""


class ImperfectRecallError(GameError):
    """An information set merges histories in which its owner played differently."""


class InconsistentActionsError(GameError):
    """Histories of one information set offer different legal actions."""


class NodeLimitError(GameError):
    """A game tree with more histories than ``max_nodes``."""

    def __init__(self, game: str, max_nodes: int) -> None:
        super().__init__(
            f"{game} has more than {max_nodes:,} histories, the limit of this compilation; choose a smaller "
            f"game or raise the limit with max_nodes (about 1 GB of memory and 30 s per 5 million histories)"
        )
        self.game = game
        self.max_nodes = max_nodes


class SuiteError(GameError):
    """A suite that does not exist or whose file is ill-formed."""
