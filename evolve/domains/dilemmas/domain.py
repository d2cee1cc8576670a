"""The base class of social dilemmas' domains: trials are seeded episodes of self-play in the sandbox."""

from __future__ import annotations

import hashlib
import inspect
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from nashforge.archive.records import Direction, Score
from nashforge.evolve.domains.base import Domain
from nashforge.evolve.domains.dilemmas.arena import HOSTS, play_confined
from nashforge.evolve.domains.dilemmas.suites import DilemmaSuite, load_dilemma_suite
from nashforge.evolve.domains.dilemmas.trials import parse_trial, seeded_trial
from nashforge.evolve.evaluation.messages import Fitness, Split, Stage, Trial
from nashforge.evolve.evaluation.metrics import SECONDS
from nashforge.evolve.evaluation.objectives import parse_objective
from nashforge.evolve.evaluation.stages import StageResult, requested
from nashforge.evolve.sandbox import InvalidOutput, Limits, Sandbox
from nashforge.games.dilemmas.actions import STAND
from nashforge.games.dilemmas.environment import make
from nashforge.games.dilemmas.maps import load_map
from nashforge.games.dilemmas.settings import Setting, SettingError, parse_setting
from nashforge.solvers.metrics.registry import (
    EPISODES,
    Metric,
    Parameters,
    UndefinedMetricError,
    measures,
)
from nashforge.solvers.policies import interface
from nashforge.solvers.policies.episode import Episode
from nashforge.solvers.policies.library import policy_names, policy_source
from nashforge.solvers.policies.metrics import FAULTS, LOWER_IS_BETTER, METRICS, POPULATION
from nashforge.solvers.policies.strategic import Encounters, episodes

if TYPE_CHECKING:
    from nashforge.evolve.domains.audits.dilemmas import DilemmaAuditing
    from nashforge.evolve.domains.capabilities import Watch
    from nashforge.evolve.proposers.base import Proposer

SMOKE_STEPS = 250
"""Long enough that programs differ which rotate slowly, at a quarter of an episode's cost."""

SMOKE_SEED = 9000

SECONDS_AN_EPISODE = 60.0

ON_REQUEST_SECONDS = 120.0
"""That an episode may take where a person asked for it: twice what a search allows."""

_SOURCE = "Perolat et al. (2017), Gallego (2026), arXiv 2603.19453"


def _direction(name: str) -> Direction:
    return "min" if name in LOWER_IS_BETTER else "max"


class DilemmaDomain(Domain):
    """Policies ``act(observation, memory)`` for one sequential social dilemma, judged in self-play.

    Parameters
    ----------
    game
        ``gathering`` or ``cleanup``; also the name of the domain and of its default suite.
    """

    evaluator = "dilemmas-1"
    seed = "nearest_apple"
    host_modules: tuple[str, ...] = HOSTS
    metric = "efficiency"
    reported = (
        *(
            Metric(
                name,
                _direction(name),
                title=name.replace("_", " "),
                citation=_SOURCE,
                diagnostic=name in ("population", "spawned"),
            )
            for name in (*METRICS, *POPULATION, *FAULTS)
        ),
        SECONDS,
    )
    plays = (EPISODES,)
    fitness = Fitness(kind="value", reference="nearest_apple")

    def __init__(self, game: str) -> None:
        self.name = game
        self.suites = {"train": game, "validation": game, "test": game}

    def programs(self) -> Mapping[str, str]:
        """Return the sources of the library's policies."""
        return {name: policy_source(name) for name in policy_names()}

    def smoke(self, horizon: int) -> Stage:
        """Return the beginning of an episode on the default map."""
        setting = Setting(self.name, horizon=min(SMOKE_STEPS, horizon))
        trial = seeded_trial(setting, SMOKE_SEED)
        return Stage(
            split="smoke",
            suite=f"{self.name}-smoke",
            trials=(trial,),
            fitness=self.fitness,
            seconds=SECONDS_AN_EPISODE,
        )

    def stage(self, split: Split, suite: str, horizon: int, fitness: Fitness) -> Stage:
        """Return the episodes of a split, one a seed; no seed is in two splits.

        Raises
        ------
        nashforge.games.SuiteError
            If there is no such suite, or it is of another game.
        """
        return self.stage_of(split, load_dilemma_suite(suite), suite, horizon, fitness)

    def stage_of(self, split: Split, suite: DilemmaSuite, name: str, horizon: int, fitness: Fitness) -> Stage:
        """Return the episodes of a split of a suite that was loaded, to be stored under a name."""
        setting = self._checked(suite.parsed(), horizon)
        trials = tuple(seeded_trial(setting, seed) for seed in suite.seeds(split))
        return Stage(
            split=split, suite=name, trials=trials, fitness=fitness, seconds=self._seconds(fitness, trials)
        )

    def length(self, suite: str, horizon: int) -> str:
        """Return how long episodes are, in words."""
        return f"episodes of {min(load_dilemma_suite(suite).parsed().horizon, horizon)} steps"

    def games_stage(self, games: Sequence[str], horizon: int, fitness: Fitness) -> Stage:
        """Return the test episodes of settings."""
        trials = []
        for text in games:
            setting = self._checked(parse_setting(text), horizon)
            trials += [seeded_trial(setting, seed) for seed in range(5)]
        return Stage(
            split="test",
            suite="games",
            trials=tuple(trials),
            fitness=fitness,
            seconds=self._seconds(fitness, trials),
        )

    @property
    def episodes(self) -> DilemmaDomain:
        """The domain itself: people choose settings and seeds."""
        return self

    def seeded_stage(self, setting: Setting, seeds: Sequence[int], fitness: Fitness) -> Stage:
        """Return the episodes of a setting that a person chose, one a seed, to be measured one by one."""
        return Stage(
            split="test",
            suite="games",
            trials=tuple(seeded_trial(setting, seed) for seed in seeds),
            fitness=fitness,
            seconds=ON_REQUEST_SECONDS * episodes(requested(fitness, self.metrics)),
        )

    @property
    def watch(self) -> Watch:
        """Episodes in a terminal, and as pictures."""
        from nashforge.evolve.domains.dilemmas.watching import DilemmaWatch

        return DilemmaWatch()

    @property
    def auditing(self) -> DilemmaAuditing:
        """The games that audits of its programs play, and what they look for."""
        from nashforge.evolve.domains.audits.dilemmas import DilemmaAuditing

        return DilemmaAuditing(self)

    def variant(self, game: str | None, options: Mapping[str, object]) -> str:
        """Return a setting: what a string says of it, and options, which win."""
        said = self._checked(parse_setting(game or self.name), sys.maxsize)
        given = {name: value for name, value in options.items() if value is not None}
        if "steps" in given:
            given["horizon"] = given.pop("steps")
        if "map" in given and "agents" not in given and "agents" not in (game or ""):
            given["agents"] = 0  # as many as the other map is for
        return str(replace(said, **given))  # type: ignore[arg-type]

    def prepare(self, stage: Stage) -> None:
        """Check maps and measures, and compile what is compiled when it is first used."""
        for setting in {parse_trial(trial.game)[0] for trial in stage.trials}:
            environment = make(setting)
            environment.reset(np.random.default_rng(0))
            environment.step([STAND] * setting.seats)
        self.check_measures(stage)

    def game(self, trial: Trial) -> Encounters:
        """Return the play of a trial's setting without a policy."""
        return Encounters(parse_trial(trial.game)[0])

    def prompt_variables(self, train: Stage) -> Mapping[str, object]:
        """Return what the system prompt mentions besides what every prompt is given."""
        # As it was given: where the map lies on this machine concerns no model.
        setting, _ = parse_trial(train.trials[0].label)
        return {
            "interface": inspect.getsource(interface),
            "setting": setting,
            "map": load_map(setting.map).text,
        }

    def play(
        self, source: str, trial: Trial, sandbox: Sandbox, limits: Limits, result: StageResult
    ) -> list[float]:
        """Play an episode of self-play, and those with others that a measure needs, each confined anew."""
        setting, seed = parse_trial(trial.game)
        before, deadline = result.cpu_seconds, time.monotonic() + limits.wall_seconds

        def confined(setting: Setting, sources: Sequence[str], seed: int) -> Episode:
            left = replace(
                limits,
                wall_seconds=max(deadline - time.monotonic(), 0.01),
                cpu_seconds=max(limits.cpu_seconds - (result.cpu_seconds - before), 0.01),
            )
            played = play_confined(sandbox, setting, sources, seed, left)
            result.use(played.usage, played.log)
            return played.episode

        episode = confined(setting, [source] * setting.agents, seed)
        result.scores += episode_measurements(trial, episode)
        result.values[trial.label] = episode.metrics[self.metric] or 0.0
        result.final = Encounters(setting, source, seed, confined, alike=episode)
        return [*episode.returns.ravel().tolist(), *episode.tally.ravel().tolist()]

    def measure(self, fitness: Fitness, trial: Trial, result: StageResult) -> None:
        """Let a program meet others, as far as measures need it; what an objective needs must be defined."""
        known = measures(*self.plays)
        for name in self.requested(fitness):
            assert result.final is not None
            with suppress(UndefinedMetricError):
                value = known[name].value(result.final, Parameters())
                result.scores.append(Score(trial.label, name, value, known[name].direction))
        _check_objective(fitness, trial, {s.metric for s in result.scores if s.game == trial.label})

    def fingerprint(self, measured: Sequence[float]) -> str:
        """Return a digest of what the agents earned and did, to the last bit."""
        return hashlib.sha256(np.asarray(measured, dtype=np.float64).tobytes()).hexdigest()[:32]

    def identified(self, game: str) -> tuple[str, str]:
        """Return an episode as it is: its name says by which map it is played."""
        return game, ""

    def family(self, trial: Trial) -> str:
        """Return the setting: episodes differ by their seeds alone."""
        return str(parse_trial(trial.label)[0])

    def mechanisms(self) -> Mapping[str, Mapping[str, str]]:
        """Return the fragments of behaviour that are known, by the slot that they fill."""
        from nashforge.evolve.proposers.fragments.genome import library

        slots = ("harvest", "fire") if self.name == "gathering" else ("harvest", "clean", "on_duty", "fire")
        return {slot: {one.name: one.says for one in library()[slot]} for slot in slots}

    def proposer(self) -> Proposer | None:
        """Return the proposer that recombines and tunes fragments of behaviour."""
        from nashforge.evolve.proposers.fragments.proposer import PolicyProposer

        return PolicyProposer(self.name)

    def shortened(self, trial: Trial, most: int) -> Trial:
        """Return an episode of at most so many steps; agents are told how long it is."""
        if trial.iterations <= most:
            return trial
        setting, seed = parse_trial(trial.game)
        short = seeded_trial(setting.with_horizon(most), seed)
        return trial.model_copy(update={"game": short.game, "iterations": most})

    def _seconds(self, fitness: Fitness, trials: Sequence[Trial]) -> float:
        """Return the processor time of a stage; the episodes with others count, too."""
        return SECONDS_AN_EPISODE * len(trials) * episodes(requested(fitness, self.metrics))

    def _checked(self, setting: Setting, horizon: int) -> Setting:
        if setting.game != self.name:
            raise SettingError(
                f"{setting} is a setting of {setting.game}, but the programs are for {self.name}; choose one "
                f"of {self.name}"
            )
        # A suite with shorter episodes keeps them; the horizon of a run can only shorten them further.
        return setting.with_horizon(min(setting.horizon, horizon))


def episode_measurements(trial: Trial, episode: Episode) -> list[Score]:
    """Return the metrics that are defined in an episode."""
    values = {**episode.metrics, **episode.faults, "seconds": episode.seconds}
    return [
        Score(
            game=trial.label,
            metric=name,
            value=value,
            direction="min" if name == "seconds" else _direction(name),
            # A search takes what has an iteration for the value of the game.
            iteration=trial.iterations if name == "efficiency" else None,
        )
        for name, value in values.items()
        if value is not None
    ]


def _check_objective(fitness: Fitness, trial: Trial, measured: set[str]) -> None:
    """Fail a program whose group leaves a metric undefined that the objective needs."""
    needed = () if fitness.objective is None else parse_objective(fitness.objective).metrics
    for name in needed:
        if name not in measured:
            why = "nobody spawns" if name in POPULATION else "nobody earned anything"
            raise InvalidOutput(
                f"{name} is undefined in {trial.label}, because {why} there, and the objective needs it"
            )
