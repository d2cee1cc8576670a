"""The domain of CFR rules: exact exploitability at two horizons, relative to the best known rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from nashforge.archive.records import Score
from nashforge.evolve.domains.games import GameDomain
from nashforge.evolve.evaluation.benchmark import Benchmark, Condition
from nashforge.evolve.evaluation.labels import label
from nashforge.evolve.evaluation.messages import Disguise, Fitness, Split, Stage, Trial
from nashforge.evolve.evaluation.metrics import AVERAGED, EXPLOITABILITY, LAST_ITERATE, MOTION, SECONDS
from nashforge.evolve.sandbox import Limits
from nashforge.games.sequence_form import SequenceForm
from nashforge.solvers.metrics.registry import Metric
from nashforge.solvers.programs.session import Session

if TYPE_CHECKING:
    from nashforge.evolve.proposers.rewriting.grammar import Grammar
    from nashforge.solvers.cfr.engine import CFRCheckpoint, Engine
    from nashforge.solvers.programs.kind import ProgramKind
    from nashforge.solvers.programs.library import Library


CALL_FACTOR = 50
"""How many times as much processor time as the library's slowest rule a rule may take for a call."""


MOST_RESCALED_LEAVES = 500_000
"""Leaves of the largest game that the benchmark plays for a thousand iterations at other scales, too."""


def call_cpu_seconds(form: SequenceForm) -> float:
    """Return the processor time that one update of one player may take on average, in seconds.

    The slowest rule of the library (VAD-CFR) takes 40 microseconds and 55 nanoseconds a sequence for it
    (median on a core of a shared machine, from 12 to 24,570 sequences). A rule that loops over information
    sets in Python can still do so; one that solves games of its own inside a call cannot get far.
    """
    largest = max(treeplex.sequences for treeplex in form.treeplexes)
    return CALL_FACTOR * (40e-6 + 55e-9 * largest)


def is_watched(iteration: int, trial: Trial) -> bool:
    """Whether the motion of a rule is measured after so many iterations: powers of ten, half, and the end."""
    decades = (10, 100, 1000, 10_000, 100_000)
    return iteration in (*decades, trial.iterations // 2, trial.iterations)


class CFRDomain(GameDomain):
    """Rules that minimise counterfactual regret, see `nashforge.solvers.cfr.interface.RegretMinimizer`."""

    name = "cfr"
    title = "CFR rules, judged by the exploitability of their average policy"
    evaluator = "cfr-2"
    seed = "cfr_plus"
    host_modules: tuple[str, ...] = ("nashforge.solvers.cfr.host",)
    metric = "exploitability"
    reported = (
        EXPLOITABILITY,
        SECONDS,
        Metric(AVERAGED, "max", title="has an average"),
        LAST_ITERATE,
        *MOTION,
    )
    checkpoint_metrics: Mapping[str, str] = MappingProxyType({LAST_ITERATE.name: "last_iterate"})
    # Chosen by experiment, see docs/fitness.md: so are games, horizons and parents.
    fitness = Fitness(
        kind="log_ratio",
        reference="aod_cfr,dcfr_plus,hs_pcfr_plus,pdcfr_plus",
        floor_relative=1e-8,
        clip=2.0,
    )
    suites: Mapping[Split, str] = {"train": "cfr-train", "validation": "cfr-validation", "test": "cfr-test"}
    horizon = 1000
    example = ("leduc_poker", 200)
    disguise = Disguise(seed=1000, dummies=0.25, perturbation=0.3)
    # In poker, noise blurs what tells good rules from bad; and some hundreds of evaluations get further with
    # a few programs on one island, judged by validation, too.
    perturbs_only_copies = True
    run_defaults: Mapping[str, object] = MappingProxyType(
        {
            "islands": 1,
            "archive": 12,
            "parents": "both",
            "verify": 15,
            "copies": 2,
            "short_horizons": (100,),
            "rescale": 128.0,
        }
    )
    seconds: Mapping[Split, float] = {"train": 120.0, "validation": 120.0, "test": 600.0}
    benchmark = Benchmark(
        suites={"train": "bench-train", "validation": "bench-validation", "test": "bench-test"},
        # Rules that give no policy a weight before iteration 500 mind no scale at 100.
        conditions=(
            Condition(100),
            Condition(1_000),
            Condition(10),
            Condition(100, scale=0.01),
            Condition(100, scale=100.0),
            Condition(1_000, scale=0.01, most_leaves=MOST_RESCALED_LEAVES),
            Condition(1_000, scale=100.0, most_leaves=MOST_RESCALED_LEAVES),
            Condition(10_000, small=True),
        ),
        quick=(Condition(100), Condition(10), Condition(100, scale=100.0)),
        reference="dcfr",
        floor=1e-7,
    )

    @property
    def kind(self) -> ProgramKind:
        """Interface, library and engine of rules."""
        from nashforge.solvers.cfr.engine import CFR

        return CFR

    @property
    def library(self) -> Library:
        """The programs that come with the domain."""
        from nashforge.solvers.cfr.rules import LIBRARY

        return LIBRARY

    def smoke(self, horizon: int) -> Stage:
        """Return two short runs: the whole horizon on a tiny game, and the start of a larger one."""
        return Stage(
            split="smoke",
            suite="cfr-smoke",
            trials=(
                self.trial("kuhn_poker", horizon),
                self.trial("leduc_poker", min(60, horizon), label("leduc_poker", iterations=60)),
            ),
            seconds=10.0,
        )

    def grammar(self) -> Grammar | None:
        """Return the grammar of CFR rules."""
        from nashforge.evolve.proposers.rewriting.grammars.cfr import grammar

        return grammar.CFR

    def translate(self, source: str) -> str | None:
        """Return a rule that forms its average itself, as all did before ``cfr-2``, for today's engine."""
        from nashforge.evolve.proposers.rewriting.translation.weights import to_weights

        return to_weights(source)

    def engine(self, game: SequenceForm, sessions: Sequence[Session], trial: Trial) -> Engine:
        """Return the engine of a trial, which watches the motion of a few iterations."""
        from nashforge.solvers.cfr.engine import Engine

        return Engine(game, sessions, [point for point in trial.checkpoints if is_watched(point, trial)])

    def diagnosed(self, trial: Trial, point: CFRCheckpoint) -> Sequence[Score]:
        """Return the motion of a rule, where it was watched."""
        if point.motion is None:
            return ()
        values = point.motion.alternating, point.motion.persisting, point.motion.step
        return [
            Score(trial.label, metric.name, value, metric.direction, point.iteration)
            for metric, value in zip(MOTION, values, strict=True)
        ]

    def limits_in(self, game: SequenceForm, limits: Limits) -> Limits:
        """Return the limits of a rule in a game, with the time that a call may take."""
        return replace(limits, call_cpu_seconds=call_cpu_seconds(game))
