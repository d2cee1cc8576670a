"""The domain of PSRO meta-solvers: exact exploitability of the evaluated mixture at a fixed iteration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from nashforge.archive.records import Score
from nashforge.evolve.domains.games import GameDomain, played_form
from nashforge.evolve.evaluation.messages import Disguise, Fitness, Split, Stage, Trial
from nashforge.evolve.evaluation.metrics import ELAPSED, EXPLOITABILITY, SECONDS
from nashforge.evolve.evaluation.stages import StageResult
from nashforge.evolve.sandbox import InvalidOutput, Limits, ProgramTimeout, Sandbox
from nashforge.solvers.metrics.registry import Metric
from nashforge.solvers.programs.trajectory import run
from nashforge.solvers.psro.engine import PSRO, Engine, PSROCheckpoint, StrategyError
from nashforge.solvers.psro.restricted.disguise import RestrictedDisguise

if TYPE_CHECKING:
    from nashforge.evolve.proposers.rewriting.grammar import Grammar

SHARES = (0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 0.75, 1.0)
"""Where on the way to the horizon is measured: few places, because each asks the program for a mixture."""

CHECKPOINT_METRICS = (
    Metric("solver_seconds", "min", unit="s", title="time in the meta-solver", logarithmic=True),
    ELAPSED,
    Metric("policies", "max", title="policies in each population"),
    Metric("distinct", "max", title="distinct policies, mean over players"),
    Metric("train_entropy", "max", title="entropy of the mixture trained on, over that of the uniform one"),
    Metric("evaluate_entropy", "max", title="entropy of the mixture evaluated, over that of the uniform one"),
)


class PSRODomain(GameDomain):
    """Meta-solvers of policy-space response oracles, see `nashforge.solvers.psro.interface.MetaSolver`."""

    name = "psro"
    title = "PSRO meta-solvers, judged by the exploitability of the mixture that they evaluate"
    evaluator = "psro-1"
    seed = "uniform"
    kind = PSRO
    hosts: tuple[str, ...] = (PSRO.host,)
    metric = "exploitability"
    effort = "solver_seconds"  # the program's own; in all others it has no part
    reported = (EXPLOITABILITY, SECONDS, *CHECKPOINT_METRICS)
    fitness = Fitness(kind="log_ratio", floor=1e-4, reference="uniform")
    suites: Mapping[Split, str] = {
        "train": "psro-train",
        "validation": "psro-validation",
        "test": "psro-test",
    }
    horizon = 100
    example = ("leduc_poker", 50)
    disguise = Disguise(seed=2000, dummies=0.25, perturbation=0.3)
    seconds: Mapping[Split, float] = {"train": 300.0, "validation": 300.0, "test": 3600.0}

    def smoke(self, horizon: int) -> Stage:
        """Return two short runs, with few iterations: populations of a few policies already tell."""
        return Stage(
            split="smoke",
            suite="psro-smoke",
            trials=(
                self.trial("kuhn_poker", min(15, horizon), label="kuhn_poker (15 iterations)"),
                self.trial("leduc_poker", min(10, horizon), label="leduc_poker (10 iterations)"),
            ),
            seconds=30.0,
        )

    def checkpoints(self, horizon: int) -> tuple[int, ...]:
        """Return after which iterations is measured."""
        return tuple(sorted({max(1, round(horizon * share)) for share in SHARES}))

    def brief(self, train: Stage) -> Mapping[str, object]:
        """Return what the system prompt mentions besides what every prompt is given."""
        return {**super().brief(train), "seconds": train.seconds}

    def limits(self, limits: Limits) -> Limits:
        """Return the limits of one game: a single answer may take all the time that is left."""
        left = round(limits.wall_seconds, 2)  # it is told when it is used up
        return replace(limits, wall_seconds=left, call_seconds=left)

    def grammar(self) -> Grammar | None:
        """Return the grammar of meta-solvers."""
        from nashforge.evolve.proposers.rewriting.grammars.psro import grammar

        return grammar.PSRO

    def play(
        self, source: str, trial: Trial, sandbox: Sandbox, limits: Limits, result: StageResult
    ) -> list[float]:
        """Run the meta-solver in one game and measure the mixture that it evaluates on the way."""
        form = played_form(trial.game, trial.disguise)
        [arguments] = PSRO.arguments(form, trial.iterations)
        with sandbox.session(source, limits=limits, **arguments) as session:
            reached: list[PSROCheckpoint] = []
            try:
                engine = Engine(form, [session], trial.iterations, _disguise(trial, form.players))
                trajectory = run(engine, trial.iterations, trial.checkpoints, reached.append)
            except StrategyError as error:
                raise InvalidOutput(f"in {trial.label}: {error}", session.log, session.usage) from error
            except ProgramTimeout as error:
                raise ProgramTimeout(_too_slow(error, trial, reached), error.log, error.usage) from error
        result.use(session.usage, session.log)
        result.final = self.solved(form, trajectory.policy, trial.iterations)
        result.values[trial.label] = trajectory.gap
        for point in trajectory.curve:
            for metric in ("exploitability", *(metric.name for metric in CHECKPOINT_METRICS)):
                value = getattr(point, {"exploitability": "gap", "elapsed": "seconds"}.get(metric, metric))
                result.scores.append(
                    Score(
                        game=trial.label,
                        metric=metric,
                        value=float(value),
                        direction=self.metrics[metric].direction,
                        iteration=point.iteration,
                    )
                )
        result.scores.append(Score(game=trial.label, metric="seconds", value=trajectory.curve[-1].seconds))
        return [point.gap for point in trajectory.curve]


def _disguise(trial: Trial, players: int) -> RestrictedDisguise | None:
    """Return how a disguised trial shows restricted games: the same for every program."""
    if trial.disguise is None:
        return None
    return RestrictedDisguise(players, np.random.default_rng([trial.disguise.seed, players]))


def _too_slow(error: ProgramTimeout, trial: Trial, reached: Sequence[PSROCheckpoint]) -> str:
    """Say how far a program came: what it can learn from a timeout."""
    spent = f"{error.reason}, {error.usage.wall_seconds:.1f} s of it in {trial.label}"
    if not reached:
        return f"{spent} before the first measurement of {trial.iterations} iterations"
    last = reached[-1]
    return (
        f"{spent}; {last.solver_seconds:.1f} s were enough for the first {last.iteration} of "
        f"{trial.iterations} iterations"
    )
