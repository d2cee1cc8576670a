"""Programmatic policies for social dilemmas: their interface, the library's own, episodes and metrics.

Names are imported on first use, because a program's process passes through here too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from games.lazy import on_first_use

if TYPE_CHECKING:
    from solvers.policies.episode import Episode, PolicyFailure, play, self_play
    from solvers.policies.library import policy_names, policy_source
    from solvers.policies.metrics import METRICS, Summary, social_metrics, summarise

_MODULES = {
    "Episode": "solvers.policies.episode",
    "PolicyFailure": "solvers.policies.episode",
    "play": "solvers.policies.episode",
    "self_play": "solvers.policies.episode",
    "policy_names": "solvers.policies.library",
    "policy_source": "solvers.policies.library",
    "METRICS": "solvers.policies.metrics",
    "Summary": "solvers.policies.metrics",
    "social_metrics": "solvers.policies.metrics",
    "summarise": "solvers.policies.metrics",
}

__all__ = [
    "METRICS",
    "Episode",
    "PolicyFailure",
    "Summary",
    "play",
    "policy_names",
    "policy_source",
    "self_play",
    "social_metrics",
    "summarise",
]

__getattr__ = on_first_use(__name__, _MODULES)
