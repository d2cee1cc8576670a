"""The domain of mean-field learners: NashConv of the last policy at a fixed number of iterations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from nashforge import games
from nashforge.evolve.domains.games import GameDomain
from nashforge.evolve.evaluation.messages import Disguise, Fitness, Split, Stage, Trial
from nashforge.evolve.evaluation.metrics import SECONDS
from nashforge.games.meanfield.suite_files import MEAN_FIELD_SUITES
from nashforge.solvers.metrics.registry import Metric, Play
from nashforge.solvers.programs.trajectory import Policies

if TYPE_CHECKING:
    from nashforge.evolve.domains.audits.meanfield import MeanFieldAuditing
    from nashforge.evolve.proposers.rewriting.grammar import Grammar
    from nashforge.solvers.meanfield.play import MeanFieldTask
    from nashforge.solvers.programs.kind import ProgramKind
    from nashforge.solvers.programs.library import Library

NASH_CONV = Metric(
    "nash_conv",
    "min",
    "utility",
    "NashConv",
    "Perrin et al. (2020), arXiv 2007.03458",
    logarithmic=True,
)


class MFGDomain(GameDomain):
    """Update rules of populations of like agents, see `nashforge.solvers.meanfield.interface`."""

    name = "mfg"
    title = "learners of mean-field games, judged by NashConv of their last policy"
    evaluator = "mfg-1"
    seed = "tuned_omd"
    host_modules: tuple[str, ...] = ("nashforge.solvers.meanfield.host",)
    metric = NASH_CONV.name
    reported = (NASH_CONV, SECONDS)
    plays: tuple[str, ...] = ()
    fitness = Fitness(kind="log_ratio", floor=1e-12, reference="mfg_fictitious_play")
    suites: Mapping[Split, str] = MappingProxyType(
        {"train": "mfg-train", "validation": "mfg-validation", "test": "mfg-test"}
    )
    horizon = 50
    example = ("mfg_crowd_modelling", 100)
    disguise = Disguise(seed=5000, perturbation=0.2)
    seconds: Mapping[Split, float] = MappingProxyType({"train": 60.0, "validation": 60.0, "test": 600.0})
    noise = 1e-12

    @property
    def kind(self) -> ProgramKind:
        """Interface, library and engine of learners."""
        from nashforge.solvers.meanfield.engine import MFG

        return MFG

    @property
    def library(self) -> Library:
        """The programs that come with the domain."""
        from nashforge.solvers.meanfield.rules import LIBRARY

        return LIBRARY

    @property
    def auditing(self) -> MeanFieldAuditing:
        """The games that audits of its programs play, and what they look for."""
        from nashforge.evolve.domains.audits.meanfield import MeanFieldAuditing

        return MeanFieldAuditing(self)

    def smoke(self, horizon: int) -> Stage:
        """Return short runs on tiny games."""
        few = min(horizon, 20)
        tiny = ("mfg_crowd_modelling(size=5,horizon=3)", "mfg_garnet(size=4,horizon=3)")
        trials = tuple(self.trial(game, few) for game in tiny)
        return Stage(split="smoke", suite="mfg-smoke", trials=trials, seconds=10.0)

    def games(self, suite: str) -> Sequence[str]:
        """Return the games of a suite of mean-field games."""
        return MEAN_FIELD_SUITES.load(suite).games

    def grammar(self) -> Grammar | None:
        """Return the grammar of learners."""
        from nashforge.evolve.proposers.rewriting.grammars.mfg import grammar

        return grammar.MFG

    def read(self, trial: Trial) -> MeanFieldTask:
        """Return the game of a trial, as programs play it."""
        return _read(trial.game, games.identity(trial.game).digest, trial.disguise, trial.scale)

    def prepare(self, stage: Stage) -> None:
        """Compile every game of a stage once, so that what is wrong is found before anything runs."""
        for trial in stage.trials:
            self.read(trial)
        self.check_measures(stage)

    def game(self, trial: Trial) -> Play:
        """Return the play of a trial's game without policies."""
        return self.read(trial).play()

    def solved(self, game: MeanFieldTask, policies: Policies, iterations: int) -> Play:
        """Return policies with what measures ask of them."""
        return game.play(policies)

    def facts(self, trial: Trial) -> str:
        """Return the numbers of states, actions and populations, and how often agents decide."""
        game = self.read(trial).game
        populations = "" if game.populations == 1 else f"{game.populations} populations, "
        return f"{populations}{len(game.labels):,} states, {game.actions} actions, {game.horizon} decisions"

    def payoff_range(self, trial: Trial) -> float:
        """Return the range of the rewards of states when all agents play uniformly."""
        from nashforge.solvers.meanfield.passes import reward_range

        return reward_range(self.read(trial).game)


@lru_cache(maxsize=32)
def _read(game: str, identity: str, face: Disguise | None, scale: float) -> MeanFieldTask:
    from nashforge.games.meanfield.compiler import compile_mean_field
    from nashforge.games.meanfield.disguises import disguise
    from nashforge.solvers.meanfield.play import MeanFieldTask

    compiled = compile_mean_field(game)
    if face is not None:
        compiled = disguise(compiled, face.seed, face.perturbation)
    return MeanFieldTask(game, compiled.scaled(scale))
