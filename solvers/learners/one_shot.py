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
from nashforge.solvers.equilibria.inputs import GameLike, matrix_game
from nashforge.solvers.equilibria.markov import Rationality
from nashforge.solvers.equilibria.risk_averse.aggregate import make_problem
from nashforge.solvers.equilibria.risk_averse.problem import Problem
from nashforge.solvers.learners.task import EPSILON, TAU, Task, parse_options
from nashforge.solvers.metrics.profile import ProfilePlay
from nashforge.solvers.metrics.registry import Parameters
from nashforge.solvers.programs.trajectory import Policies
from nashforge.solvers.risk.measures import RiskError

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False, kw_only=True)
class MatrixPlay(ProfilePlay):
    """Strategies in a matrix game whose players have a risk and rationality of their own."""

    problem: Problem

    @cached_property
    def payoffs(self) -> tuple[Array, Array]:
        """Both players' payoffs, player 1's actions as rows."""
        return own_rows(*self.problem.payoffs)

    @cached_property
    def outcomes(self) -> list[Array]:
        """Payoffs of each player's strategy, by the other's action."""
        return [self.profile[i] @ own for i, own in enumerate(self.problem.payoffs)]

    def exploitability(self) -> float:
        """Return NashConv / players."""
        return nash_gap(*self.payoffs, *self.profile) / 2

    def risk_adjusted(self, how: Parameters) -> Array:
        """Return each player's value by its own measure of risk."""
        risks = self.problem.risks
        return np.array([risks[i].value(self.outcomes[i], self.profile[1 - i]) for i in range(2)])

    def security(self) -> Array:
        """Return what each player gets at least."""
        return np.array([outcome.min() for outcome in self.outcomes])

    def welfare(self) -> float:
        """Return the sum of both expected payoffs."""
        return float(sum(self.outcomes[i] @ self.profile[1 - i] for i in range(2)))


@dataclass(frozen=True)
class OneShotTask(Task):
    """A scaled matrix game with its parameters.

    Attributes
    ----------
    problem : Problem
        Payoffs that span 1 for each player, risk and regularisers.
    """

    problem: Problem

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

    def payoff_gradients(self, agents: Sequence[Array], player: int) -> tuple[Array, Array]:
        """Return the derivative of a player's payoff in its own strategy, and in its adversary's."""
        payoff = self.problem.payoffs[player]
        return payoff @ agents[2 + player], agents[player] @ payoff

    def gap(self, strategies: Policies) -> float:
        """Return the RQE gap of both players, summed, in units of payoffs that span 1."""
        return sum(matrix_gaps(self.payoffs, strategies, **self.rationality.of_matrices()))

    def play(self, strategies: Policies = ()) -> MatrixPlay:
        """Return strategies in this game with what measures ask of them."""
        return MatrixPlay(self.form, strategies, problem=self.problem)


def one_shot_task(game: GameLike, seed: int | None = None, perturbation: float = 0.0) -> OneShotTask:
    """Return the task that was given, see `nashforge.solvers.learners.task`.

    Parameters
    ----------
    game
        A string, with a game as `nashforge.games.matrix.bimatrix` reads it; or a game of another form, as
        `nashforge.solvers.equilibria.inputs.matrix_game` takes it.
    seed
        If given, a disguise: actions are permuted, payoffs perturbed and players exchanged by chance.
    perturbation
        Size of the noise on payoffs that span 1.

    Raises
    ------
    nashforge.games.GameError
        If it is no one-shot game of two players, or has parameters that are not valid.
    """
    game_text, _, options = game.partition("|") if isinstance(game, str) else ("", "", "")
    found = bimatrix(game_text) if isinstance(game, str) else matrix_game(game)
    payoffs = [scaled(matrix) for matrix in own_rows(*found.payoffs)]
    try:
        divergence, regularizer, given = parse_options(options, {"tau": 2, "epsilon": 2})
        tau, epsilon = (TAU, TAU), (EPSILON, EPSILON)
        for known in human_games():
            if known.name == found.name and (divergence, regularizer) in (
                ("kl", "barrier"),
                ("reverse_kl", "entropy"),
            ):
                fitted = known.kl if divergence == "kl" else known.reverse_kl
                ranges = [float(np.ptp(matrix)) for matrix in found.payoffs]
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
            f"{game!r} is not a learning task; write a game, or a game with parameters such as "
            "'SC4 | reverse_kl entropy tau=5,10 epsilon=0.2' (kl or reverse_kl, barrier or entropy)"
        ) from error
    name = game if isinstance(game, str) else found.name
    return OneShotTask(name, Rationality(tau, epsilon, divergence, regularizer), problem)


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
