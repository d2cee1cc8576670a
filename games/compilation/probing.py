"""Games that are far too large to be compiled: random plays tell them at once, a traversal after minutes."""

from __future__ import annotations

import numpy as np
import pyspiel

from nashforge.games.loading.openspiel import Game, State

PROBES = 4
DEEPEST = 1_000
"""Moves of a play, at most: some games have no end."""

CERTAINTY = 1e10
"""So many times the limit must be estimated; of games within it one play in so many does that, at most."""


def far_too_large(game: Game, max_nodes: int) -> bool:
    """Return whether a sequential game certainly has more than so many histories; False where it may not.

    The product of the numbers of choices along a random play is an unbiased estimate of the number of
    histories of that depth. Over all depths these add up to the size of the tree, so that by Markov's
    inequality none of them is `CERTAINTY` times as large in more than one of so many plays. Source: Knuth
    (1975), "Estimating the efficiency of backtrack programs", Mathematics of Computation 29.
    """
    rng = np.random.default_rng(0)  # the same game is refused every time, or never
    return any(_estimate(game.new_initial_state(), rng) > CERTAINTY * max_nodes for _ in range(PROBES))


def _estimate(state: State, rng: np.random.Generator) -> float:
    """Return the largest estimate along one play; what is wrong with a game is left to the traversal."""
    size = 1.0
    for _ in range(DEEPEST):
        player = state.current_player()
        if player == int(pyspiel.PlayerId.CHANCE):
            moves = [action for action, probability in state.chance_outcomes() if probability > 0.0]
        else:
            moves = state.legal_actions() if player >= 0 else []
        if not moves or size > 1e100:
            break
        size *= len(moves)
        state.apply_action(moves[int(rng.integers(len(moves)))])
    return size
