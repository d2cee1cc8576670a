"""Measures of joint strategies: one definition each, for all kinds of play in which it has a meaning.

Every `Measure` of this module is registered.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nashforge.solvers.metrics.registry import (
    EPISODES,
    MARKOV,
    ONE_SHOT,
    SEQUENCE_FORM,
    Array,
    Parameters,
    measure,
)

_RISK = "Mazumdar, Panaganti, Shi (2025), arXiv 2406.14156"
_STRATEGIC = "Strategic risk aversion (2026), arXiv 2602.21515"
_PROBES = "diagnostics of decentralised policies (2026), arXiv 2602.20804; here by interventions"
_CROSS_PLAY = "Hu et al. (2020), arXiv 2003.02979"
_SOLVED = (ONE_SHOT, SEQUENCE_FORM, MARKOV)
_MET = (ONE_SHOT, SEQUENCE_FORM, EPISODES)
_SOCIAL = (ONE_SHOT, MARKOV, EPISODES)


def _no_rqe_gap(play: Any, how: Parameters) -> str | None:
    if ONE_SHOT in play.kinds or MARKOV in play.kinds:
        return None
    if play.players > 2:
        return f"is defined for two players; {play.name} has {play.players}"
    if how.tau > 0 and how.divergence != "kl":
        return f"of extensive games is defined for kl; got {how.divergence} for {play.name}"
    return None


def _no_partners(play: Any, how: Parameters) -> str | None:
    return f"needs partners; {play.name} has one agent" if play.players < 2 else None


def _no_welfare(play: Any, how: Parameters) -> str | None:
    if play.possible_welfare:
        return None
    return f"compares welfare, and nothing that players do in {play.name} makes it positive"


def _no_private_costs(play: Any, how: Parameters) -> str | None:
    if play.private_costs:
        return None
    return (
        "is defined where payoffs are a shared reward less private costs of one's own actions; those of "
        f"{play.name} are not"
    )


@measure(
    "exploitability",
    "min",
    "Johanson, Waugh, Bowling, Zinkevich (2011), Accelerating Best Response Calculation in Large Extensive "
    "Games, IJCAI; NashConv (Lanctot et al. 2017) divided by the number of players",
    _SOLVED,
)
def exploitability(play: Any, how: Parameters) -> float:
    """Gain of a player by a best response, mean over players."""
    return float(play.exploitability())


@measure("QRE gap", "min", "McKelvey, Palfrey (1995)", _SOLVED, parametric=True)
def qre_gap(play: Any, how: Parameters) -> float:
    """Gains of players of bounded rationality by best responses, in all."""
    return float(play.gap(0.0, how))


@measure("RQE gap", "min", _RISK, _SOLVED, parametric=True, undefined=_no_rqe_gap)
def rqe_gap(play: Any, how: Parameters) -> float:
    """Gains of risk-averse players of bounded rationality by best responses, in all."""
    return float(play.gap(how.tau, how))


@measure("risk-adjusted value", "max", _RISK, _SOLVED, by_player=True, parametric=True)
def risk_adjusted_value(play: Any, how: Parameters) -> Array:
    """Value against partners who deviate at a price."""
    return np.asarray(play.risk_adjusted(how))


@measure("worst value within a KL radius", "max", _STRATEGIC, _SOLVED, by_player=True, parametric=True)
def robust_value(play: Any, how: Parameters) -> Array:
    """Worst value against a partner who deviates within a radius."""
    return np.asarray(play.robust([how.radius]))[:, 0]


@measure("security value", "max", "von Neumann (1928)", _SOLVED, by_player=True)
def security_value(play: Any, how: Parameters) -> Array:
    """Worst value without limits."""
    return np.asarray(play.security())


@measure("cross-play gap", "min", _CROSS_PLAY, _MET, meets="strangers", undefined=_no_partners)
def cross_play_gap(play: Any, how: Parameters) -> float:
    """Value with the partners of training less that with strangers."""
    return float(play.cross_play_gap())


@measure("worst cross-play", "max", _CROSS_PLAY, _MET, meets="strangers", undefined=_no_partners)
def worst_cross_play(play: Any, how: Parameters) -> float:
    """Value with the worst strangers."""
    return float(play.worst_cross_play())


@measure(
    "value alone among hostile policies",
    "max",
    _STRATEGIC,
    (EPISODES,),
    meets="hostile",
    undefined=_no_partners,
)
def hostile_value(play: Any, how: Parameters) -> float:
    """Return of one agent among others that all run a hostile policy, the least."""
    return float(min(play.hostile.values()))


@measure("welfare", "max", "sum of utilities", (*_SOLVED, EPISODES))
def welfare(play: Any, how: Parameters) -> float:
    """Sum of all players' utilities."""
    return float(play.welfare())


@measure(
    "price of anarchy", "min", "Koutsoupias, Papadimitriou (1999)", _SOCIAL, unit="", undefined=_no_welfare
)
def price_of_anarchy(play: Any, how: Parameters) -> float:
    """Best welfare over welfare."""
    return float(play.price_of_anarchy())


@measure("free-riding", "min", _STRATEGIC, _SOCIAL, undefined=_no_private_costs)
def free_riding(play: Any, how: Parameters) -> float:
    """Difference of expected private costs."""
    return float(play.free_riding())


@measure("loss with memory wiped", "min", _PROBES, (EPISODES,), meets="itself")
def forgetting_loss(play: Any, how: Parameters) -> float:
    """Return of an agent less that of one whose memory is wiped at every step."""
    return float(play.loss("memory wiped"))


@measure("loss with chance fixed", "min", _PROBES, (EPISODES,), meets="itself")
def chance_loss(play: Any, how: Parameters) -> float:
    """Return of an agent less that of one whose random numbers are always one half."""
    return float(play.loss("chance fixed"))


@measure("loss with agents renumbered", "min", _PROBES, (EPISODES,), meets="itself", undefined=_no_partners)
def renumbering_loss(play: Any, how: Parameters) -> float:
    """Return of an agent less that in a group whose numbers are turned round."""
    return float(play.loss("renumbered"))


@measure("loss with one agent late", "min", _PROBES, (EPISODES,), meets="itself", undefined=_no_partners)
def lateness_loss(play: Any, how: Parameters) -> float:
    """Return of an agent less that in a group of which one acts a step late."""
    return float(play.loss("one agent late"))
