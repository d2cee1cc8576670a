"""The base class of domains: one kind of evolvable program, how it is run and how it is judged."""

from __future__ import annotations

import hashlib
import inspect
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from nashforge import games
from nashforge.evolve.domains.capabilities import Duels, NotOfferedError, Watch
from nashforge.evolve.domains.telling import Telling
from nashforge.evolve.evaluation.identities import check_identities
from nashforge.evolve.evaluation.messages import (
    Disguise,
    Fitness,
    Report,
    Split,
    Stage,
    Strategic,
    Task,
    Trial,
)
from nashforge.evolve.evaluation.metrics import EXPLOITABILITY, SECONDS, by_name
from nashforge.evolve.evaluation.stages import Budget, StageResult, measure_on_request, requested, run_stages
from nashforge.evolve.sandbox import Limits, Sandbox
from nashforge.solvers.metrics.registry import Measure, Metric, Play, measures

if TYPE_CHECKING:
    from nashforge.evolve.domains.audits.base import Auditing
    from nashforge.evolve.domains.dilemmas.domain import DilemmaDomain
    from nashforge.evolve.evaluation.benchmark import Benchmark
    from nashforge.evolve.proposers.base import Proposer
    from nashforge.evolve.proposers.rewriting.grammar import Grammar
    from nashforge.solvers.programs.kind import ProgramKind

FINGERPRINT_DIGITS = 5
"""Programs whose measurements agree to so many digits on the smoke stage count as the same behaviour."""

SMOKE_ITERATIONS, SMOKE_SECONDS = 20, 10.0


class Domain(Telling, ABC):
    """One kind of evolvable program and how it is judged.

    Five things are to be written: ``name``, ``seed``, ``host_modules``, ``suites`` and `play`; all else
    has a default. Search, evaluation, comparison and reports work for every domain.

    Attributes
    ----------
    name : str
        As used on the command line.
    seed : str
        Name of the library program that a search starts from.
    host_modules : tuple of str
        Modules that run the programs in the sandbox.
    suites : dict
        Default suite of each split, for ``train``, ``validation`` and ``test``.
    title : str
        One line for people. Default: the name.
    evaluator : str
        Version of the evaluation: measurements of different versions are not compared. Default: ``NAME-1``.
    metric : str
        The measured quantity behind the fitness; one of ``metrics``. Default: exploitability.
    reported : sequence of Metric
        Everything that `play` measures. Default: exploitability and seconds.
    plays : tuple of str
        Kinds of play (see `nashforge.solvers.metrics.registry`) that `play` leaves in ``result.final``, whose
        measures can be had on request. Default: none.
    fitness : Fitness
        Default fitness, with the library program that it refers to. Default: orders of magnitude below the
        seed program, or the plain mean where more of the metric is better.
    horizon : int
        Default number of iterations.
    seconds : dict
        Processor time that a program may use in all the games of a split.
    noise : float
        Measurements below it differ between programs that act alike.
    run_defaults : dict
        The domain's defaults of other fields of `nashforge.evolve.config.run.RunConfig`.
    untold : tuple of str
        Those of ``reported`` whose curves proposers are not told, because they decide nothing. Default: none.
    cost_metric : str
        The metric that ``metric`` is traded off against where nobody says otherwise.
    example : tuple or None
        Game and iterations that its programs are shown on. Default: none, they solve no games.
    prompts : str or None
        A folder with its prompt templates, if they do not come with Nashforge.
    kind : ProgramKind or None
        Interface, library and engine of its programs, if they solve games: for ``nashforge solve``.
    benchmark : Benchmark or None
        Families of games that its programs are compared on, see ``nashforge bench``.
    """

    name: str
    seed: str
    host_modules: tuple[str, ...]
    suites: Mapping[Split, str]
    metric: str = EXPLOITABILITY.name
    reported: Sequence[Metric] = (EXPLOITABILITY, SECONDS)
    plays: tuple[str, ...] = ()
    horizon: int = 1000
    seconds: Mapping[Split, float] = MappingProxyType({"train": 120.0, "validation": 120.0, "test": 600.0})
    noise: float = 1e-12
    run_defaults: Mapping[str, object] = MappingProxyType({})
    untold: tuple[str, ...] = ()
    cost_metric: str = SECONDS.name
    example: tuple[str, int] | None = None
    prompts: str | None = None
    benchmark: Benchmark | None = None

    @property
    def title(self) -> str:
        """One line for people."""
        return self.name

    @property
    def evaluator(self) -> str:
        """Version of the evaluation."""
        return f"{self.name}-1"

    @property
    def fitness(self) -> Fitness:
        """Default fitness."""
        kind = "log_ratio" if self.metrics[self.metric].direction == "min" else "value"
        return Fitness.model_validate({"kind": kind, "reference": self.seed})

    @property
    def kind(self) -> ProgramKind | None:
        """Interface, library and engine of programs that solve games."""
        return None

    @property
    def metrics(self) -> Mapping[str, Metric]:
        """Everything that is measured, by name: what is reported, then what is measured on request."""
        reported = by_name(self.reported)
        return {**reported, **{one.name: one for one in self.measures() if one.name not in reported}}

    # The library.

    def programs(self) -> Mapping[str, str]:
        """Return the sources of the library's programs, by name.

        By default they are the files of the folder ``library`` beside the module of the domain.
        """
        folder = Path(inspect.getfile(type(self))).parent / "library"
        files = (path for path in sorted(folder.glob("*.py")) if path.stem != "__init__")
        return {path.stem: path.read_text(encoding="utf-8") for path in files}

    def baselines(self) -> tuple[str, ...]:
        """Return the names of the library's programs."""
        return tuple(self.programs())

    def source(self, baseline: str) -> str:
        """Return the source of a library program."""
        return self.programs()[baseline]

    # How a program is measured.

    @abstractmethod
    def play(
        self, source: str, trial: Trial, sandbox: Sandbox, limits: Limits, result: StageResult
    ) -> list[float]:
        """Run a program in one game, fill the result and return the measurements that tell behaviours apart.

        Raises
        ------
        nashforge.evolve.sandbox.CandidateFailure
            If the program fails.
        """

    def evaluate(self, task: Task, sandbox: Sandbox) -> Report:
        """Run a task: every game of every stage.

        What the program does wrong becomes a status of the report; what the machine does wrong is raised as
        `nashforge.evolve.sandbox.InfrastructureError`.
        """
        check_identities(task, self.identified)

        def run_stage(stage: Stage, result: StageResult) -> None:
            budget = Budget(stage.seconds, task.memory_bytes, stage.patience)
            behaviour: list[float] = []
            for trial in stage.trials:
                limits = self.limits(budget.limits(result.cpu_seconds, result.waited_seconds))
                behaviour += self.play(task.source, trial, sandbox, limits, result)
                self.measure(stage.fitness, trial, result)
            if stage.split == "smoke":
                result.fingerprint = self.fingerprint(behaviour)

        return run_stages(task, self.evaluator, run_stage, tier=sandbox.tier)

    def limits(self, limits: Limits) -> Limits:
        """Return the limits of one game, given those that the stage leaves."""
        return limits

    def requested(self, fitness: Fitness) -> tuple[str, ...]:
        """Return the metrics to be measured that are measured only on request."""
        return requested(fitness, self.metrics)

    def measures(self) -> Iterable[Measure]:
        """Return the registered measures that can be had on request."""
        return measures(*self.plays).values() if self.plays else ()

    def measure(self, fitness: Fitness, trial: Trial, result: StageResult) -> None:
        """Add what is measured on request of the game that was played last, as far as it is asked for.

        Raises
        ------
        InvalidOutput
            If it means nothing for the program's strategies.
        """
        measure_on_request(self._asked(fitness), fitness, trial.label, result)

    def game(self, trial: Trial) -> Play | None:
        """Return the play of a game without strategies, to find what is defined there; None: unknown."""
        return None

    def check_measures(self, stage: Stage) -> None:
        """Make sure that what is asked for is defined in the games of a stage.

        Raises
        ------
        UndefinedMetricError
            If it is not.
        """
        names, how = self._asked(stage.fitness), (stage.fitness.strategic or Strategic()).parameters
        plays = [play for play in map(self.game, stage.trials if names else ()) if play is not None]
        for play in plays:
            for name in names:
                measures()[name].check(play, how)

    def _asked(self, fitness: Fitness) -> list[str]:
        wanted = self.requested(fitness)
        return [one.name for one in self.measures() if one.name in wanted]

    def fingerprint(self, measured: Sequence[float]) -> str | None:
        """Return a digest of what the smoke stage measured, the same for programs that act alike, or None."""
        digits = [f"{max(value, self.noise):.{FINGERPRINT_DIGITS - 1}e}" for value in measured]
        return hashlib.sha256(" ".join(digits).encode()).hexdigest()[:16]

    # What is measured.

    def games(self, suite: str) -> Sequence[str]:
        """Return the games of a suite.

        Raises
        ------
        nashforge.games.SuiteError
            If there is no such suite.
        """
        return games.load_suite(suite).games

    def identified(self, game: str) -> tuple[str, str]:
        """Return how to call a game from any folder, and the digest of its identity."""
        return games.portable(game), games.identity(game).digest

    def checkpoints(self, horizon: int) -> tuple[int, ...]:
        """Return after which iterations is measured: the first few, and every twentieth part."""
        points = {horizon * k // 20 for k in range(1, 20)} | {1, 2, 5, 10, 20, horizon}
        return tuple(sorted(k for k in points if 1 <= k <= horizon))

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

    def shortened(self, trial: Trial, most: int) -> Trial:
        """Return a trial of at most so many iterations (of dilemmas: steps), for quick looks."""
        if trial.iterations <= most:
            return trial
        return trial.model_copy(update={"iterations": most, "checkpoints": self.checkpoints(most)})

    def smoke(self, horizon: int) -> Stage:
        """Return the cheap first stage, whose fingerprint tells programs apart by what they do."""
        trial = self.trial(self.games(self.suites["train"])[0], min(SMOKE_ITERATIONS, horizon))
        return Stage(split="smoke", suite="smoke", trials=(trial,), seconds=SMOKE_SECONDS)

    def stage(self, split: Split, suite: str, horizon: int, fitness: Fitness) -> Stage:
        """Return what to measure for a split: the games of a suite, disguised for validation if they can be.

        Raises
        ------
        nashforge.games.SuiteError
            If there is no such suite.
        """
        trials = tuple(self.trial(game, horizon) for game in self.games(suite))
        return Stage(split=split, suite=suite, trials=trials, fitness=fitness, seconds=self.seconds[split])

    def games_stage(self, games: Sequence[str], horizon: int, fitness: Fitness) -> Stage:
        """Return a stage over given games, undisguised."""
        trials = tuple(self.trial(game, horizon) for game in games)
        seconds = self.seconds["test"]
        return Stage(split="test", suite="games", trials=trials, fitness=fitness, seconds=seconds)

    def prepare(self, stage: Stage) -> None:
        """Make sure that the games of a stage can be played; what takes long the first time is done here.

        Raises
        ------
        nashforge.games.GameError
            If one of them cannot be compiled.
        """
        for game in {trial.game for trial in stage.trials}:
            games.compile(game)
        self.check_measures(stage)

    def length(self, suite: str, horizon: int) -> str:
        """Return how long programs are run, in words."""
        return f"{horizon} iterations"

    # What only some domains offer: None, or refused, where it is not.

    @property
    def episodes(self) -> DilemmaDomain | None:
        """The domain itself, if its programs play seeded episodes of a setting that people choose."""
        return None

    @property
    def auditing(self) -> Auditing:
        """The games that audits of its programs play, and what they look for."""
        from nashforge.evolve.domains.audits.base import Auditing

        return Auditing(self)

    @property
    def duels(self) -> Duels | None:
        """Matches of its programs against each other."""
        return None

    @property
    def watch(self) -> Watch | None:
        """Episodes that people can look at."""
        return None

    def variant(self, game: str | None, options: Mapping[str, object]) -> str:
        """Return the game that options of the command line make of one, such as a map or a number of agents.

        Parameters
        ----------
        game
            None: the first of the training games.
        options
            Values by name (``preset``, ``map``, ``agents``, ``view``, ``steps``); None where nothing is said.

        Raises
        ------
        NotOfferedError
            If the domain has no such options.
        """
        said = [f"--{name}" for name, value in options.items() if value is not None]
        if said:
            what, them = ("is no option", "it") if len(said) == 1 else ("are no options", "them")
            raise NotOfferedError(
                f"{' and '.join(said)} {what} of the domain {self.name!r}; leave {them} out"
            )
        return game or self.games(self.suites["train"])[0]

    # Who writes programs, and what they are told.

    def grammar(self) -> Grammar | None:
        """Return the grammar of its programs; None: offline tools cannot read them."""
        return None

    def proposer(self) -> Proposer | None:
        """Return what writes its programs without a model; None: there is no such proposer.

        By default that is the offline rewriter, if there is a grammar.
        """
        from nashforge.evolve.proposers.rewriting.proposer import OfflineProposer

        grammar = self.grammar()
        return None if grammar is None else OfflineProposer(grammar)

    def translate(self, source: str) -> str | None:
        """Return what runs today in the place of a program of an earlier interface; None: it is of today's.

        Raises
        ------
        nashforge.evolve.domains.translation.TranslationError
            If it cannot be translated mechanically.
        """
        return None
