"""The domain of equilibrium learners: the RQE gap of the last iterate at a fixed number of iterations."""

from __future__ import annotations

import hashlib
import inspect
import time
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from evolve.domains.metrics import SECONDS, Metric, catalogue
from evolve.domains.staging import Tally, run_stages
from evolve.sandbox import InvalidOutput, Limits, Sandbox
from evolve.tasks import Disguise, Fitness, Measurement, Report, Split, Stage, Task, Trial
from games.matrix.suite_files import load_matrix_suite
from solvers.equilibria.programs import nash_gap
from solvers.learners import interface
from solvers.learners.engine import Learned, StrategyError, learn, session_arguments
from solvers.learners.rules import learner_names, learner_source
from solvers.learners.tasks import LearningTask, learning_task
from solvers.metrics.definitions import BY_NAME, Definition

if TYPE_CHECKING:
    from evolve.offline.grammar import Grammar
    from evolve.proposal import Proposer

FINGERPRINT_DIGITS = 5
"""Programs whose gaps agree to so many digits on the smoke stage count as the same behaviour."""
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


class RQEDomain:
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
                _trial("SC4", few, label=f"SC4 ({few} iterations)"),
                _trial("random(2x3,seed=1) | reverse_kl entropy", few),
            ),
            seconds=10.0,
        )

    def stage(self, split: Split, suite: str, horizon: int, fitness: Fitness) -> Stage:
        """Return the games of a suite; those for validation are disguised, always in the same way."""
        names = load_matrix_suite(suite).games
        if split == "validation":
            trials = [_disguised(game, horizon, seed=3000 + k) for k, game in enumerate(names)]
        else:
            trials = [_trial(game, horizon) for game in names]
        seconds = 600.0 if split == "test" else 60.0
        return Stage(split=split, suite=suite, trials=tuple(trials), fitness=fitness, seconds=seconds)

    def adhoc(self, games: Sequence[str], horizon: int, fitness: Fitness) -> Stage:
        """Return a stage over given games."""
        trials = tuple(_trial(game, horizon) for game in games)
        return Stage(split="test", suite="games", trials=trials, fitness=fitness, seconds=600.0)

    def prepare(self, stage: Stage) -> None:
        """Read every game of a stage once, so that a typing error is found before anything runs."""
        for trial in stage.trials:
            _task(trial.game, trial.disguise)

    def brief(self, train: Stage) -> Mapping[str, object]:
        """Return what the system prompt mentions besides what every prompt is given."""
        return {"interface": inspect.getsource(interface)}

    def evaluate(self, task: Task, sandbox: Sandbox) -> Report:
        """Play every game of every stage, one confined process a game."""

        def run_stage(stage: Stage, tally: Tally) -> None:
            deadline = time.monotonic() + stage.seconds
            gaps: list[float] = []
            for trial in stage.trials:
                limits = Limits(
                    wall_seconds=max(deadline - time.monotonic(), 0.01),
                    cpu_seconds=stage.seconds,
                    memory_bytes=task.memory_bytes,
                )
                gaps += _play(task.source, trial, sandbox, limits, tally)
            if stage.split == "smoke":
                digits = [f"{max(gap, 1e-13):.{FINGERPRINT_DIGITS - 1}e}" for gap in gaps]
                tally.fingerprint = hashlib.sha256(" ".join(digits).encode()).hexdigest()[:16]

        return run_stages(task, self.evaluator, run_stage)

    def grammar(self) -> Grammar | None:
        """Return the grammar of learners."""
        from evolve.offline.rqe.grammar import RQE

        return RQE

    def proposer(self) -> Proposer | None:
        """Return the proposer that edits learners."""
        from evolve.offline.proposer import OfflineProposer
        from evolve.offline.rqe.grammar import RQE

        return OfflineProposer(RQE)


def _trial(game: str, horizon: int, label: str | None = None, disguise: Disguise | None = None) -> Trial:
    points = {horizon * k // 20 for k in range(1, 20)} | {1, 2, 5, 10, 20, horizon}
    return Trial(
        label=label or game,
        game=game,
        iterations=horizon,
        checkpoints=tuple(sorted(k for k in points if 1 <= k <= horizon)),
        disguise=disguise,
    )


def _disguised(game: str, horizon: int, seed: int) -> Trial:
    disguise = Disguise(seed=seed, perturbation=0.2)
    return _trial(game, horizon, label=f"{game} (disguise {seed})", disguise=disguise)


@lru_cache(maxsize=64)
def _task(game: str, disguise: Disguise | None) -> LearningTask:
    if disguise is None:
        return learning_task(game)
    return learning_task(game, disguise.seed, disguise.perturbation)


def _play(source: str, trial: Trial, sandbox: Sandbox, limits: Limits, tally: Tally) -> list[float]:
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
