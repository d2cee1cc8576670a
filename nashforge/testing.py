"""Checks that authors of domains run on theirs.

>>> from nashforge.testing import check_domain
>>> check_domain(MyDomain())  # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from nashforge.archive.records import Status
from nashforge.evolve.domains.base import Domain
from nashforge.evolve.domains.checks import check_fitness, complete
from nashforge.evolve.evaluation.messages import Report, Stage, Task
from nashforge.evolve.sandbox import Sandbox
from nashforge.evolve.sandbox.tiers import Tier

CHILDREN = 5
"""How many children of the seed program the grammar is tried with."""


def check_domain(domain: Domain, *, tier: Tier | str = Tier.STRICT, horizon: int | None = None) -> None:
    """Make sure that a domain does what search, evaluation and reports rely on.

    It is complete, its fitness suits its metrics, every program of its library runs on the smoke stage, the
    same program is measured alike twice, only known metrics are reported, what fails has a status and no
    score, and its grammar reads its programs.

    Parameters
    ----------
    domain
        The domain.
    tier
        Weakest sandbox tier to accept.
    horizon
        Iterations of the smoke stage; the domain's own horizon, if not given. Fewer are enough where a
        program of the library takes long for each.

    Raises
    ------
    nashforge.evolve.domains.checks.DomainError, nashforge.evolve.domains.checks.FitnessError
        If something is missing or does not fit together.
    AssertionError
        If it does something wrong; the message says what.
    """
    complete(domain, domain.name)
    check_fitness(domain, domain.fitness)
    assert domain.seed in domain.baselines(), f"the seed {domain.seed!r} is no program of the library"
    smoke = domain.smoke(domain.horizon if horizon is None else horizon)
    assert smoke.split == "smoke", f"smoke() returns a stage of the split {smoke.split!r}"
    domain.prepare(smoke)
    _check_stages(domain)
    with Sandbox(domain.host_modules, tier=tier) as sandbox:
        for name in domain.baselines():
            first, again = (_run(domain, domain.source(name), smoke, sandbox) for _ in range(2))
            assert first.status is Status.OK, f"{name} fails: {first.reason}"
            _check_scores(domain, name, first)
            assert first.stages[0].fingerprint == again.stages[0].fingerprint, (
                f"{name} is not measured alike twice"
            )
        for what, source in _broken():
            report = _run(domain, source, smoke, sandbox)
            assert report.status is not Status.OK, f"a program that {what} is measured as if it were sound"
            assert not report.stages[0].scores, f"a program that {what} has scores"
    _check_grammar(domain)


def _run(domain: Domain, source: str, stage: Stage, sandbox: Sandbox) -> Report:
    task = Task(token="check", domain=domain.name, source=source, stages=(stage,))
    return domain.evaluate(task, sandbox)


def _check_stages(domain: Domain) -> None:
    """Stages of a suite are the same when they are made again, and tell what they measure."""
    for split in ("train", "validation", "test"):
        stages = [domain.stage(split, domain.suites[split], domain.horizon, domain.fitness) for _ in range(2)]
        assert stages[0].trials, f"the suite {domain.suites[split]!r} has no games for {split}"
        assert stages[0].digest == stages[1].digest, f"the stage for {split} differs when it is made again"
        labels = [trial.label for trial in stages[0].trials]
        assert len(set(labels)) == len(labels), f"two games of the stage for {split} have one label"


def _check_scores(domain: Domain, name: str, report: Report) -> None:
    stage = report.stages[0]
    assert stage.tier is not None, "the report does not tell its tier: pass sandbox.tier to run_stages"
    metrics = {score.metric for score in stage.scores}
    assert metrics <= set(domain.metrics), (
        f"{name} is measured by {metrics - set(domain.metrics)}, not in metrics"
    )
    assert domain.metric in metrics, f"{name} has no {domain.metric}, which fitness is made of"
    for score in stage.scores:
        assert score.direction == domain.metrics[score.metric].direction, (
            f"{score.metric} has another direction"
        )


def _broken() -> Iterator[tuple[str, str]]:
    yield "is no Python", "def (:\n"
    yield "defines nothing", '"""Nothing."""\n'
    yield "raises while it is loaded", "raise ValueError('broken')\n"


def _check_grammar(domain: Domain) -> None:
    grammar = domain.grammar()
    if grammar is None:
        return
    from nashforge.evolve.proposers.rewriting import mutate

    rng, source = np.random.default_rng(0), domain.source(domain.seed)
    for _ in range(CHILDREN):
        source = mutate(source, rng, grammar=grammar).source
