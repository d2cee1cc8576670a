"""The measures: name, direction, unit and where they are defined."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Definition:
    """A measure of a joint policy; a domain turns it into a metric of its own."""

    name: str
    direction: Literal["min", "max"]
    unit: str
    title: str
    citation: str


_RISK = "Mazumdar, Panaganti, Shi (2025), arXiv 2406.14156"
_STRATEGIC = "Strategic risk aversion (2026), arXiv 2602.21515"
DEFINITIONS = (
    Definition("exploitability", "min", "utility", "exploitability", "Lanctot et al. (2017): NashConv / N"),
    Definition("qre_gap", "min", "utility", "QRE gap", "McKelvey, Palfrey (1995)"),
    Definition("rqe_gap", "min", "utility", "RQE gap", _RISK),
    Definition("risk_adjusted_value", "max", "utility", "risk-adjusted value", _RISK),
    Definition("robust_value", "max", "utility", "worst value within a KL radius", _STRATEGIC),
    Definition("security_value", "max", "utility", "security value", "von Neumann (1928)"),
    Definition("cross_play_gap", "min", "utility", "cross-play gap", "Hu et al. (2020), arXiv 2003.02979"),
    Definition(
        "worst_cross_play", "max", "utility", "worst cross-play", "Hu et al. (2020), arXiv 2003.02979"
    ),
    Definition("hostile_value", "max", "utility", "value alone among hostile policies", _STRATEGIC),
    Definition("welfare", "max", "utility", "welfare", "sum of utilities"),
    Definition("price_of_anarchy", "min", "", "price of anarchy", "Koutsoupias, Papadimitriou (1999)"),
    Definition("free_riding", "min", "utility", "free-riding", _STRATEGIC),
)
BY_NAME = {definition.name: definition for definition in DEFINITIONS}
ON_REQUEST = (
    "qre_gap",
    "rqe_gap",
    "risk_adjusted_value",
    "robust_value",
    "security_value",
    "cross_play_gap",
    "worst_cross_play",
    "welfare",
    "price_of_anarchy",
    "free_riding",
)
"""What `profile` measures. Values are means over players; gaps and welfare are sums."""
OF_POLICIES = (
    "cross_play_gap",
    "worst_cross_play",
    "hostile_value",
    "welfare",
    "free_riding",
    "price_of_anarchy",
)
"""What `nashforge.solvers.policies.strategic` measures in dilemmas, where a strategy is a program."""
PARAMETRIC = ("qre_gap", "rqe_gap", "risk_adjusted_value", "robust_value")
"""What depends on aversion to risk, rationality or a radius."""
