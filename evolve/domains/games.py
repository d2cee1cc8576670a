"""The base class of domains whose programs play the games of a suite, one confined process a game."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from nashforge import games
from nashforge.archive.records import Score
from nashforge.evolve.domains.base import Domain
from nashforge.evolve.evaluation.fitness import reference_programs
from nashforge.evolve.evaluation.labels import label
from nashforge.evolve.evaluation.messages import Disguise, Fitness, Split, Stage, Trial
from nashforge.evolve.evaluation.metrics import AVERAGED, SECONDS
from nashforge.evolve.evaluation.stages import StageResult
from nashforge.evolve.sandbox import InvalidOutput, Limits, ProgramTimeout, Sandbox
from nashforge.games.sequence_form import SequenceForm
from nashforge.solvers.metrics.registry import ONE_SHOT, SEQUENCE_FORM, Play
from nashforge.solvers.programs.session import Session
from nashforge.solvers.programs.trajectory import Engine, Policies, run

if TYPE_CHECKING:
    from nashforge.evolve.domains.audits.games import GameAuditing
    from nashforge.solvers.programs.kind import ProgramKind
    from nashforge.solvers.programs.library import Library
    from nashforge.solvers.sequence_form.profile import Profile

# What plays loads compiled kernels, a second of processor time: it is imported where a game is played, so
# that commands that only ask what a domain measures stay light.

IN_UTILITY = ("gap", "last_iterate")
"""Attributes of checkpoints that are in the unit of the payoffs."""


class GameDomain(Domain):
    """A domain whose programs play sequence forms; subclasses say how. Games that validate are disguised.

    Attributes
    ----------
    kind : ProgramKind
        Of its programs: their interface, library and engine.
    disguise : Disguise
        Of the first game of validation; the numbers of the others count up from it.
    perturbs_only_copies : bool
        Whether payoffs are perturbed only in games of the domain's own training suite.
    checkpoint_metrics : dict
        Attributes of the engine's checkpoints that are measured beside the gap, by metric.
    """

    plays: tuple[str, ...] = (ONE_SHOT, SEQUENCE_FORM)
    disguise: Disguise
    perturbs_only_copies = False
    checkpoint_metrics: Mapping[str, str] = MappingProxyType({})

    @property
    @abstractmethod
    def kind(self) -> ProgramKind:
        """Interface, library and engine of the programs."""

    @property
    def library(self) -> Library:
        """The programs that come with the domain; of it where they can be read without the engine."""
        return self.kind.library

    def programs(self) -> Mapping[str, str]:
        """Return the sources of the library's programs."""
        return {name: self.source(name) for name in self.baselines()}

    def baselines(self) -> tuple[str, ...]:
        """Return the names of the library's programs."""
        return self.library.names()

    def source(self, baseline: str) -> str:
        """Return the source of a program of the library."""
        return self.library.source(baseline)

    @property
    def auditing(self) -> GameAuditing:
        """The games that audits of its programs play, and what they look for."""
        from nashforge.evolve.domains.audits.games import GameAuditing

        return GameAuditing(self)

    def stage(self, split: Split, suite: str, horizon: int, fitness: Fitness) -> Stage:
        """Return the games of a suite; those for validation are disguised, each with a number of its own.

        What a number stands for is up to the run, see `nashforge.evolve.evaluation.disguises`. Where only
        copies are perturbed, the others are other games anyway.
        """
        if split != "validation":
            return super().stage(split, suite, horizon, fitness)
        known = self.games(self.suites["train"] if self.perturbs_only_copies else suite)
        copies = {self.identified(game)[1] for game in known}
        trials = []
        for k, game in enumerate(self.games(suite)):
            disguise = self.disguise.model_copy(update={"seed": self.disguise.seed + k})
            if self.identified(game)[1] not in copies:
                disguise = disguise.model_copy(update={"perturbation": 0.0})
            trials.append(self.trial(game, horizon, label(game, disguised=True), disguise))
        return Stage(
            split=split, suite=suite, trials=tuple(trials), fitness=fitness, seconds=self.seconds[split]
        )

    def facts(self, trial: Trial) -> str:
        """Return the number of players, information sets and sequences, and the range of the payoffs."""
        return form_facts(self.read(trial))

    def payoff_range(self, trial: Trial) -> float:
        """Return the range of payoffs of a trial's game as it is without a disguise."""
        return games.compile(trial.game).payoff_range

    def game(self, trial: Trial) -> Play:
        """Return the play of a trial's game without strategies."""
        from nashforge.solvers.metrics.profile import ProfilePlay

        # A disguise may leave a measure undefined, such as one that needs payoffs without noise.
        return ProfilePlay(self.read(trial))

    def play(
        self, source: str, trial: Trial, sandbox: Sandbox, limits: Limits, result: StageResult
    ) -> list[float]:
        """Run the program in one game, each session in a process of its own, and measure it on the way."""
        from nashforge.solvers.sequence_form.profile import PolicyError

        game, reached = self.read(trial), list[Any]()
        arguments = self.kind.arguments(game, trial.iterations)
        with sandbox.sessions(source, arguments, limits=self.limits_in(game, limits)) as sessions:
            try:
                engine = self.engine(game, sessions, trial)
                found = run(engine, trial.iterations, trial.checkpoints, reached.append)
            except PolicyError as error:
                sessions.close()
                raise InvalidOutput(f"in {trial.label}: {error}", sessions.log, sessions.usage) from error
            except ProgramTimeout as error:
                raise ProgramTimeout(self.too_slow(error, trial, reached), error.log, error.usage) from error
        result.use(sessions.usage, sessions.log)
        unit = self.unit(trial)
        plain = game if unit == 1.0 else self.read(trial.model_copy(update={"scale": 1.0}))
        result.final = self.solved(plain, found.policy, trial.iterations)
        result.values[trial.label] = found.gap / unit
        result.scores += [
            Score(
                trial.label,
                metric,
                float(getattr(point, name)) / (unit if name in IN_UTILITY else 1.0),
                self.metrics[metric].direction,
                point.iteration,
            )
            for point in found.curve
            for metric, name in {self.metric: "gap", **self.checkpoint_metrics}.items()
        ]
        result.scores += [score for point in found.curve for score in self.diagnosed(trial, point)]
        result.scores.append(Score(trial.label, SECONDS.name, found.curve[-1].seconds))
        if not found.averaged:
            result.scores.append(Score(trial.label, AVERAGED, 0.0, "max"))
        return [point.gap / unit for point in found.curve]

    def diagnosed(self, trial: Trial, point: Any) -> Sequence[Score]:
        """Return what else a checkpoint tells, besides the metrics that all of them have."""
        return ()

    def read(self, trial: Trial) -> Any:
        """Return the game of a trial, as programs play it."""
        return played_form(trial.game, trial.disguise, trial.scale, trial.shift)

    def unit(self, trial: Trial) -> float:
        """Return what the gap of a trial is divided by: its scale, as far as it scales the gap."""
        return trial.scale

    def limits_in(self, game: Any, limits: Limits) -> Limits:
        """Return the limits of a program in a game."""
        return limits

    def engine(self, game: Any, sessions: Sequence[Session], trial: Trial) -> Engine[Any]:
        """Return the engine of a trial."""
        return self.kind.engine(game, sessions, trial.iterations)

    def too_slow(self, error: ProgramTimeout, trial: Trial, reached: Sequence[Any]) -> str:
        """Return what to say of a program that took too long, after the checkpoints that it reached."""
        return error.reason

    def solved(self, game: Any, policies: Policies, iterations: int) -> Play:
        """Return policies with what measures ask of them; strangers come from the reference program."""
        from nashforge.solvers.metrics.profile import ProfilePlay

        return ProfilePlay(game, policies, lambda: self.partner_profile(game, iterations))

    def partner_profile(self, form: SequenceForm, iterations: int) -> Profile:
        """Return the joint policy of the first reference, whose seats partners for cross-play come from."""
        from nashforge.solvers.solving import solve

        first = reference_programs(self.fitness.reference, [self.kind.default])[0]
        return solve(form, first, iterations, (), kind=self.kind).policy


def form_facts(form: SequenceForm) -> str:
    """Return size and payoffs of a game in a few words."""
    infosets = " + ".join(f"{treeplex.infosets:,}" for treeplex in form.treeplexes)
    sequences = sum(treeplex.sequences for treeplex in form.treeplexes)
    return f"{infosets} information sets, {sequences:,} sequences, payoffs span {form.payoff_range:.3g}"


def played_form(game: str, disguise: Disguise | None, scale: float = 1.0, shift: float = 0.0) -> SequenceForm:
    """Return the sequence form of a game as programs play it: disguised first, then shifted, then scaled."""
    return _played(game, games.identity(game).digest, disguise, scale, shift)


@lru_cache(maxsize=32)
def _played(game: str, identity: str, disguise: Disguise | None, scale: float, shift: float) -> SequenceForm:
    if scale != 1.0:
        return _played(game, identity, disguise, 1.0, shift).scaled(scale)
    form = games.compile(game)
    if disguise is not None:
        form = games.disguise(
            form,
            disguise.seed,
            dummies=disguise.dummies,
            perturbation=disguise.perturbation,
            duplicates=disguise.duplicates,
        ).form
    return form.shifted(shift)
