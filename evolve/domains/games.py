"""What domains share whose programs play the games of a suite, one confined process a game."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from nashforge import games
from nashforge.evolve.domains.base import Domain
from nashforge.evolve.evaluation.messages import Disguise, Fitness, Split, Stage, Trial
from nashforge.games.sequence_form import SequenceForm
from nashforge.solvers.metrics.profile import ProfilePlay
from nashforge.solvers.metrics.registry import ONE_SHOT, SEQUENCE_FORM, Play
from nashforge.solvers.programs.kind import ProgramKind
from nashforge.solvers.sequence_form.profile import Profile
from nashforge.solvers.solving import solve


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
    """

    plays = (ONE_SHOT, SEQUENCE_FORM)
    kind: ProgramKind
    disguise: Disguise
    perturbs_only_copies = False

    def programs(self) -> Mapping[str, str]:
        """Return the sources of the library's programs."""
        return {name: self.source(name) for name in self.baselines()}

    def baselines(self) -> tuple[str, ...]:
        """Return the names of the library's programs."""
        return self.kind.library.names()

    def source(self, baseline: str) -> str:
        """Return the source of a program of the library."""
        return self.kind.library.source(baseline)

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
            trials.append(self.trial(game, horizon, f"{game} (disguised)", disguise))
        return Stage(
            split=split, suite=suite, trials=tuple(trials), fitness=fitness, seconds=self.seconds[split]
        )

    def game(self, trial: Trial) -> Play:
        """Return the play of a trial's game without strategies."""
        # A disguise may leave a measure undefined, such as one that needs payoffs without noise.
        return ProfilePlay(played_form(trial.game, trial.disguise))

    def solved(self, form: SequenceForm, profile: Profile, iterations: int) -> ProfilePlay:
        """Return a joint policy with what measures ask of it; strangers come from the reference program."""
        return ProfilePlay(form, profile, lambda: self.stranger(form, iterations))

    def stranger(self, form: SequenceForm, iterations: int) -> Profile:
        """Return the joint policy of the reference program, whose seats partners for cross-play come from."""
        return solve(form, self.fitness.reference, iterations, (), kind=self.kind).policy


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
