"""What learners learn in Markov games: a game with risk-averse players, from a string.

``GAME`` or ``GAME | DIVERGENCE REGULARIZER tau=T[,T] epsilon=E[,E] discount=G``, with a game as
`nashforge.games.markov.markov_game` reads it. Each player's rewards are divided by their range, and
parameters are in that scale: by default ``tau = 25``, ``epsilon = 0.04`` (on the boundary of the monotone
class) and ``discount = 0.8``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nashforge.games.errors import GameStringError
from nashforge.games.markov.model import MarkovGame
from nashforge.games.markov.reading import is_markov, markov_game
from nashforge.solvers.equilibria.inputs import pair
from nashforge.solvers.equilibria.markov import Rationality
from nashforge.solvers.equilibria.stationary import check_discount
from nashforge.solvers.learners.tasks import EPSILON, TAU
from nashforge.solvers.risk.measures import Risk, RiskError
from nashforge.solvers.risk.regularizers import regularizer_code

DISCOUNT = 0.8


@dataclass(frozen=True)
class MarkovTask:
    """A scaled Markov game with its parameters.

    Attributes
    ----------
    name : str
        As it was given.
    game : MarkovGame
        Rewards have a range of 1 for each player.
    rationality : Rationality
        Risk and rationality of both players.
    discount : float
        Factor of future rewards.
    """

    name: str
    game: MarkovGame
    rationality: Rationality
    discount: float


def is_markov_task(text: str) -> bool:
    """Whether a string names a task in a Markov game, well formed or not."""
    return is_markov(text.partition("|")[0])


def markov_task(text: str, seed: int | None = None, perturbation: float = 0.0) -> MarkovTask:
    """Return the task that a string names.

    Rationality
    ----------
    text
        See the module.
    seed
        If given, a disguise: states, actions and perhaps players in another order, rewards perturbed.
    perturbation
        By how much every reward changes at most, as a share of it.

    Raises
    ------
    nashforge.games.GameError
        If the string names no game, or has parameters that are not valid.
    """
    game_text, _, options = text.partition("|")
    game = markov_game(game_text)
    words = options.split()
    divergence, regularizer = "kl", "barrier"
    if len(words) >= 2:
        divergence, regularizer, *words = words
    values = {"tau": (TAU, TAU), "epsilon": (EPSILON, EPSILON), "discount": (DISCOUNT, DISCOUNT)}
    try:
        for word in words:
            key, _, value = word.partition("=")
            numbers = [float(part) for part in value.split(",")]
            if key not in values or len(numbers) > (1 if key == "discount" else 2):
                raise ValueError
            values[key] = pair(key, (numbers[0], numbers[-1]))
        tau, epsilon, discount = values["tau"], values["epsilon"], values["discount"][0]
        check_discount(discount)
        regularizer_code(regularizer)
        if divergence not in ("kl", "reverse_kl") or min(tau) <= 0 or not 0 < min(epsilon) < np.inf:
            raise ValueError
        Risk(max(tau), divergence)
    except (ValueError, RiskError) as error:
        raise GameStringError(
            f"{text!r} is not a learning task; write a Markov game, or one with parameters such as "
            "'cliff_walk(4x3) | reverse_kl entropy tau=5,10 epsilon=0.2 discount=0.8' (kl or reverse_kl, "
            "barrier or entropy)"
        ) from error
    if seed is not None:
        game, exchanged = game.disguised(np.random.default_rng(seed), perturbation)
        if exchanged:
            tau, epsilon = tau[::-1], epsilon[::-1]
    rationality = Rationality(tau, epsilon, divergence, regularizer)
    return MarkovTask(text, game.scaled(), rationality, discount)
