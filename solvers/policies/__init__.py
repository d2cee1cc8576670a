"""Programmatic policies for social dilemmas: their interface, the library's own, episodes and metrics.

Names are imported on first use, because a program's process passes through here too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nashforge.games.lazy import on_first_use

if TYPE_CHECKING:
    from nashforge.solvers.policies.episode import Episode, PolicyFailure, play, self_play
    from nashforge.solvers.policies.library import policy_names, policy_source
    from nashforge.solvers.policies.metrics import METRICS, Summary, social_metrics, summarise

_MODULES = {
    "Episode": "nashforge.solvers.policies.episode",
    "PolicyFailure": "nashforge.solvers.policies.episode",
    "play": "nashforge.solvers.policies.episode",
    "self_play": "nashforge.solvers.policies.episode",
    "policy_names": "nashforge.solvers.policies.library",
    "policy_source": "nashforge.solvers.policies.library",
    "METRICS": "nashforge.solvers.policies.metrics",
    "Summary": "nashforge.solvers.policies.metrics",
    "social_metrics": "nashforge.solvers.policies.metrics",
    "summarise": "nashforge.solvers.policies.metrics",
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
