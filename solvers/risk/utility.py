"""Risk-adjusted utility of a mixed strategy in a matrix game, with gradients and the worst-case partner."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nashforge.solvers.risk import kernels
from nashforge.solvers.risk.measures import Risk, RiskError, check_payoffs, check_strategy

Array = npt.NDArray[np.float64]

AGGREGATE, PER_ACTION = "aggregate", "per_action"


def check_notion(risk: str) -> None:
    """Raise a `RiskError` unless ``risk`` is `AGGREGATE` or `PER_ACTION`."""
    if risk not in (AGGREGATE, PER_ACTION):
        raise RiskError(f"risk must be {AGGREGATE!r} or {PER_ACTION!r}; got {risk!r}")


@dataclass(frozen=True)
class RiskAdjusted:
    """A risk-adjusted utility and its derivatives.

    Attributes
    ----------
    value : float
        In units of utility.
    partner : ndarray
        The worst-case partner: shape ``(partner actions,)`` for aggregate risk, one row an own action, shape
        ``(own actions, partner actions)``, for risk per action.
    gradient : ndarray of shape (own actions,)
        With respect to the own strategy.
    partner_gradient : ndarray of shape (partner actions,)
        With respect to the partner's expected strategy, up to a constant: only differences matter.
    """

    value: float
    partner: Array
    gradient: Array
    partner_gradient: Array


def risk_adjusted(
    payoffs: npt.ArrayLike,
    own: npt.ArrayLike,
    partner: npt.ArrayLike,
    *,
    tau: float,
    divergence: str = "kl",
    risk: str = AGGREGATE,
) -> RiskAdjusted:
    """Return the risk-adjusted utility of a strategy against an uncertain partner.

    Parameters
    ----------
    payoffs
        The player's payoffs, own actions as rows, shape ``(own actions, partner actions)``.
    own, partner
        The player's strategy and what is expected of the partner.
    tau
        Aversion to risk, at least 0; larger is more averse.
    divergence
        ``kl``, ``reverse_kl``, ``chi2``, ``cvar`` or ``neutral``, see
        `nashforge.solvers.risk.measures.DIVERGENCES`.
    risk
        ``aggregate``: one adversary for the whole mixed strategy; ``per_action``: one for each own action,
        which is never worth more.

    Raises
    ------
    RiskError
        If a shape, a strategy or a parameter is not valid.

    Notes
    -----
    Mazumdar, Panaganti, Shi (2025), arXiv 2406.14156, definition 2. In a game of more than two players let
    the partner be the joint distribution of all opponents, and the columns their joint actions
    (`joint_payoffs`).
    """
    matrix = check_payoffs("payoffs", payoffs)
    x = check_strategy("the own strategy", own, matrix.shape[0])
    y = check_strategy("the partner's strategy", partner, matrix.shape[1])
    measure = Risk(tau, divergence)
    check_notion(risk)
    if risk == AGGREGATE:
        value, p, slope = measure.worst_case(x @ matrix, y)
        return RiskAdjusted(value, p, matrix @ p, slope)
    values, rows, slopes = action_utilities(matrix, y, measure)
    return RiskAdjusted(float(x @ values), rows, values, x @ slopes)


def action_utilities(payoffs: Array, y: Array, risk: Risk) -> tuple[Array, Array, Array]:
    """Return the risk-adjusted utility of every own action, its worst case, and its gradient in ``y``.

    Parameters
    ----------
    payoffs
        Own actions as rows, shape ``(n, m)``.
    y
        What is expected of the partner, shape ``(m,)``.

    Returns
    -------
    tuple of ndarrays
        Shapes ``(n,)``, ``(n, m)`` and ``(n, m)``; gradients count up to a constant a row.
    """
    worst, slopes, values = np.empty_like(payoffs), np.empty_like(payoffs), np.empty(len(payoffs))
    kernels.measure_rows(risk.code, payoffs, y, risk.tau, worst, slopes, values)
    return values, worst, slopes


def joint_payoffs(payoffs: npt.ArrayLike, player: int) -> Array:
    """Flatten the payoff tensor of one player: own actions as rows, joint actions of all others as columns.

    Parameters
    ----------
    payoffs
        The player's payoff for every profile of actions, one axis a player.
    """
    tensor = np.moveaxis(np.asarray(payoffs, dtype=np.float64), player, 0)
    return np.ascontiguousarray(tensor.reshape(tensor.shape[0], -1))
