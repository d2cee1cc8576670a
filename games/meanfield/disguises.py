"""Mean-field games with other faces: actions in another order, and rewards that are perturbed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from nashforge.games.meanfield.model import DECISION, MeanFieldGame


def disguise(game: MeanFieldGame, seed: int, perturbation: float = 0.0) -> MeanFieldGame:
    """Return a game with permuted actions and perturbed rewards.

    Parameters
    ----------
    seed
        Says how; the same seed gives the same game.
    perturbation
        Standard deviation of what is added to the reward of each state, in units of that of their constants.
    """
    rng = np.random.default_rng([seed, len(game.kind)])
    order = rng.permutation(game.actions)
    fits = bool(game.legal.all())  # else an action would be one that not every state has
    action = np.where(game.action >= 0, order[game.action], -1) if fits else game.action
    deciding = game.kind == DECISION
    constant = game.terms.constant.copy()
    spread = constant[deciding].std()
    constant[deciding] += perturbation * spread * rng.standard_normal(int(deciding.sum()))
    return replace(game, action=action, terms=replace(game.terms, constant=constant))
