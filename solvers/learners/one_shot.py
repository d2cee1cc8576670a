"""Learning tasks in matrix games; those that people played have the parameters that were fitted to them.

Fitted parameters are scaled like the payoffs, which leaves the equilibria as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from nashforge.games.errors import GameStringError
from nashforge.games.matrix import bimatrix, human_games
from nashforge.games.matrix.layout import own_rows
from nashforge.games.matrix.reading import one_shot_form
from nashforge.games.sequence_form import SequenceForm
from nashforge.solvers.equilibria.bimatrix import nash_gap
from nashforge.solvers.equilibria.gaps import matrix_gaps
from nashforge.solvers.equilibria.risk_averse.aggregate import make_problem
from nashforge.solvers.equilibria.risk_averse.problem import Problem
from nashforge.solvers.learners.task import EPSILON, TAU, parse_options
from nashforge.solvers.metrics.social import one_shot_free_riding, price_of_anarchy, shares_rewards
from nashforge.solvers.programs.trajectory import Policies
from nashforge.solvers.risk.measures import RiskError
from nashforge.solvers.sequence_form.profile import expected_values

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class OneShotTask:
    """A scaled matrix game with its parameters; see `nashforge.solvers.learners.task.Task`.

    Attributes
    ----------
    problem : Problem
        Payoffs that span 1 for each player, risk and regularisers.
    """

    name: str
    problem: Problem
    divergence: str
    regularizer: str

    labels: tuple[str, ...] = ()

    @property
    def actions(self) -> tuple[int, int]:
        """Number of actions of each player."""
        return self.problem.shape

    @property
    def payoffs(self) -> tuple[Array, Array]:
        """Both players' scaled payoffs, player 1's actions as rows."""
        return own_rows(*self.problem.payoffs)

    @cached_property
    def form(self) -> SequenceForm:
        """The scaled game."""
        return one_shot_form(self.name, *self.payoffs)

    @property
    def tau(self) -> tuple[float, float]:
        """Both players' aversion to risk."""
        return self.problem.risks[0].tau, self.problem.risks[1].tau

    @property
    def epsilon(self) -> tuple[float, float]:
        """Weights of both players' regularisers."""
        return self.problem.epsilons

    def payoff_gradients(self, agents: Sequence[Array], player: int) -> tuple[Array, Array]:
        """Return the derivative of a player's payoff in its own strategy, and in its adversary's."""
        payoff = self.problem.payoffs[player]
        return payoff @ agents[2 + player], agents[player] @ payoff

    def gap(self, strategies: Policies) -> float:
        """Return the RQE gap of both players, summed, in units of payoffs that span 1."""
        return sum(
            matrix_gaps(
                self.payoffs,
                strategies,
                tau=self.tau,
                epsilon=self.epsilon,
                divergence=self.divergence,
                regularizer=self.regularizer,
            )
        )

    def values(self, strategies: Policies) -> list[float]:
        """Return each player's expected payoff."""
        return [float(value) for value in expected_values(self.form, strategies)]

    def measures(self, strategies: Policies) -> dict[str, float]:
        """Return exploitability, risk-adjusted value, security value, welfare and what else is defined."""
        payoffs, risks = self.payoffs, self.problem.risks
        # By the other's action.
        outcomes = [strategies[i] @ own for i, own in enumerate(self.problem.payoffs)]
        averse = [risks[i].value(outcomes[i], strategies[1 - i]) for i in range(2)]
        found = {
            "exploitability": nash_gap(*payoffs, *strategies) / 2,
            "risk_adjusted_value": float(np.mean(averse)),
            "security_value": float(np.mean([outcome.min() for outcome in outcomes])),
            "welfare": float(sum(outcomes[i] @ strategies[1 - i] for i in range(2))),
        }
        if found["welfare"] > 0:
            found["price_of_anarchy"] = price_of_anarchy(payoffs, strategies)
        if self.shares_rewards():
            found["free_riding"] = one_shot_free_riding(payoffs, strategies)
        return found

    def shares_rewards(self) -> bool:
        """Whether payoffs are a shared reward less private costs of one's own actions."""
        return shares_rewards(self.payoffs[0] - self.payoffs[1])

    def best_welfare(self) -> float:
        """Return the largest welfare of all joint strategies."""
        return float((self.payoffs[0] + self.payoffs[1]).max())


def one_shot_task(text: str, seed: int | None = None, perturbation: float = 0.0) -> OneShotTask:
    """Return the task that a string names, see `nashforge.solvers.learners.task`.

    Parameters
    ----------
    text
        With a game as `nashforge.games.matrix.bimatrix` reads it.
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
    try:
        divergence, regularizer, given = parse_options(options, {"tau": 2, "epsilon": 2})
        tau, epsilon = (TAU, TAU), (EPSILON, EPSILON)
        for known in human_games():
            if known.name == game.name and (divergence, regularizer) in (
                ("kl", "barrier"),
                ("reverse_kl", "entropy"),
            ):
                fitted = known.kl if divergence == "kl" else known.reverse_kl
                ranges = [float(np.ptp(matrix)) for matrix in game.payoffs]
                tau = (fitted.tau[0] * ranges[0], fitted.tau[1] * ranges[1])
                epsilon = (fitted.epsilon[0] / ranges[0], fitted.epsilon[1] / ranges[1])
        tau, epsilon = given.get("tau", tau), given.get("epsilon", epsilon)
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
    return OneShotTask(text, problem, divergence, regularizer)


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
