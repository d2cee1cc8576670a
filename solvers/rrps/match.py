"""A match between a player that nobody trusts and an opponent: who throws what, and what it is worth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nashforge.games.roshambo.bots import PAYOFF
from nashforge.solvers.programs.session import Session
from nashforge.solvers.sequence_form.profile import PolicyError

TOLERANCE = 1e-9
"""By so much the probabilities of a strategy may differ from one by rounding."""

Opponent = Callable[[int], int]
"""Returns its next throw, given the player's last one; -1 stands for none, before the first."""


@dataclass(frozen=True)
class Match:
    """A match that was played.

    Attributes
    ----------
    strategies : ndarray of float64
        The player's, with throws as they are called in the game, shape ``(throws, 3)``.
    own, theirs : ndarray of int8
        Throws, shape ``(throws,)``.
    """

    strategies: npt.NDArray[np.float64]
    own: npt.NDArray[np.int8]
    theirs: npt.NDArray[np.int8]

    @property
    def expected(self) -> float:
        """The player's return, of its strategies against what the opponent threw.

        The opponent's throw does not depend on the player's of the same round. So this has the mean of
        `realised`, and less variance: chance in the player's own throws is averaged over.
        """
        return float((self.strategies @ PAYOFF)[np.arange(len(self.theirs)), self.theirs].sum())

    @property
    def realised(self) -> float:
        """The player's return, of what was thrown."""
        return float(PAYOFF[self.own, self.theirs].sum())


def play_match(
    player: Session, opponent: Opponent, throws: int, rng: np.random.Generator, shift: int = 0
) -> Match:
    """Play a match.

    Parameters
    ----------
    player
        Behind `nashforge.solvers.rrps.host`.
    opponent
        The other side.
    throws
        How many.
    rng
        Draws the player's throws from its strategies.
    shift
        The player is told ``(throw + shift) % 3`` in place of every throw, and what it throws is told back:
        relabelled throws beat each other as before.

    Raises
    ------
    PolicyError
        If what comes from the player's process is no distribution of throws.
    """
    strategies = np.zeros((throws, 3))
    own, theirs = np.zeros(throws, np.int8), np.zeros(throws, np.int8)
    chances, last = rng.random(throws), -1
    seen_own, seen_theirs = player.inputs["own"], player.inputs["theirs"]
    for t in range(throws):
        strategies[t] = strategy = np.roll(told_strategy(player, t), -shift)
        answer = opponent(last)
        last = drawn_throw(strategy, chances[t])
        own[t], theirs[t] = last, answer
        seen_own[t], seen_theirs[t] = (last + shift) % 3, (answer + shift) % 3
    return Match(strategies, own, theirs)


def told_strategy(player: Session, t: int) -> npt.NDArray[np.float64]:
    """Return the strategy of throw ``t`` that comes from a player's process, shape ``(3,)``; see above."""
    player.call(t)
    told = np.array(player.outputs["strategy"])
    # The host has looked already; but it shares its process with a program that nobody trusts.
    if not (told.min() >= 0.0 and abs(told.sum() - 1.0) <= TOLERANCE):
        raise PolicyError(
            f"a strategy must be non-negative and sum to 1; that of throw {t} is {told.tolist()}"
        )
    return told


def drawn_throw(strategy: npt.NDArray[np.float64], chance: float) -> int:
    """Return the throw that a number in [0, 1) draws from a strategy, shape ``(3,)``."""
    return int(np.searchsorted(np.cumsum(strategy[:2]), chance, side="right"))


def population_scores(
    returns: Mapping[str, float], weights: Mapping[str, float] | None = None
) -> dict[str, float]:
    """Return the scores of a player against a population, as Lanctot et al. (2023), arXiv 2303.03196, define.

    Parameters
    ----------
    returns
        The player's expected return of a match against each member.
    weights
        How often each member is met, relative to the others; None: all alike.

    Returns
    -------
    dict
        ``pop_return``, against a member that is drawn by its weight; ``within_pop_expl``, the most that any
        member wins from the player; ``agg_score``, the former less the latter.
    """
    shares = None if weights is None else [weights[name] for name in returns]
    mean, most = float(np.average(list(returns.values()), weights=shares)), 0.0 - min(returns.values())
    return {"pop_return": mean, "within_pop_expl": most, "agg_score": mean - most}
