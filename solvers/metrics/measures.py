"""Measures of joint strategies: one definition each, for all kinds of play in which it has a meaning."""

from __future__ import annotations

from typing import Any

from nashforge.solvers.metrics.registry import (
    EPISODES,
    MARKOV,
    ONE_SHOT,
    SEQUENCE_FORM,
    Measure,
    Parameters,
)

_RISK = "Mazumdar, Panaganti, Shi (2025), arXiv 2406.14156"
_STRATEGIC = "Strategic risk aversion (2026), arXiv 2602.21515"
_CROSS_PLAY = "Hu et al. (2020), arXiv 2003.02979"
_SOLVED = (ONE_SHOT, SEQUENCE_FORM, MARKOV)
_MET = (ONE_SHOT, SEQUENCE_FORM, EPISODES)


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


MEASURES = (
    Measure(
        name="exploitability",
        direction="min",
        unit="utility",
        title="exploitability",
        citation="Johanson, Waugh, Bowling, Zinkevich (2011), Accelerating Best Response Calculation in "
        "Large Extensive Games, IJCAI; NashConv (Lanctot et al. 2017) divided by the number of players",
        kinds=_SOLVED,
        function=lambda play, how: play.exploitability(),
    ),
    Measure(
        name="qre_gap",
        direction="min",
        unit="utility",
        title="QRE gap",
        citation="McKelvey, Palfrey (1995)",
        kinds=_SOLVED,
        parametric=True,
        function=lambda play, how: play.gap(0.0, how),
    ),
    Measure(
        name="rqe_gap",
        direction="min",
        unit="utility",
        title="RQE gap",
        citation=_RISK,
        kinds=_SOLVED,
        parametric=True,
        function=lambda play, how: play.gap(how.tau, how),
        undefined=_no_rqe_gap,
    ),
    Measure(
        name="risk_adjusted_value",
        direction="max",
        unit="utility",
        title="risk-adjusted value",
        citation=_RISK,
        kinds=_SOLVED,
        by_player=True,
        parametric=True,
        function=lambda play, how: play.risk_adjusted(how),
    ),
    Measure(
        name="robust_value",
        direction="max",
        unit="utility",
        title="worst value within a KL radius",
        citation=_STRATEGIC,
        kinds=_SOLVED,
        by_player=True,
        parametric=True,
        function=lambda play, how: play.robust([how.radius])[:, 0],
    ),
    Measure(
        name="security_value",
        direction="max",
        unit="utility",
        title="security value",
        citation="von Neumann (1928)",
        kinds=_SOLVED,
        by_player=True,
        function=lambda play, how: play.security(),
    ),
    Measure(
        name="cross_play_gap",
        direction="min",
        unit="utility",
        title="cross-play gap",
        citation=_CROSS_PLAY,
        kinds=_MET,
        meets="strangers",
        function=lambda play, how: play.cross_play_gap(),
        undefined=_no_partners,
    ),
    Measure(
        name="worst_cross_play",
        direction="max",
        unit="utility",
        title="worst cross-play",
        citation=_CROSS_PLAY,
        kinds=_MET,
        meets="strangers",
        function=lambda play, how: play.worst_cross_play(),
        undefined=_no_partners,
    ),
    Measure(
        name="hostile_value",
        direction="max",
        unit="utility",
        title="value alone among hostile policies",
        citation=_STRATEGIC,
        kinds=(EPISODES,),
        meets="hostile",
        function=lambda play, how: min(play.hostile.values()),
        undefined=_no_partners,
    ),
    Measure(
        name="welfare",
        direction="max",
        unit="utility",
        title="welfare",
        citation="sum of utilities",
        kinds=(*_SOLVED, EPISODES),
        function=lambda play, how: play.welfare(),
    ),
    Measure(
        name="price_of_anarchy",
        direction="min",
        title="price of anarchy",
        citation="Koutsoupias, Papadimitriou (1999)",
        kinds=(ONE_SHOT, MARKOV, EPISODES),
        function=lambda play, how: play.price_of_anarchy(),
        undefined=_no_welfare,
    ),
    Measure(
        name="free_riding",
        direction="min",
        unit="utility",
        title="free-riding",
        citation=_STRATEGIC,
        kinds=(ONE_SHOT, MARKOV, EPISODES),
        function=lambda play, how: play.free_riding(),
        undefined=_no_private_costs,
    ),
)
