"""The engine of learners: four agents climb their own payoffs, and the players' RQE gap is measured.

The 2n-player form of Mazumdar, Panaganti, Shi (2025), arXiv 2406.14156, section 4: player i climbs
``x . R p - eps nu(x)``, its adversary descends ``x . R p + D(p, y) / tau``, all at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from nashforge.solvers.equilibria.gaps import matrix_gaps
from nashforge.solvers.learners.engine_loop import Learned, climb, sessions_of_roles, sizes_of
from nashforge.solvers.learners.tasks import LearningTask
from nashforge.solvers.programs.session import Session
from nashforge.solvers.risk.regularizers import nu_gradient

Array = npt.NDArray[np.float64]


def session_arguments(task: LearningTask, horizon: int) -> list[dict[str, Any]]:
    """Return what sessions need to serve a learner: ``host``, ``setup``, ``inputs``, ``outputs`` of each."""
    return sessions_of_roles(task.problem.shape, horizon)


def gradients(task: LearningTask, agents: Sequence[Array]) -> list[Array]:
    """Return the gradients of all agents' own payoffs, to be climbed."""
    players, adversaries = agents[:2], agents[2:]
    ascend, descend = [], []
    for i, payoff in enumerate(task.problem.payoffs):
        x, y, p = players[i], players[1 - i], adversaries[i]
        ascend.append(payoff @ p - task.epsilon[i] * nu_gradient(task.regularizer, x))
        price = np.log(p / y) + 1.0 if task.divergence == "kl" else -y / p
        descend.append(-(x @ payoff + price / task.tau[i]))
    return [*ascend, *descend]


def learn(
    task: LearningTask, sessions: Sequence[Session], horizon: int, checkpoints: Iterable[int] = ()
) -> Learned:
    """Let learners play for ``horizon`` iterations and measure the players' RQE gap.

    Raises
    ------
    StrategyError
        If a learner returns something that is not a mixed strategy.
    """
    return climb(
        sessions,
        horizon,
        checkpoints,
        [np.full(size, 1.0 / size) for size in sizes_of(task.problem.shape)],
        lambda agents: gradients(task, agents),
        lambda strategies: gap(task, strategies),
    )


def gap(task: LearningTask, strategies: tuple[Array, Array]) -> float:
    """Return the RQE gap of both players, summed, in units of payoffs that span 1."""
    return sum(
        matrix_gaps(
            task.payoffs,
            strategies,
            tau=task.tau,
            epsilon=task.epsilon,
            divergence=task.divergence,
            regularizer=task.regularizer,
        )
    )
