"""The domain of equilibrium learners: the RQE gap of the last iterate at a fixed number of iterations."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from nashforge import games
from nashforge.archive.records import Score
from nashforge.evolve.domains.games import GameDomain
from nashforge.evolve.evaluation.messages import Disguise, Fitness, Split, Stage, Trial
from nashforge.evolve.evaluation.metrics import SECONDS, catalogue, defined
from nashforge.evolve.evaluation.stages import StageResult
from nashforge.evolve.sandbox import InvalidOutput, Limits, Sandbox
from nashforge.games.loading.identities import Identity
from nashforge.games.matrix.suite_files import load_matrix_suite
from nashforge.solvers.equilibria.bimatrix import nash_gap
from nashforge.solvers.learners.engine import learn, session_arguments
from nashforge.solvers.learners.engine_loop import Learned, StrategyError
from nashforge.solvers.learners.markov import engine as markov
from nashforge.solvers.learners.markov.measures import NEGLIGIBLE, best_welfare, markov_measures
from nashforge.solvers.learners.markov.tasks import MarkovTask, is_markov_task, markov_task
from nashforge.solvers.learners.rules import learner_names, learner_source
from nashforge.solvers.learners.tasks import LearningTask, learning_task
from nashforge.solvers.metrics.definitions import BY_NAME
from nashforge.solvers.metrics.profile import UndefinedMetricError
from nashforge.solvers.metrics.social import one_shot_free_riding, price_of_anarchy, shares_rewards
from nashforge.solvers.programs.session import Session

if TYPE_CHECKING:
    from nashforge.evolve.proposers.rewriting.grammar import Grammar

REPORTED = ("exploitability", "risk_adjusted_value", "security_value", "welfare")
"""Measured at the end of every trial beside the gap; payoffs (of a step) span 1 for each player."""
SOCIAL = ("price_of_anarchy", "free_riding")
"""Measured on request, in games that define them."""


CALL_SECONDS = 50 * 12e-6
"""Processor time that the move of a role in one state may take on average.

50 times what the library's slowest learner (actor_critic) takes, median on a core of a shared machine.
"""


class RQEDomain(GameDomain):
    """Update rules of learners that see only their own payoff gradients, see `interface`."""

    name = "rqe"
    title = "learners of risk-averse equilibria, judged by the RQE gap of their last iterate"
    evaluator = "rqe-4"
    seed = "projected_gradient"
    hosts: tuple[str, ...] = ("nashforge.solvers.learners.host",)
    metric = "rqe_gap"
    metrics = catalogue(
        [
            defined(BY_NAME["rqe_gap"], logarithmic=True),
            *(defined(BY_NAME[name]) for name in REPORTED),
            *(defined(BY_NAME[name], on_request=True) for name in SOCIAL),
            SECONDS,
        ]
    )
    fitness = Fitness(kind="log_ratio", floor=1e-12, reference="projected_gradient")
    suites: Mapping[Split, str] = {"train": "rqe-train", "validation": "rqe-validation", "test": "rqe-test"}
    horizon = 100
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
        """Return short runs on tiny games: the two pairs of divergence and regulariser, and a Markov game."""
        few = min(horizon, 60)
        return Stage(
            split="smoke",
            suite="rqe-smoke",
            trials=(
                self.trial("SC1", few, label=f"SC1 ({few} iterations)"),
                self.trial("random(2x3,seed=1) | reverse_kl entropy", few),
                self.trial("random_markov(2,2x2,seed=1)", few),
            ),
            seconds=10.0,
        )

    def games(self, suite: str) -> Sequence[str]:
        """Return the games of a suite of matrix and Markov games."""
        return load_matrix_suite(suite).games

    def identified(self, game: str) -> tuple[str, str]:
        """Return how to call a task from any folder, and the digest of its identity."""
        name, bar, options = game.partition("|")
        made = games.portable(name)
        return game if made == name else f"{made} {bar}{options}".strip(), task_identity(game)

    def prepare(self, stage: Stage) -> None:
        """Read every game of a stage once, so that what is wrong is found before anything runs."""
        wanted = self.requested(stage.fitness)
        for trial in stage.trials:
            task = read_task(trial.game, trial.disguise)
            if "free_riding" in wanted and not _shares_rewards(task):
                raise UndefinedMetricError(
                    "free_riding is defined where payoffs are a shared reward less private costs of one's "
                    f"own actions; those of {trial.label} are not, choose welfare there"
                )
            if "price_of_anarchy" in wanted and _best_welfare(task) <= NEGLIGIBLE:
                raise UndefinedMetricError(
                    f"price_of_anarchy compares welfare, and nothing that players do in {trial.label} makes "
                    "it positive; choose welfare there"
                )

    def grammar(self) -> Grammar | None:
        """Return the grammar of learners."""
        from nashforge.evolve.proposers.rewriting.grammars.rqe.grammar import RQE

        return RQE

    def play(
        self, source: str, trial: Trial, sandbox: Sandbox, limits: Limits, result: StageResult
    ) -> list[float]:
        """Let the roles learn in one game, each in a process of its own, and measure the gap on the way."""
        task = read_task(trial.game, trial.disguise)
        states = task.game.states if isinstance(task, MarkovTask) else 1
        limits = replace(limits, call_cpu_seconds=CALL_SECONDS * states)
        with sandbox.sessions(source, served(task, trial.iterations), limits=limits) as sessions:
            try:
                learned = learnt(task, sessions, trial.iterations, trial.checkpoints)
            except StrategyError as error:
                sessions.close()
                raise InvalidOutput(f"in {trial.label}: {error}", sessions.log, sessions.usage) from error
        result.use(sessions.usage, sessions.log)
        result.values[trial.label] = learned.points[-1].gap
        for point in learned.points:
            result.scores.append(
                Score(game=trial.label, metric="rqe_gap", value=point.gap, iteration=point.iteration)
            )
        result.scores += _at_the_end(task, learned, trial.label)
        result.scores.append(Score(game=trial.label, metric="seconds", value=learned.points[-1].seconds))
        return [point.gap for point in learned.points]

    def measure(self, fitness: Fitness, trial: Trial, result: StageResult) -> None:
        """Drop what nobody asked for; fail a program whose strategies leave undefined what was."""
        wanted = self.requested(fitness)
        measured = {score.metric for score in result.scores if score.game == trial.label}
        if "price_of_anarchy" in wanted and "price_of_anarchy" not in measured:
            raise InvalidOutput(
                f"in {trial.label}: price_of_anarchy is undefined, because welfare is not positive",
                result.log,
            )
        result.scores = [s for s in result.scores if s.metric not in SOCIAL or s.metric in wanted]


def read_task(game: str, disguise: Disguise | None = None) -> LearningTask | MarkovTask:
    """Return the task that a string names, one-shot or Markov, as programs play it."""
    return _read_task(game, task_identity(game), disguise)


@lru_cache(maxsize=64)
def _read_task(game: str, identity: str, disguise: Disguise | None) -> LearningTask | MarkovTask:
    read: Callable[..., LearningTask | MarkovTask] = markov_task if is_markov_task(game) else learning_task
    if disguise is None:
        return read(game)
    return read(game, disguise.seed, disguise.perturbation)


def task_identity(text: str) -> str:
    """Return the digest of what a task is: the game that its string names, and the players' parameters."""
    game, _, options = text.partition("|")
    identity = games.identity(game.replace("\\n", "\n"))
    return Identity(json.dumps([identity.text, options.split()])).digest


def served(task: LearningTask | MarkovTask, horizon: int) -> list[dict[str, Any]]:
    """Return what sessions need to serve a learner in a task, one a role."""
    if isinstance(task, MarkovTask):
        return markov.session_arguments(task, horizon)
    return session_arguments(task, horizon)


def learnt(
    task: LearningTask | MarkovTask,
    sessions: Sequence[Session],
    horizon: int,
    checkpoints: Sequence[int] = (),
) -> Learned:
    """Let learners play a task.

    Raises
    ------
    StrategyError
        If a learner returns something that is not a mixed strategy.
    """
    if isinstance(task, MarkovTask):
        return markov.learn(task, sessions, horizon, checkpoints)
    return learn(task, sessions, horizon, checkpoints)


def _shares_rewards(task: LearningTask | MarkovTask) -> bool:
    if isinstance(task, MarkovTask):
        return shares_rewards(task.game.rewards[0] - task.game.rewards[1])
    return shares_rewards(task.payoffs[0] - task.payoffs[1])


def _best_welfare(task: LearningTask | MarkovTask) -> float:
    if isinstance(task, MarkovTask):
        return float(task.game.initial @ best_welfare(task.game, task.discount))
    return float((task.payoffs[0] + task.payoffs[1]).max())


def _at_the_end(task: LearningTask | MarkovTask, learned: Learned, label: str) -> list[Score]:
    if isinstance(task, MarkovTask):
        values = markov_measures(task, learned.strategies)
    else:
        values = _one_shot(task, learned)
    return [
        Score(game=label, metric=name, value=values[name], direction=BY_NAME[name].direction)
        for name in (*REPORTED, *SOCIAL)
        if name in values
    ]


def _one_shot(task: LearningTask, learned: Learned) -> dict[str, float]:
    strategies, payoffs, risks = learned.strategies, task.payoffs, task.problem.risks
    outcomes = [strategies[i] @ own for i, own in enumerate(task.problem.payoffs)]  # by the other's action
    averse = [risks[i].value(outcomes[i], strategies[1 - i]) for i in range(2)]
    found = {
        "exploitability": nash_gap(*payoffs, *strategies) / 2,
        "risk_adjusted_value": float(np.mean(averse)),
        "security_value": float(np.mean([outcome.min() for outcome in outcomes])),
        "welfare": float(sum(outcomes[i] @ strategies[1 - i] for i in range(2))),
    }
    if found["welfare"] > 0:
        found["price_of_anarchy"] = price_of_anarchy(payoffs, strategies)
    if _shares_rewards(task):
        found["free_riding"] = one_shot_free_riding(payoffs, strategies)
    return found
