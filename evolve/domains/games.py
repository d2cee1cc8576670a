"""What domains share whose programs play the games of a suite, one confined process a game."""

from __future__ import annotations

import hashlib
import inspect
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import ModuleType
from typing import TYPE_CHECKING

from nashforge import games
from nashforge.evolve.evaluation.messages import (
    Disguise,
    Fitness,
    Measurement,
    Report,
    Split,
    Stage,
    Strategic,
    Task,
    Trial,
)
from nashforge.evolve.evaluation.metrics import Metric
from nashforge.evolve.evaluation.stages import Allowance, Tally, requested, run_stages
from nashforge.evolve.sandbox import InfrastructureError, InvalidOutput, Limits, Sandbox
from nashforge.games.sequence_form import SequenceForm
from nashforge.solvers.metrics.profile import UndefinedMetricError, check_defined, strategic_values
from nashforge.solvers.risk.measures import Risk
from nashforge.solvers.sequence_form.profile import Profile

if TYPE_CHECKING:
    from nashforge.evolve.proposers.base import Proposer
    from nashforge.evolve.proposers.rewriting.grammar import Grammar

FINGERPRINT_DIGITS = 5
"""Programs whose measurements agree to so many digits on the smoke stage count as the same behaviour."""


class PlayingDomain(ABC):
    """A domain whose trials are games; subclasses say how one is played. The rest is in `Domain`.

    Attributes
    ----------
    interface : module
        What programs see; its source is part of the system prompt.
    suites : dict
        Name of the suite of each split, by default.
    disguise : Disguise
        Of the first game of validation; the numbers of the others count up from it.
    perturbs_only_copies : bool
        Whether payoffs are perturbed only in games of the domain's own training suite.
    seconds : dict
        Processor time that a program may use in all the games of a split.
    noise : float
        Measurements below it differ between programs that act alike.
    """

    name: str
    evaluator: str
    metrics: Mapping[str, Metric]
    interface: ModuleType
    suites: Mapping[Split, str]
    disguise: Disguise
    seconds: Mapping[Split, float]
    noise = 1e-12
    perturbs_only_copies = False

    @abstractmethod
    def play(self, source: str, trial: Trial, sandbox: Sandbox, limits: Limits, tally: Tally) -> list[float]:
        """Play one game, fill the tally and return the measurements that tell behaviours apart.

        Raises
        ------
        nashforge.evolve.sandbox.CandidateFailure
            If the program fails.
        """

    @abstractmethod
    def grammar(self) -> Grammar | None:
        """Return the grammar of the domain's programs."""

    def checkpoints(self, horizon: int) -> tuple[int, ...]:
        """Return after which iterations is measured: the first few, and every twentieth part."""
        points = {horizon * k // 20 for k in range(1, 20)} | {1, 2, 5, 10, 20, horizon}
        return tuple(sorted(k for k in points if 1 <= k <= horizon))

    def games(self, suite: str) -> Sequence[str]:
        """Return the games of a suite."""
        return games.load_suite(suite).games

    def identified(self, game: str) -> tuple[str, str]:
        """Return how to call a game from any folder, and the digest of its identity."""
        return games.portable(game), games.identity(game).digest

    def trial(
        self, game: str, horizon: int, label: str | None = None, disguise: Disguise | None = None
    ) -> Trial:
        """Return the trial of a game; whoever plays it may work in another directory.

        Raises
        ------
        nashforge.games.GameError
            If the game cannot be loaded.
        """
        played, identity = self.identified(game)
        return Trial(
            label=label or game,
            game=played,
            identity=identity,
            iterations=horizon,
            checkpoints=self.checkpoints(horizon),
            disguise=disguise,
        )

    def stage(self, split: Split, suite: str, horizon: int, fitness: Fitness) -> Stage:
        """Return the games of a suite; those for validation are disguised, each with a number of its own.

        What a number stands for is up to the run, see `nashforge.evolve.evaluation.disguises`. Where only
        copies are perturbed, the others are other games anyway.
        """
        known = self.games(self.suites["train"] if self.perturbs_only_copies else suite)
        copies = {self.identified(game)[1] for game in known} if split == "validation" else set()
        trials = []
        for k, game in enumerate(self.games(suite)):
            if split == "validation":
                disguise = self.disguise.model_copy(update={"seed": self.disguise.seed + k})
                if self.identified(game)[1] not in copies:
                    disguise = disguise.model_copy(update={"perturbation": 0.0})
                trials.append(self.trial(game, horizon, f"{game} (disguised)", disguise))
            else:
                trials.append(self.trial(game, horizon))
        return Stage(
            split=split, suite=suite, trials=tuple(trials), fitness=fitness, seconds=self.seconds[split]
        )

    def adhoc(self, games: Sequence[str], horizon: int, fitness: Fitness) -> Stage:
        """Return a stage over given games."""
        trials = tuple(self.trial(game, horizon) for game in games)
        return Stage(
            split="test", suite="games", trials=trials, fitness=fitness, seconds=self.seconds["test"]
        )

    def prepare(self, stage: Stage) -> None:
        """Compile every game of a stage, so that workers find them in the cache."""
        names, how = self.requested(stage.fitness), stage.fitness.strategic or Strategic()
        for game in {trial.game for trial in stage.trials}:
            games.compile(game)
        for trial in stage.trials if names else ():
            # A disguise may leave a measure undefined, such as one that needs payoffs without noise.
            check_defined(played_form(trial.game, trial.disguise), names, Risk(how.tau, how.divergence))

    def brief(self, train: Stage) -> Mapping[str, object]:
        """Return what the system prompt mentions besides what every prompt is given."""
        return {"interface": inspect.getsource(self.interface)}

    def limits(self, limits: Limits) -> Limits:
        """Return the limits of one game, given those that the stage leaves."""
        return limits

    def evaluate(self, task: Task, sandbox: Sandbox) -> Report:
        """Play every game of every stage, one confined process a game."""

        self._check_games(task)

        def run_stage(stage: Stage, tally: Tally) -> None:
            allowance = Allowance(stage.seconds, task.memory_bytes)
            measured: list[float] = []
            for trial in stage.trials:
                limits = self.limits(allowance.limits(tally.cpu_seconds))
                measured += self.play(task.source, trial, sandbox, limits, tally)
                self._measure(stage.fitness, trial, tally)
            if stage.split == "smoke":
                tally.fingerprint = self._fingerprint(measured)

        return run_stages(task, self.evaluator, run_stage, tier=sandbox.tier)

    def _check_games(self, task: Task) -> None:
        """Refuse to measure games that are not on this machine what they are where the task comes from.

        Raises
        ------
        InfrastructureError
            If a game cannot be loaded here, or is another.
        """
        for trial in (trial for stage in task.stages for trial in stage.trials):
            if trial.identity is None:
                continue
            try:
                _, identity = self.identified(trial.game)
            except games.GameError as error:
                raise InfrastructureError(f"this worker cannot load {trial.label}: {error}") from error
            if identity != trial.identity:
                raise InfrastructureError(
                    f"{trial.game} is another game on this worker than where the task was sent: a file that "
                    "it reads has other content, or OpenSpiel another version; copy the file, or install the "
                    "same version"
                )

    def requested(self, fitness: Fitness) -> tuple[str, ...]:
        """Return the metrics to be measured that are measured only on request."""
        return requested(fitness, self.metrics)

    def stranger(self, form: SequenceForm, iterations: int) -> Profile:
        """Return the joint policy of the reference program, whose seats partners for cross-play come from."""
        raise NotImplementedError(f"the domain {self.name} has no strangers; define stranger()")

    def _measure(self, fitness: Fitness, trial: Trial, tally: Tally) -> None:
        """Add strategic measures of what was played last, as far as they are asked for."""
        names, how = self.requested(fitness), fitness.strategic or Strategic()
        if not names or tally.final is None:
            return
        form, profile = tally.final
        try:
            values = strategic_values(
                form,
                profile,
                names,
                risk=Risk(how.tau, how.divergence),
                epsilon=how.epsilon,
                radius=how.radius,
                stranger=lambda: self.stranger(form, trial.iterations),
            )
        except UndefinedMetricError as error:
            raise InvalidOutput(f"in {trial.label}: {error}", tally.log) from error
        tally.scores += [
            Measurement(game=trial.label, metric=name, value=value, direction=self.metrics[name].direction)
            for name, value in values.items()
        ]

    def proposer(self) -> Proposer | None:
        """Return the proposer that edits the domain's programs, if they have a grammar."""
        from nashforge.evolve.proposers.rewriting.proposer import OfflineProposer

        grammar = self.grammar()
        return None if grammar is None else OfflineProposer(grammar)

    def _fingerprint(self, measured: Sequence[float]) -> str:
        digits = [f"{max(value, self.noise):.{FINGERPRINT_DIGITS - 1}e}" for value in measured]
        return hashlib.sha256(" ".join(digits).encode()).hexdigest()[:16]


def played_form(game: str, disguise: Disguise | None) -> SequenceForm:
    """Return the sequence form of a game as programs play it."""
    return _played(game, games.identity(game).digest, disguise)


@lru_cache(maxsize=32)
def _played(game: str, identity: str, disguise: Disguise | None) -> SequenceForm:
    form = games.compile(game)
    if disguise is None:
        return form
    return games.disguise(
        form, disguise.seed, dummies=disguise.dummies, perturbation=disguise.perturbation
    ).form
