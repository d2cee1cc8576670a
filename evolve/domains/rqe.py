"""The domain of equilibrium learners: the RQE gap of the last iterate at a fixed number of iterations."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from nashforge import games
from nashforge.archive.records import Score
from nashforge.evolve.domains.games import GameDomain
from nashforge.evolve.evaluation.labels import label
from nashforge.evolve.evaluation.messages import Disguise, Fitness, Split, Stage, Trial
from nashforge.evolve.evaluation.metrics import SECONDS, always
from nashforge.evolve.evaluation.stages import StageResult
from nashforge.evolve.sandbox import Limits, Sandbox
from nashforge.games.matrix.suite_files import MATRIX_SUITES
from nashforge.solvers.metrics import measures as own
from nashforge.solvers.metrics.registry import MARKOV, ONE_SHOT, Measure, Parameters, Play, measured
from nashforge.solvers.programs.trajectory import Policies

if TYPE_CHECKING:
    from nashforge.evolve.domains.audits.tasks import TaskAuditing
    from nashforge.evolve.proposers.rewriting.grammar import Grammar
    from nashforge.solvers.learners.task import Task
    from nashforge.solvers.programs.kind import ProgramKind
    from nashforge.solvers.programs.library import Library

ALWAYS = ("exploitability", "risk_adjusted_value", "security_value", "welfare")
"""Measured at the end of every trial beside the gap; payoffs (of a step) span 1 for each player."""

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
    host_modules: tuple[str, ...] = ("nashforge.solvers.learners.host",)
    metric = "rqe_gap"
    reported = (
        always(own.rqe_gap, logarithmic=True),
        *(always(getattr(own, name)) for name in ALWAYS),
        SECONDS,
    )
    plays = (ONE_SHOT, MARKOV)
    fitness = Fitness(kind="log_ratio", floor=1e-12, reference="projected_gradient")
    suites: Mapping[Split, str] = {"train": "rqe-train", "validation": "rqe-validation", "test": "rqe-test"}
    horizon = 100
    example = ("SC4", 200)
    disguise = Disguise(seed=3000, perturbation=0.2)
    seconds: Mapping[Split, float] = {"train": 60.0, "validation": 60.0, "test": 600.0}
    noise = 1e-13

    @property
    def kind(self) -> ProgramKind:
        """Interface, library and engine of learners."""
        from nashforge.solvers.learners.engine import RQE

        return RQE

    @property
    def library(self) -> Library:
        """The programs that come with the domain."""
        from nashforge.solvers.learners.rules import LIBRARY

        return LIBRARY

    @property
    def auditing(self) -> TaskAuditing:
        """The games that audits of its programs play, and what they look for."""
        from nashforge.evolve.domains.audits.tasks import TaskAuditing

        return TaskAuditing(self)

    def smoke(self, horizon: int) -> Stage:
        """Return short runs on tiny games: the two pairs of divergence and regulariser, and a Markov game."""
        few = min(horizon, 60)
        return Stage(
            split="smoke",
            suite="rqe-smoke",
            trials=(
                self.trial("SC1", few, label=label("SC1", iterations=few)),
                self.trial("random(2x3,seed=1) | reverse_kl entropy", few),
                self.trial("random_markov(2,2x2,seed=1)", few),
            ),
            seconds=10.0,
        )

    def games(self, suite: str) -> Sequence[str]:
        """Return the games of a suite of matrix and Markov games."""
        return MATRIX_SUITES.load(suite).games

    def identified(self, game: str) -> tuple[str, str]:
        """Return how to call a task from any folder, and the digest of its identity."""
        name, bar, options = game.partition("|")
        made = games.portable(name)
        return game if made == name else f"{made} {bar}{options}".strip(), task_identity(game)

    def prepare(self, stage: Stage) -> None:
        """Read every game of a stage once, so that what is wrong is found before anything runs."""
        for trial in stage.trials:
            self.game(trial)
        self.check_measures(stage)

    def game(self, trial: Trial) -> Play:
        """Return the play of a trial's game without strategies."""
        play: Play = self.read(trial).play()
        return play

    def measures(self) -> list[Measure]:
        """Return what is defined in all its games, whose players have a risk and rationality of their own."""
        both = [one for one in super().measures() if one.defined_in(ONE_SHOT) and one.defined_in(MARKOV)]
        return [one for one in both if not one.parametric]

    def grammar(self) -> Grammar | None:
        """Return the grammar of learners."""
        from nashforge.evolve.proposers.rewriting.grammars.rqe import grammar

        return grammar.RQE

    def play(
        self, source: str, trial: Trial, sandbox: Sandbox, limits: Limits, result: StageResult
    ) -> list[float]:
        """Let the roles learn in one game, each in a process of its own, and measure the gap on the way."""
        gaps = super().play(source, trial, sandbox, limits, result)
        assert result.final is not None
        result.scores += [
            Score(trial.label, name, value, self.metrics[name].direction)
            for name, value in measured(result.final, ALWAYS, Parameters()).items()
        ]
        return gaps

    def read(self, trial: Trial) -> Task:
        """Return the task of a trial, as programs play it."""
        return read_task(trial.game, trial.disguise)

    def unit(self, trial: Trial) -> float:
        """Return 1: payoffs of a task span 1 for each player, whatever their scale."""
        return 1.0

    def facts(self, trial: Trial) -> str:
        """Return the numbers of actions and states, and the players' risk and rationality."""
        task = self.read(trial)
        states = f", {len(task.labels)} states" if task.labels else ""
        tau, epsilon = (
            " and ".join(f"{one:.3g}" for one in dict.fromkeys(pair)) for pair in (task.tau, task.epsilon)
        )
        return f"{task.actions[0]} x {task.actions[1]} actions{states}, tau {tau}, epsilon {epsilon}"

    def payoff_range(self, trial: Trial) -> float:
        """Return 1: payoffs of a task span 1 for each player."""
        return 1.0

    def limits_in(self, game: Task, limits: Limits) -> Limits:
        """Return the limits of a learner in a task, with the time that a call may take."""
        return replace(limits, call_cpu_seconds=CALL_SECONDS * (len(game.labels) or 1))

    def solved(self, game: Task, policies: Policies, iterations: int) -> Play:
        """Return strategies with what measures ask of them."""
        play: Play = game.play(policies)
        return play


def read_task(game: str, disguise: Disguise | None = None) -> Task:
    """Return the task that a string names, one-shot or Markov, as programs play it."""
    return _read_task(game, task_identity(game), disguise)


@lru_cache(maxsize=64)
def _read_task(game: str, identity: str, disguise: Disguise | None) -> Task:
    from nashforge.solvers.learners.engine import learning_task

    if disguise is None:
        return learning_task(game)
    return learning_task(game, disguise.seed, disguise.perturbation)


def task_identity(text: str) -> str:
    """Return the digest of what a task is: the game that its string names, and the players' parameters."""
    # With OpenSpiel, which who only reads results needs not.
    from nashforge.games.loading.identities import Identity

    game, _, options = text.partition("|")
    identity = games.identity(game.replace("\\n", "\n"))
    return Identity(json.dumps([identity.text, options.split()])).digest
