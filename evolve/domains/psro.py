"""The domain of PSRO meta-solvers: exact exploitability of the evaluated mixture at a fixed iteration."""

from __future__ import annotations

import hashlib
import inspect
import time
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

import games
from evolve.domains.metrics import ELAPSED, EXPLOITABILITY, SECONDS, Metric, catalogue
from evolve.domains.staging import Tally, run_stages
from evolve.sandbox import InvalidOutput, Limits, ProgramTimeout, Sandbox
from evolve.tasks import Disguise, Fitness, Measurement, Report, Split, Stage, Task, Trial
from games.sequence_form import SequenceForm
from solvers.psro import interface
from solvers.psro.engine import PSROCheckpoint, StrategyError, run, session_arguments
from solvers.psro.guise import Guise
from solvers.psro.meta_solvers import solver_names, solver_source

if TYPE_CHECKING:
    from evolve.offline.grammar import Grammar
    from evolve.proposal import Proposer

FINGERPRINT_DIGITS = 5
"""Programs whose exploitabilities agree to so many digits on the smoke stage count as the same behaviour."""

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


class PSRODomain:
    """Meta-solvers of policy-space response oracles, see `solvers.psro.interface.MetaSolver`."""

    name = "psro"
    title = "PSRO meta-solvers, judged by the exploitability of the mixture that they evaluate"
    evaluator = "psro-1"
    seed = "uniform"
    hosts: tuple[str, ...] = ("solvers.psro.host",)
    metric = "exploitability"
    metrics = catalogue([EXPLOITABILITY, SECONDS, *CHECKPOINT_METRICS])
    fitness = Fitness(kind="log_ratio", floor=1e-4, reference="uniform")
    suites: Mapping[Split, str] = {
        "train": "psro-train",
        "validation": "psro-validation",
        "test": "psro-test",
    }
    horizon = 100

    def baselines(self) -> tuple[str, ...]:
        """Return the names of the library's meta-solvers."""
        return solver_names()

    def source(self, baseline: str) -> str:
        """Return the source of a meta-solver of the library."""
        return solver_source(baseline)

    def smoke(self, horizon: int) -> Stage:
        """Return two short runs, with few iterations: populations of a few policies already tell."""
        return Stage(
            split="smoke",
            suite="psro-smoke",
            trials=(
                _trial("kuhn_poker", min(15, horizon), label="kuhn_poker (15 iterations)"),
                _trial("leduc_poker", min(10, horizon), label="leduc_poker (10 iterations)"),
            ),
            seconds=30.0,
        )

    def stage(self, split: Split, suite: str, horizon: int, fitness: Fitness) -> Stage:
        """Return the games of a suite; those for validation are disguised, always in the same way."""
        names = games.load_suite(suite).games
        if split == "validation":
            trials = [_disguised(game, horizon, seed=2000 + k) for k, game in enumerate(names)]
        else:
            trials = [_trial(game, horizon) for game in names]
        seconds = 3600.0 if split == "test" else 300.0
        return Stage(split=split, suite=suite, trials=tuple(trials), fitness=fitness, seconds=seconds)

    def adhoc(self, games: Sequence[str], horizon: int, fitness: Fitness) -> Stage:
        """Return a stage over given games."""
        trials = tuple(_trial(game, horizon) for game in games)
        return Stage(split="test", suite="games", trials=trials, fitness=fitness, seconds=3600.0)

    def prepare(self, stage: Stage) -> None:
        """Compile every game of a stage, so that workers find them in the cache."""
        for game in {trial.game for trial in stage.trials}:
            games.compile(game)

    def brief(self, train: Stage) -> Mapping[str, object]:
        """Return what the system prompt mentions besides what every prompt is given."""
        return {"interface": inspect.getsource(interface), "seconds": train.seconds}

    def evaluate(self, task: Task, sandbox: Sandbox) -> Report:
        """Play every game of every stage, one confined process a game."""

        def run_stage(stage: Stage, tally: Tally) -> None:
            deadline = time.monotonic() + stage.seconds
            history: list[PSROCheckpoint] = []
            for trial in stage.trials:
                left = round(max(deadline - time.monotonic(), 0.01), 2)
                limits = Limits(
                    wall_seconds=left,
                    cpu_seconds=stage.seconds,
                    call_seconds=left,
                    memory_bytes=task.memory_bytes,
                )
                history += _play(task.source, trial, sandbox, limits, tally)
            if stage.split == "smoke":
                tally.fingerprint = _fingerprint(history)

        return run_stages(task, self.evaluator, run_stage)

    def grammar(self) -> Grammar | None:
        """Return the grammar of meta-solvers."""
        from evolve.offline.psro.grammar import PSRO

        return PSRO

    def proposer(self) -> Proposer | None:
        """Return the proposer that edits meta-solvers."""
        from evolve.offline.proposer import OfflineProposer
        from evolve.offline.psro.grammar import PSRO

        return OfflineProposer(PSRO)


def _trial(game: str, horizon: int, label: str | None = None, disguise: Disguise | None = None) -> Trial:
    return Trial(
        label=label or game,
        game=game,
        iterations=horizon,
        checkpoints=tuple(sorted({max(1, round(horizon * share)) for share in SHARES})),
        disguise=disguise,
    )


def _disguised(game: str, horizon: int, seed: int) -> Trial:
    disguise = Disguise(seed=seed, dummies=0.25, perturbation=0.3)
    return _trial(game, horizon, label=f"{game} (disguise {seed})", disguise=disguise)


@lru_cache(maxsize=32)
def _form(game: str, disguise: Disguise | None) -> SequenceForm:
    form = games.compile(game)
    if disguise is None:
        return form
    return games.disguise(
        form, disguise.seed, dummies=disguise.dummies, perturbation=disguise.perturbation
    ).form


def _guise(trial: Trial, players: int) -> Guise | None:
    """Return how a disguised trial shows restricted games: the same for every program."""
    if trial.disguise is None:
        return None
    return Guise(players, np.random.default_rng([trial.disguise.seed, players]))


def _play(source: str, trial: Trial, sandbox: Sandbox, limits: Limits, tally: Tally) -> list[PSROCheckpoint]:
    form = _form(trial.game, trial.disguise)
    arguments = session_arguments(form, trial.iterations)
    with sandbox.session(source, limits=limits, **arguments) as session:
        tally.tier = session.tier
        reached: list[PSROCheckpoint] = []
        try:
            trajectory = run(
                form,
                session,
                trial.iterations,
                trial.checkpoints,
                on_checkpoint=reached.append,
                guise=_guise(trial, form.players),
            )
        except StrategyError as error:
            raise InvalidOutput(f"in {trial.label}: {error}", session.log, session.usage) from error
        except ProgramTimeout as error:
            raise ProgramTimeout(_too_slow(error, trial, reached), error.log, error.usage) from error
    tally.use(session.usage, session.log)
    tally.values[trial.label] = trajectory.exploitability
    for point in trajectory.checkpoints:
        for metric in ("exploitability", *(metric.name for metric in CHECKPOINT_METRICS)):
            value = point.seconds if metric == "elapsed" else getattr(point, metric)
            tally.scores.append(
                Measurement(
                    game=trial.label,
                    metric=metric,
                    value=float(value),
                    direction=PSRODomain.metrics[metric].direction,
                    iteration=point.iteration,
                )
            )
    tally.scores.append(
        Measurement(game=trial.label, metric="seconds", value=trajectory.checkpoints[-1].seconds)
    )
    return list(trajectory.checkpoints)


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


def _fingerprint(history: Sequence[PSROCheckpoint]) -> str:
    # Values near machine precision are noise and differ between programs that act alike.
    digits = [f"{max(point.exploitability, 1e-12):.{FINGERPRINT_DIGITS - 1}e}" for point in history]
    return hashlib.sha256(" ".join(digits).encode()).hexdigest()[:16]
