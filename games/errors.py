"""Errors of `games`: one sentence each, naming the value, the rule it breaks and what to do."""

from __future__ import annotations

from nashforge.errors import NashforgeError


class GameError(NashforgeError, ValueError):
    """A game, a suite or one of their options cannot be used; the base of every error of `games`.

    Parameters
    ----------
    in_python
        The end of the sentence, for those who call from Python: it names arguments, which commands have not.

    Attributes
    ----------
    anywhere : str
        The sentence without that end.
    """

    exit_code = 2

    def __init__(self, message: str, in_python: str = "") -> None:
        super().__init__(message + in_python)
        self.anywhere = message


class GameStringError(GameError):
    """A game string that OpenSpiel does not know or cannot read."""


class GameFileError(GameError):
    """A game file that does not exist, cannot be read or is ill-formed."""


class UnsupportedGameError(GameError):
    """A game that has no exact finite sequence form (sampled chance, no information states, ...)."""


class ImperfectRecallError(GameError):
    """An information set merges histories in which its owner played differently."""


class InconsistentActionsError(GameError):
    """Histories of one information set offer different legal actions."""


class NodeLimitError(GameError):
    """A game tree with more histories than ``max_nodes``, or with names too long for as many.

    Parameters
    ----------
    game
        How to call the game.
    max_nodes
        The limit.
    characters
        How long the names of the information sets are by now, where that is what is too much.
    """

    remedy = (
        "or raise the limit: `nashforge solve` and `nashforge games` have --max-nodes, and the environment "
        "variable NASHFORGE_MAX_NODES is for all commands and workers (about 1 GB of memory and 30 s per 5 "
        "million histories)"
    )

    def __init__(self, game: str, max_nodes: int, characters: int | None = None) -> None:
        what = (
            f"has more than {max_nodes:,} histories, the limit of this compilation"
            if characters is None
            else f"has information sets whose names take more than {characters / 1e6:,.0f} MB, too much for "
            f"a limit of {max_nodes:,} histories"
        )
        super().__init__(
            f"{game} {what}; choose a smaller game",
            " or raise the limit with max_nodes or NASHFORGE_MAX_NODES (about 1 GB of memory and 30 s per 5 "
            "million histories)",
        )
        self.game = game
        self.max_nodes = max_nodes
        self.characters = characters

    def __reduce__(self) -> tuple[type[NodeLimitError], tuple[str, int, int | None]]:
        return type(self), (self.game, self.max_nodes, self.characters)


class SuiteError(GameError):
    """A suite that does not exist or whose file is ill-formed."""
