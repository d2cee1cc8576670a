"""Tabular SRPO finds the risk-averse equilibrium; independent learners fall into free-riding."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.studies.srpo import srpo
from nashforge.solvers.equilibria import rqe
from nashforge.solvers.metrics.social import free_riding
from nashforge.solvers.risk import RiskError

CONTRIBUTION = np.array([[0.6, 0.6], [1.0, 0.0]])
COST = np.array([0.4, 0.0])


def test_averse_agents_come_to_the_risk_averse_equilibrium() -> None:
    """Together they contribute as much as at the only equilibrium; who does more evens out slowly."""
    exact = rqe(CONTRIBUTION, CONTRIBUTION.T, tau=(2, 2), epsilon=(0.2, 0.2))
    assert exact.others == ()
    riding = []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        found = srpo([CONTRIBUTION, CONTRIBUTION.T], rng, tau=2.0, epsilon=0.2, steps=1500, batch=1024)
        contribution = np.mean([strategy[0] for strategy in found.agents])
        assert contribution == pytest.approx(exact[0][0], abs=0.03)
        riding.append(free_riding([COST] * 2, found.agents))
    assert np.median(riding) < 0.1


def test_without_risk_one_agent_rides_free() -> None:
    riding = []
    for seed in range(6):
        found = srpo(
            [CONTRIBUTION, CONTRIBUTION.T], np.random.default_rng(seed), tau=None, epsilon=0.1, steps=1500
        )
        riding.append(free_riding([COST] * 2, found.agents))
    assert np.median(riding) > 0.2


def test_parameters_are_checked() -> None:
    with pytest.raises(RiskError, match="must be positive"):
        srpo([CONTRIBUTION, CONTRIBUTION.T], np.random.default_rng(0), tau=0.0)
