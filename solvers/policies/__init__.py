"""Programmatic policies for social dilemmas: their interface, the library's own, episodes and metrics.

Names are imported on first use, because a program's process passes through here too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nashforge.games.lazy import exports

if TYPE_CHECKING:
    from nashforge.solvers.policies.episode import Episode as Episode
    from nashforge.solvers.policies.episode import PolicyFailure as PolicyFailure
    from nashforge.solvers.policies.episode import play as play
    from nashforge.solvers.policies.episode import self_play as self_play
    from nashforge.solvers.policies.library import policy_names as policy_names
    from nashforge.solvers.policies.library import policy_source as policy_source
    from nashforge.solvers.policies.metrics import METRICS as METRICS
    from nashforge.solvers.policies.metrics import Summary as Summary
    from nashforge.solvers.policies.metrics import social_metrics as social_metrics
    from nashforge.solvers.policies.metrics import summarise as summarise

__all__, __getattr__, __dir__ = exports(__name__)
