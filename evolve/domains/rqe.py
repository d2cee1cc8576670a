"""The domain of equilibrium learners: the RQE gap of the last iterate at a fixed number of iterations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from evolve.domains.metrics import SECONDS, Metric, catalogue
from evolve.domains.playing import PlayingDomain
from evolve.domains.staging import Tally
from evolve.sandbox import InvalidOutput, Limits, Sandbox
from evolve.tasks import Disguise, Fitness, Measurement, Split, Stage, Trial
from games.matrix.suite_files import load_matrix_suite
from solvers.equilibria.programs import nash_gap
from solvers.learners import interface
from solvers.learners.engine import Learned, StrategyError, learn, session_arguments
from solvers.learners.rules import learner_names, learner_source
from solvers.learners.tasks import LearningTask, learning_task
from solvers.metrics.definitions import BY_NAME, Definition

if TYPE_CHECKING:
    from evolve.offline.grammar import Grammar

REPORTED = ("exploitability", "risk_adjusted_value", "security_value", "welfare")
"""Measured at the end of every trial beside the gap; payoffs span 1 for each player."""


def _metric(definition: Definition, logarithmic: bool = False) -> Metric:
    return Metric(
        definition.name,
        definition.direction,
        unit=definition.unit,
        title=definition.title,
        citation=definition.citation,
        logarithmic=logarithmic,
    )


class RQEDomain(PlayingDomain):
    """Update rules of learners that see only their own payoff gradients, see `solvers.learners.interface`."""

    name = "rqe"
    title = "learners of risk-averse equilibria, judged by the RQE gap of their last iterate"
    evaluator = "rqe-1"
    seed = "projected_gradient"
    hosts: tuple[str, ...] = ("solvers.learners.host",)
    metric = "rqe_gap"
    metrics = catalogue(
        [
            _metric(BY_NAME["rqe_gap"], logarithmic=True),
            *(_metric(BY_NAME[name]) for name in REPORTED),
            SECONDS,
        ]
    )
    fitness = Fitness(kind="log_ratio", floor=1e-12, reference="projected_gradient")
    suites: Mapping[Split, str] = {"train": "rqe-train", "validation": "rqe-validation", "test": "rqe-test"}
    horizon = 100
    interface = interface
    disguise = Disguise(seed=3000, perturbation=0.2)
    seconds: Mapping[Split, float] = {"train": 60.0, "validation": 60.0, "test": 600.0}
    noise = 1e-13

    def baselines(self) -> tuple[str, ...]:
        """Return the names of the library's learners."""
        return learner_names()

    def source(self, baseline: str) -> str:
        """Return the source of a learner of the library."""
        return learner_source(baseline)

    def smoke(self, horizon: int) -> Stage:
        """Return two short runs on tiny games with the two pairs of divergence and regulariser."""
        few = min(horizon, 60)
        return Stage(
            split="smoke",
            suite="rqe-smoke",
            trials=(
                self.trial("SC4", few, label=f"SC4 ({few} iterations)"),
                self.trial("random(2x3,seed=1) | reverse_kl entropy", few),
            ),
            seconds=10.0,
        )

    def games(self, suite: str) -> Sequence[str]:
        """Return the games of a suite of matrix games."""
        return load_matrix_suite(suite).games

    def prepare(self, stage: Stage) -> None:
        """Read every game of a stage once, so that a typing error is found before anything runs."""
        for trial in stage.trials:
            _task(trial.game, trial.disguise)

    def grammar(self) -> Grammar | None:
        """Return the grammar of learners."""
        from evolve.offline.rqe.grammar import RQE

        return RQE

    def play(self, source: str, trial: Trial, sandbox: Sandbox, limits: Limits, tally: Tally) -> list[float]:
        """Let the agents learn in one game and measure the gap of their strategies on the way."""
        task = _task(trial.game, trial.disguise)
        arguments = session_arguments(task, trial.iterations)
        with sandbox.session(source, limits=limits, **arguments) as session:
            tally.tier = session.tier
            try:
                learned = learn(task, session, trial.iterations, trial.checkpoints)
            except StrategyError as error:
                raise InvalidOutput(f"in {trial.label}: {error}", session.log, session.usage) from error
        tally.use(session.usage, session.log)
        tally.values[trial.label] = learned.points[-1].gap
        for point in learned.points:
            tally.scores.append(
                Measurement(game=trial.label, metric="rqe_gap", value=point.gap, iteration=point.iteration)
            )
        tally.scores += _at_the_end(task, learned, trial.label)
        tally.scores.append(Measurement(game=trial.label, metric="seconds", value=learned.points[-1].seconds))
        return [point.gap for point in learned.points]


@lru_cache(maxsize=64)
def _task(game: str, disguise: Disguise | None) -> LearningTask:
    if disguise is None:
        return learning_task(game)
    return learning_task(game, disguise.seed, disguise.perturbation)


def _at_the_end(task: LearningTask, learned: Learned, label: str) -> list[Measurement]:
    strategies, payoffs, risks = learned.strategies, task.payoffs, task.problem.risks
    averse = [risks[i].value(strategies[i] @ payoffs[i], strategies[1 - i]) for i in range(2)]
    values = {
        "exploitability": nash_gap(*payoffs, *strategies) / 2,
        "risk_adjusted_value": float(np.mean(averse)),
        "security_value": float(np.mean([(strategies[i] @ payoffs[i]).min() for i in range(2)])),
        "welfare": float(sum(strategies[i] @ payoffs[i] @ strategies[1 - i] for i in range(2))),
    }
    return [
        Measurement(game=label, metric=name, value=values[name], direction=BY_NAME[name].direction)
        for name in REPORTED
    ]
