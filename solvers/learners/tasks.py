"""What learners learn: a matrix game with risk-averse players of bounded rationality, from a string.

``GAME`` or ``GAME | DIVERGENCE REGULARIZER tau=T[,T] epsilon=E[,E]``, with a game as
`nashforge.games.matrix.bimatrix` reads it. Payoffs are scaled to span 1 and parameters are in that scale: by
default ``tau = 25`` and ``epsilon = 0.04``, on the boundary of the monotone class. Games of people have the
parameters that were fitted to them, scaled alike, which leaves their equilibria as they are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nashforge.games.errors import GameStringError
from nashforge.games.matrix import bimatrix, human_games
from nashforge.games.matrix.layout import own_rows
from nashforge.solvers.equilibria.risk_averse.aggregate import make_problem
from nashforge.solvers.equilibria.risk_averse.problem import Problem
from nashforge.solvers.risk.measures import RiskError

Array = npt.NDArray[np.float64]

TAU, EPSILON = 25.0, 0.04


@dataclass(frozen=True)
class LearningTask:
    """A scaled game with its parameters.

    Attributes
    ----------
    name : str
        As it was given.
    problem : Problem
        Payoffs that span 1 for each player, risk and regularisers.
    divergence, regularizer : str
    """

    name: str
    problem: Problem
    divergence: str
    regularizer: str

    @property
    def payoffs(self) -> tuple[Array, Array]:
        """Both players' scaled payoffs, player 1's actions as rows."""
        return own_rows(*self.problem.payoffs)

    @property
    def tau(self) -> tuple[float, float]:
        """Both players' aversion to risk."""
        return self.problem.risks[0].tau, self.problem.risks[1].tau

    @property
    def epsilon(self) -> tuple[float, float]:
        """Weights of both players' regularisers."""
        return self.problem.epsilons


def learning_task(text: str, seed: int | None = None, perturbation: float = 0.0) -> LearningTask:
    """Return the task that a string names.

    Parameters
    ----------
    text
        See the module.
    seed
        If given, a disguise: actions are permuted, payoffs perturbed and players exchanged by chance.
    perturbation
        Size of the noise on payoffs that span 1.

    Raises
    ------
    nashforge.games.GameError
        If the string names no game, or has parameters that are not valid.
    """
    game_text, _, options = text.partition("|")
    game = bimatrix(game_text)
    payoffs = [scaled(matrix) for matrix in own_rows(*game.payoffs)]
    divergence, regularizer = "kl", "barrier"
    tau, epsilon = (TAU, TAU), (EPSILON, EPSILON)
    words = options.split()
    if len(words) >= 2:
        divergence, regularizer, *words = words
    for known in human_games():
        if known.name == game.name and (divergence, regularizer) in (
            ("kl", "barrier"),
            ("reverse_kl", "entropy"),
        ):
            fitted = known.kl if divergence == "kl" else known.reverse_kl
            ranges = [float(np.ptp(matrix)) for matrix in game.payoffs]
            tau = (fitted.tau[0] * ranges[0], fitted.tau[1] * ranges[1])
            epsilon = (fitted.epsilon[0] / ranges[0], fitted.epsilon[1] / ranges[1])
    try:
        for word in words:
            key, _, value = word.partition("=")
            numbers = [float(part) for part in value.split(",")]
            chosen = (numbers[0], numbers[-1])
            if key not in ("tau", "epsilon") or len(numbers) > 2:
                raise ValueError
            tau, epsilon = (chosen, epsilon) if key == "tau" else (tau, chosen)
        if divergence not in ("kl", "reverse_kl") or min(tau) <= 0:
            raise ValueError
        if seed is not None:
            payoffs, tau, epsilon = _disguise(payoffs, tau, epsilon, seed, perturbation)
        problem = make_problem(
            *own_rows(*payoffs), tau=tau, epsilon=epsilon, divergence=divergence, regularizer=regularizer
        )
    except (ValueError, RiskError) as error:
        raise GameStringError(
            f"{text!r} is not a learning task; write a game, or a game with parameters such as "
            "'SC4 | reverse_kl entropy tau=5,10 epsilon=0.2' (kl or reverse_kl, barrier or entropy)"
        ) from error
    return LearningTask(text, problem, divergence, regularizer)


def scaled(payoffs: Array) -> Array:
    """Return payoffs shifted and scaled to lie between 0 and 1."""
    width = float(np.ptp(payoffs))
    return np.asarray((payoffs - payoffs.min()) / (width if width > 0 else 1.0))


def _disguise(
    payoffs: list[Array],
    tau: tuple[float, float],
    epsilon: tuple[float, float],
    seed: int,
    perturbation: float,
) -> tuple[list[Array], tuple[float, float], tuple[float, float]]:
    """Disguise payoffs that are given, and returned, with own actions as rows."""
    rng = np.random.default_rng(seed)
    n, m = payoffs[0].shape
    rows, columns = rng.permutation(n), rng.permutation(m)
    noisy = [scaled(matrix + perturbation * rng.uniform(-1, 1, matrix.shape)) for matrix in payoffs]
    shuffled = [noisy[0][np.ix_(rows, columns)], noisy[1][np.ix_(columns, rows)]]
    if rng.random() < 0.5:
        return shuffled[::-1], tau[::-1], epsilon[::-1]
    return shuffled, tau, epsilon
