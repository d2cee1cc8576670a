"""The domain of equilibrium learners: measured in the sandbox as in-process, searched by its mechanisms."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from nashforge.evolve.domains.rqe import RQEDomain
from nashforge.evolve.evaluation.messages import Fitness, Task
from nashforge.evolve.proposers.rewriting.analysis.inference import issues
from nashforge.evolve.proposers.rewriting.grammars.rqe.grammar import RQE
from nashforge.evolve.proposers.rewriting.mutation import mutate
from nashforge.evolve.proposers.rewriting.operators.registry import GENERIC
from nashforge.evolve.proposers.rewriting.syntax.edit import NotApplicable
from nashforge.evolve.proposers.rewriting.syntax.program import read_module
from nashforge.solvers.learners.engine import RQE as KIND
from nashforge.solvers.learners.engine import learning_task
from nashforge.solvers.learners.rules import learner_names, learner_source
from nashforge.solvers.metrics.registry import UndefinedMetricError
from nashforge.solvers.programs.session import NonFiniteOutputError, inline_sessions, load_module
from nashforge.solvers.sequence_form.profile import PolicyError
from tests.sandboxes import shared_sandbox

NEGATIVE = Fitness(kind="negative")


def run(source: str, game: str = "SC4", fitness: Fitness = NEGATIVE):
    domain = RQEDomain()
    stage = domain.games_stage([game], 20, fitness)
    domain.prepare(stage)
    task = Task(token="t", domain="rqe", source=source, stages=(domain.smoke(20), stage))
    return domain.evaluate(task, shared_sandbox(domain.host_modules))


def test_the_sandbox_measures_what_this_process_measures() -> None:
    report = run(learner_source("mirror_descent"))
    assert report.status == "ok", report.reason
    task = learning_task("SC4")
    session = inline_sessions(lambda: load_module(learner_source("mirror_descent")), KIND.arguments(task, 20))
    expected = KIND.run(task, session, 20).curve[-1].gap
    assert report.fitness("test") == pytest.approx(-expected, rel=1e-12)
    stage = report.stage("test")
    assert stage is not None
    always = {name for name, metric in RQEDomain().metrics.items() if not metric.on_request}
    assert {score.metric for score in stage.scores} == always
    for score in stage.scores:
        assert score.direction == RQEDomain().metrics[score.metric].direction


def test_social_measures_on_request_in_games_that_define_them() -> None:
    asked = Fitness(kind="objective", objective="free_riding + price_of_anarchy")
    for game in ("cooperation(3x3,seed=2)", "contribution_line(1)"):
        report = run(learner_source("mirror_descent"), game, asked)
        assert report.status == "ok", report.reason
        scores = {score.metric: score.value for score in report.stages[-1].scores}
        assert scores["free_riding"] == pytest.approx(0.0, abs=1e-9)  # a symmetric game from uniform play
        assert scores["price_of_anarchy"] > 1
    zero_sum, anarchy = (
        "markov_soccer(grid=.A\nO.\n.B)",
        Fitness(kind="objective", objective="price_of_anarchy"),
    )
    with pytest.raises(UndefinedMetricError, match="price_of_anarchy compares welfare"):
        run(learner_source("mirror_descent"), zero_sum, anarchy)
    with pytest.raises(UndefinedMetricError, match="those of SC4 are not"):
        run(learner_source("mirror_descent"), "SC4", asked)


def test_programs_that_return_no_strategy_are_invalid() -> None:
    source = learner_source("mirror_descent").replace("return self.softmax(", "return 2 * self.softmax(")
    report = run(source)
    assert report.status == "invalid_output"
    assert "sum to 1" in (report.reason or "")


def test_validation_is_disguised_and_splits_share_no_game() -> None:
    domain = RQEDomain()
    stages = {
        split: domain.stage(split, domain.suites[split], 10, NEGATIVE)
        for split in ("train", "validation", "test")
    }
    assert all(trial.disguise for trial in stages["validation"].trials)
    assert not any(trial.disguise for trial in stages["train"].trials)
    names = [{trial.game for trial in stage.trials} for stage in stages.values()]
    assert not names[0] & names[1]
    assert not names[0] & names[2]
    assert not names[1] & names[2]


@pytest.mark.parametrize("name", learner_names())
def test_library_learners_have_no_issues(name: str) -> None:
    assert not issues(read_module(learner_source(name), RQE))


@pytest.mark.parametrize("operator", RQE.operators, ids=lambda operator: operator.name)
def test_operators_make_programs_that_run(operator) -> None:
    """Every operator applies to some learner of the library, and most of what it makes can be played."""
    grammar = replace(RQE, operators=(operator,))
    task, rng, made, ran = learning_task("SC4"), np.random.default_rng(5), 0, 0
    for name in learner_names():
        for _ in range(4):
            try:
                edit = mutate(learner_source(name), rng, grammar=grammar)
            except NotApplicable:
                continue
            made += 1
            session = inline_sessions(partial(load_module, edit.source), KIND.arguments(task, 10))
            try:
                KIND.run(task, session, 10)
            except (PolicyError, NonFiniteOutputError):
                continue
            ran += 1
    # Learners of the library have no branches, which some generic operators change.
    assert made > 0 or operator in GENERIC
    assert ran >= made / 2
