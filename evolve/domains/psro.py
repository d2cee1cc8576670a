"""The domain of PSRO meta-solvers: exact exploitability of the evaluated mixture at a fixed iteration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from nashforge.evolve.domains.games import GameDomain
from nashforge.evolve.evaluation.benchmark import Benchmark, Condition
from nashforge.evolve.evaluation.labels import label
from nashforge.evolve.evaluation.messages import Disguise, Fitness, Split, Stage, Trial
from nashforge.evolve.evaluation.metrics import ELAPSED, EXPLOITABILITY, SECONDS, diagnostic
from nashforge.evolve.sandbox import Limits, ProgramTimeout
from nashforge.games.sequence_form import SequenceForm
from nashforge.solvers.metrics.registry import Metric
from nashforge.solvers.programs.session import Session

if TYPE_CHECKING:
    from nashforge.evolve.domains.audits.games import GameAuditing
    from nashforge.evolve.proposers.rewriting.grammar import Grammar
    from nashforge.solvers.programs.kind import ProgramKind
    from nashforge.solvers.programs.library import Library
    from nashforge.solvers.psro.engine import Engine, PSROCheckpoint

SHARES = (0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 0.75, 1.0)
"""Where on the way to the horizon is measured: few places, because each asks the program for a mixture."""

AUDITED = 12
"""Iterations of audits, before they are halved and doubled."""

CHECKPOINT_METRICS = (
    Metric("solver_seconds", "min", unit="s", title="time in the meta-solver", logarithmic=True),
    ELAPSED,
    diagnostic("policies", "policies in each population"),
    diagnostic("distinct", "distinct policies, mean over players"),
    diagnostic("train_entropy", "entropy of the mixture trained on, over that of the uniform one"),
    diagnostic("evaluate_entropy", "entropy of the mixture evaluated, over that of the uniform one"),
)


class PSRODomain(GameDomain):
    """Meta-solvers of policy-space response oracles, see `nashforge.solvers.psro.interface.MetaSolver`."""

    name = "psro"
    title = "PSRO meta-solvers, judged by the exploitability of the mixture that they evaluate"
    evaluator = "psro-2"
    seed = "uniform"
    host_modules: tuple[str, ...] = ("nashforge.solvers.psro.host",)
    metric = "exploitability"
    untold = ("solver_seconds", "elapsed", "policies")  # these follow from the iteration and the machine
    cost_metric = "solver_seconds"  # the program's own; in all others it has no part
    reported = (EXPLOITABILITY, SECONDS, *CHECKPOINT_METRICS)
    fitness = Fitness(kind="log_ratio", floor=1e-4, reference="uniform")
    suites: Mapping[Split, str] = {
        "train": "psro-train",
        "validation": "psro-validation",
        "test": "psro-test",
    }
    horizon = 100
    checkpoint_metrics: Mapping[str, str] = MappingProxyType(
        {metric.name: "seconds" if metric is ELAPSED else metric.name for metric in CHECKPOINT_METRICS}
    )
    example = ("leduc_poker", 50)
    disguise = Disguise(seed=2000, dummies=0.25, perturbation=0.3)
    seconds: Mapping[Split, float] = {"train": 300.0, "validation": 300.0, "test": 3600.0}
    benchmark = Benchmark(
        suites={
            "train": "psro-bench-train",
            "validation": "psro-bench-validation",
            "test": "psro-bench-test",
        },
        conditions=(
            Condition(30),
            Condition(10),
            Condition(100),
            Condition(10, scale=0.01),
            Condition(10, scale=100.0),
        ),
        quick=(Condition(10), Condition(10, scale=100.0)),
        reference="uniform",
        floor=1e-4,
    )

    @property
    def kind(self) -> ProgramKind:
        """Interface, library and engine of meta-solvers."""
        from nashforge.solvers.psro.engine import PSRO

        return PSRO

    @property
    def library(self) -> Library:
        """The programs that come with the domain."""
        from nashforge.solvers.psro.meta_solvers import LIBRARY

        return LIBRARY

    @property
    def auditing(self) -> GameAuditing:
        """The games that audits of its programs play, for few iterations, of which each solves a game."""
        found = super().auditing
        found.horizon = AUDITED
        return found

    def smoke(self, horizon: int) -> Stage:
        """Return two short runs, with few iterations: populations of a few policies already tell."""
        return Stage(
            split="smoke",
            suite="psro-smoke",
            trials=(
                self.trial("kuhn_poker", min(15, horizon), label("kuhn_poker", iterations=15)),
                self.trial("leduc_poker", min(10, horizon), label("leduc_poker", iterations=10)),
            ),
            seconds=30.0,
        )

    def checkpoints(self, horizon: int) -> tuple[int, ...]:
        """Return after which iterations is measured."""
        return tuple(sorted({max(1, round(horizon * share)) for share in SHARES}))

    def prompt_variables(self, train: Stage) -> Mapping[str, object]:
        """Return what the system prompt mentions besides what every prompt is given."""
        return {**super().prompt_variables(train), "seconds": train.seconds}

    def limits(self, limits: Limits) -> Limits:
        """Return the limits of one game: a single answer may take all the time that is left."""
        left = round(limits.wall_seconds, 2)  # it is told when it is used up
        return replace(limits, wall_seconds=left, call_seconds=left)

    def grammar(self) -> Grammar | None:
        """Return the grammar of meta-solvers."""
        from nashforge.evolve.proposers.rewriting.grammars.psro import grammar

        return grammar.PSRO

    def engine(self, game: SequenceForm, sessions: Sequence[Session], trial: Trial) -> Engine:
        """Return the engine of a trial, whose disguise hides restricted games alike for every program."""
        from nashforge.solvers.psro.engine import Engine
        from nashforge.solvers.psro.restricted.disguise import RestrictedDisguise

        disguise = None
        if trial.disguise is not None:
            rng = np.random.default_rng([trial.disguise.seed, game.players])
            disguise = RestrictedDisguise(game.players, rng)
        return Engine(game, sessions, trial.iterations, disguise)

    def too_slow(self, error: ProgramTimeout, trial: Trial, reached: Sequence[PSROCheckpoint]) -> str:
        """Say how far a program came: what it can learn from a timeout."""
        spent = f"{error.reason}, {error.usage.wall_seconds:.1f} s of it in {trial.label}"
        if not reached:
            return f"{spent} before the first measurement of {trial.iterations} iterations"
        last = reached[-1]
        return (
            f"{spent}; {last.solver_seconds:.1f} s were enough for the first {last.iteration} of "
            f"{trial.iterations} iterations"
        )
