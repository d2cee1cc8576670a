"""The checks that authors of domains run: all domains pass, and each fault that they look for is found."""

from __future__ import annotations

import numpy as np
import pytest

from nashforge.evolve.domains import domain, domain_names
from nashforge.evolve.domains.cfr import CFRDomain
from nashforge.evolve.domains.psro import PSRODomain
from nashforge.evolve.evaluation.messages import Fitness
from nashforge.testing import check_domain

pytestmark = pytest.mark.slow


class Brief(PSRODomain):
    """A hundredth of the steps, of programs that take 100,000 in every iteration."""

    def source(self, baseline):
        return super().source(baseline).replace(" = 100000\n", " = 1000\n")


@pytest.mark.parametrize("name", domain_names())
def test_every_domain_passes(name):
    check_domain(Brief() if name == "psro" else domain(name), horizon=2 if name == "psro" else None)


class Fast(CFRDomain):
    """Few programs, so that faults are found quickly."""

    fitness = Fitness(kind="log_ratio", reference="dcfr")

    def baselines(self):
        return ("cfr_plus", "dcfr")


class Drifting(Fast):
    def fingerprint(self, measured):
        return str(np.random.default_rng().integers(1 << 60))


class Unnamed(Fast):
    reported = tuple(metric for metric in Fast.reported if metric.name != "seconds")


class Believing(Fast):
    def play(self, source, trial, sandbox, limits, result):
        return super().play(self.source("cfr_plus"), trial, sandbox, limits, result)


class Twice(Fast):
    def games(self, suite):
        return ["kuhn_poker", "kuhn_poker"]


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (Drifting, "is not measured alike twice"),
        (Unnamed, "is measured by {'seconds'}, not in metrics"),
        (Believing, "is measured as if it were sound"),
        (Twice, "have one label"),
    ],
)
def test_faults_are_found(fault, message):
    with pytest.raises(AssertionError, match=message):
        check_domain(fault())
