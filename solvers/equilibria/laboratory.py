"""Distances of equilibria from laboratory play: what people did in published experiments.

Distances are squared Euclidean distances between the two observed and predicted probabilities of first
actions, as in Mazumdar, Panaganti, Shi (2025), arXiv 2406.14156, section 5.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from nashforge.games.matrix.human import Fitted, HumanGame, human_games
from nashforge.solvers.equilibria.bimatrix import nash
from nashforge.solvers.equilibria.logit import qre
from nashforge.solvers.equilibria.risk_averse.solver import rqe

RATIONALITY = 1.05
"""The published lambda of logit QRE: one for all games, where RQE has four parameters a game."""
CONCEPTS = ("nash", "qre", "rqe_kl", "rqe_reverse_kl")
STUDY = "selten-chmura"
"""The study of twelve games that the published means are taken over."""
PUBLISHED: Mapping[str, float] = {"nash": 2.6e-2, "qre": 4.9e-3, "rqe_kl": 4.3e-5, "rqe_reverse_kl": 1e-3}
"""Mean squared distances as published, with a solver that is not fully converged."""


@dataclass(frozen=True)
class Comparison:
    """Predictions for one game.

    Attributes
    ----------
    game : HumanGame
    predictions : dict
        By concept, the probabilities of both first actions.
    distances : dict
        By concept, the mean over players of the squared distance to laboratory play.
    gaps : dict
        By concept, how far the prediction is from its equilibrium, in units of utility.
    """

    game: HumanGame
    predictions: Mapping[str, tuple[float, float]]
    distances: Mapping[str, float]
    gaps: Mapping[str, float]


def compare(game: HumanGame) -> Comparison:
    """Return the equilibria of a game of all concepts and their distances to laboratory play."""

    def averse(fitted: Fitted, divergence: str, regularizer: str) -> tuple[tuple[float, float], float]:
        found = rqe(
            *game.payoffs,
            tau=fitted.tau,
            epsilon=fitted.epsilon,
            divergence=divergence,
            regularizer=regularizer,
        )
        return (float(found[0][0]), float(found[1][0])), found.gap

    rational = nash(*game.payoffs)
    noisy = qre(*game.payoffs, rationality=RATIONALITY)
    solved = {
        "nash": ((float(rational[0][0]), float(rational[1][0])), rational.gaps[0]),
        "qre": ((float(noisy[0][0]), float(noisy[1][0])), noisy.gap),
        "rqe_kl": averse(game.kl, "kl", "barrier"),
        "rqe_reverse_kl": averse(game.reverse_kl, "reverse_kl", "entropy"),
    }
    return Comparison(
        game=game,
        predictions={concept: prediction for concept, (prediction, _) in solved.items()},
        distances={name: distance(seen, game.laboratory_play) for name, (seen, _) in solved.items()},
        gaps={concept: gap for concept, (_, gap) in solved.items()},
    )


def distance(prediction: tuple[float, float], laboratory_play: tuple[float, float]) -> float:
    """Return the squared distance, summed over the two players."""
    return float(np.sum((np.array(prediction) - laboratory_play) ** 2))


def compare_all() -> tuple[Comparison, ...]:
    """Return the comparison of every game."""
    return tuple(compare(game) for game in human_games())


def means(comparisons: Iterable[Comparison], study: str = STUDY) -> dict[str, float]:
    """Return the mean squared distance of every concept over the games of a study."""
    chosen = [entry for entry in comparisons if entry.game.study == study]
    return {concept: float(np.mean([entry.distances[concept] for entry in chosen])) for concept in CONCEPTS}
