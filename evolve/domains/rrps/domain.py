"""The domain of players of repeated rock, paper, scissors: what they win from a population of bots."""

from __future__ import annotations

import inspect
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from nashforge.archive.records import Score
from nashforge.evolve.domains.base import Domain
from nashforge.evolve.domains.rrps.arena import (
    CALL_SECONDS,
    meet_bot,
    meet_program,
    play_confined,
    seed_of,
)
from nashforge.evolve.domains.rrps.opponents import told_of
from nashforge.evolve.domains.rrps.populations import PROGRAMS, parse_population
from nashforge.evolve.domains.rrps.suites import POPULATION_SUITES
from nashforge.evolve.evaluation.labels import label
from nashforge.evolve.evaluation.messages import Disguise, Fitness, Split, Stage, Trial
from nashforge.evolve.evaluation.metrics import SECONDS
from nashforge.evolve.evaluation.stages import StageResult
from nashforge.evolve.sandbox import Limits, Sandbox
from nashforge.games.roshambo.bots import BOTS, THROWS, BotError, require_bots
from nashforge.solvers.metrics.registry import Metric
from nashforge.solvers.rrps import interface, predictors
from nashforge.solvers.rrps.library import LIBRARY
from nashforge.solvers.rrps.match import population_scores

if TYPE_CHECKING:
    from nashforge.evolve.domains.audits.players import PlayerAuditing
    from nashforge.evolve.domains.capabilities import Duels
    from nashforge.evolve.proposers.rewriting.grammar import Grammar

SMOKE = "rrps(bots=addshiftbot3+iocainebot+textbot,seed=0)"
"""Whom the first stage is played against: enough to tell players apart by what they do."""

SMOKE_THROWS = 100

_SOURCE = "Lanctot et al. (2023), arXiv 2303.03196"
_UNIT = "wins less losses"


RETURN = "return"


def played_by(label: str, opponent: str) -> str:
    """Return how a trial's matches with one of its programs are called in scores."""
    return f"{label}: {opponent}"


class RRPSDomain(Domain):
    """Players of matches of rock, paper, scissors, see `nashforge.solvers.rrps.interface`."""

    name = "rrps"
    title = "players of repeated rock, paper, scissors, judged by what they win from a population of bots"
    evaluator = "rrps-1"
    seed = "frequency"
    host_modules: tuple[str, ...] = ("nashforge.solvers.rrps.host",)
    metric = "agg_score"
    reported = (
        Metric("agg_score", "max", _UNIT, "population return less exploitation within it", _SOURCE),
        Metric("pop_return", "max", _UNIT, "mean return against the population", _SOURCE),
        Metric("within_pop_expl", "min", _UNIT, "the most that one of the population wins", _SOURCE),
        *(Metric(f"vs_{bot}", "max", _UNIT, f"return against {bot}") for bot in sorted(BOTS)),
        Metric(RETURN, "max", _UNIT, "return against one of the programs that are played against"),
        SECONDS,
    )
    fitness = Fitness(kind="value", reference="frequency")
    suites: Mapping[Split, str] = MappingProxyType({"train": "rrps", "validation": "rrps", "test": "rrps"})
    horizon = THROWS
    disguise = Disguise(seed=4000)
    seconds: Mapping[Split, float] = MappingProxyType({"train": 90.0, "validation": 90.0, "test": 900.0})

    def programs(self) -> Mapping[str, str]:
        """Return the sources of the library's players."""
        return {name: LIBRARY.source(name) for name in LIBRARY.names()}

    def play(
        self, source: str, trial: Trial, sandbox: Sandbox, limits: Limits, result: StageResult
    ) -> list[float]:
        """Play the matches of a population, each with new processes, and measure the three scores."""
        population, began = parse_population(trial.game), time.monotonic()
        used, waited = result.cpu_seconds, result.waited_seconds
        number = "" if trial.disguise is None else trial.disguise.seed
        shift = 0 if trial.disguise is None else 1 + trial.disguise.seed % 2
        chance = ("program", source) if population.seed is None else ("seed", population.seed)
        members = {name: (name, meet_bot(name)) for name in population.names}
        members |= {each.name: (each.source, meet_program(each.source)) for each in trial.opponents}
        returns: dict[str, list[float]] = {}
        behaviour: list[float] = []
        for name, (who, meet) in members.items():
            returns[name] = []
            for k in range(population.matches):
                left = replace(
                    limits,
                    cpu_seconds=max(limits.cpu_seconds - (result.cpu_seconds - used), 0.01),
                    wall_seconds=max(limits.wall_seconds - (result.waited_seconds - waited), 0.01),
                    call_cpu_seconds=CALL_SECONDS,
                )
                seed = seed_of(*chance, number, who, k)
                played = play_confined(sandbox, source, meet, trial.iterations, seed, left, shift)
                result.use(played.usage, played.log)
                returns[name].append(played.match.expected)
                if population.seed is not None:
                    behaviour += played.match.strategies.ravel().tolist()
        found = self._scores(trial, returns)
        result.values[trial.label] = next(one.value for one in found if one.metric == self.metric)
        result.scores += found
        result.scores.append(Score(trial.label, SECONDS.name, time.monotonic() - began))
        return behaviour or [float(np.mean(each)) for each in returns.values()]

    def _scores(self, trial: Trial, returns: Mapping[str, Sequence[float]]) -> list[Score]:
        """Return what the returns of all matches with each member of a population come to."""
        means = {name: float(np.mean(each)) for name, each in returns.items()}
        weights = {each.name: each.weight for each in trial.opponents}
        found = [(trial.label, name, x) for name, x in population_scores(means, weights or None).items()]
        # Metrics are declared, and programs are not known beforehand: those are told as games are.
        for name, mean in means.items():
            game, metric = (played_by(trial.label, name), RETURN) if weights else (trial.label, f"vs_{name}")
            found.append((game, metric, mean))
        return [
            Score(game, name, value, self.metrics[name].direction, trial.iterations)
            for game, name, value in found
        ]

    @property
    def auditing(self) -> PlayerAuditing:
        """The games that audits of its programs play, and what they look for."""
        from nashforge.evolve.domains.audits.players import PlayerAuditing

        return PlayerAuditing(self)

    def smoke(self, horizon: int) -> Stage:
        """Return short matches with chance of their own, so that who acts alike is found out."""
        trial = self.trial(SMOKE, min(SMOKE_THROWS, horizon))
        return Stage(split="smoke", suite="rrps-smoke", trials=(trial,), fitness=self.fitness, seconds=10.0)

    def games(self, suite: str) -> Sequence[str]:
        """Return the populations that a suite has for training."""
        return POPULATION_SUITES.load(suite).train

    def identified(self, game: str) -> tuple[str, str]:
        """Return a population as it is written, and the bots that it means."""
        population = parse_population(game)
        return str(population), f"{seed_of(*population.names, population.matches, population.seed):016x}"

    def stage(self, split: Split, suite: str, horizon: int, fitness: Fitness) -> Stage:
        """Return the populations of a split; for validation throws are relabelled, and chance is another.

        Raises
        ------
        nashforge.games.SuiteError
            If there is no such suite.
        """
        trials = []
        for k, game in enumerate(POPULATION_SUITES.load(suite).games(split)):
            if split == "validation":
                disguise = self.disguise.model_copy(update={"seed": self.disguise.seed + k})
                trials.append(self.trial(game, horizon, label(game, disguised=True), disguise))
            else:
                trials.append(self.trial(game, horizon))
        return Stage(
            split=split, suite=suite, trials=tuple(trials), fitness=fitness, seconds=self.seconds[split]
        )

    def trial(
        self, game: str, horizon: int, label: str | None = None, disguise: Disguise | None = None
    ) -> Trial:
        """Return the trial of a population; throws are the iterations.

        Raises
        ------
        BotError
            If there is no such population, or matches are longer than the bots can play.
        """
        if horizon > THROWS:
            raise BotError(
                f"matches have at most {THROWS:,} throws, as the bots are made for; got {horizon:,}"
            )
        return super().trial(game, horizon, label, disguise)

    def checkpoints(self, horizon: int) -> tuple[int, ...]:
        """Return the end: what counts is a whole match."""
        return (horizon,)

    def prepare(self, stage: Stage) -> None:
        """Make sure that the populations can be read and the bots are there."""
        for trial in stage.trials:
            if (parse_population(trial.game).bots == PROGRAMS) != bool(trial.opponents):
                raise BotError(
                    f"{trial.game} is played against programs; give --against, or name bots in its place"
                )
        require_bots()

    def length(self, suite: str, horizon: int) -> str:
        """Return how long matches are, in words."""
        return f"matches of {horizon} throws"

    def family(self, trial: Trial) -> str:
        """Return the bots, however many matches there are with each."""
        return f"rrps(bots={parse_population(trial.game).bots})"

    def facts(self, trial: Trial) -> str:
        """Return the numbers of bots and matches."""
        population = parse_population(trial.game)
        count, matches = len(population.names) + len(trial.opponents), population.matches
        kind = "program" if trial.opponents else "bot"
        bots = f"1 {kind}" if count == 1 else f"{count} {kind}s"
        many = "a match" if matches == 1 else f"{matches} matches"
        return f"{bots}, {many} of {trial.iterations} throws with each"

    def prompt_variables(self, train: Stage) -> Mapping[str, object]:
        """Return the interface, and the bots that training meets with a sentence each."""
        met = dict.fromkeys(bot for trial in train.trials for bot in parse_population(trial.game).names)
        return {
            "interface": inspect.getsource(interface),
            "predictors": inspect.getsource(predictors),
            "bots": {bot: BOTS[bot] for bot in met},
            "opponents": told_of(train.trials[0].opponents),
            "disguise": "They are disguised: throws have other names, and all chance is drawn anew.",
        }

    @property
    def duels(self) -> Duels:
        """Matches of players against each other, and against all bots."""
        from nashforge.evolve.domains.rrps.duels import PlayerDuels

        return PlayerDuels(self)

    def grammar(self) -> Grammar | None:
        """Return the grammar of players."""
        from nashforge.evolve.proposers.rewriting.grammars.rrps import grammar

        return grammar.RRPS
