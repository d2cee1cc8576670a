"""The domain of CFR rules: exact exploitability at a fixed horizon, relative to DCFR."""

from __future__ import annotations

import hashlib
import inspect
import time
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import games
from evolve.domains.metrics import EXPLOITABILITY, SECONDS, catalogue
from evolve.domains.staging import Tally, run_stages
from evolve.sandbox import InvalidOutput, Limits, Sandbox
from evolve.tasks import Disguise, Fitness, Measurement, Report, Split, Stage, Task, Trial
from games.sequence_form import SequenceForm
from solvers.cfr import interface
from solvers.cfr.engine import Checkpoint, run, session_arguments
from solvers.cfr.rules import rule_names, rule_source
from solvers.profile import PolicyError

if TYPE_CHECKING:
    from evolve.offline.grammar import Grammar
    from evolve.proposal import Proposer

FINGERPRINT_DIGITS = 5
"""Programs whose exploitabilities agree to so many digits on the smoke stage count as the same behaviour."""


class CFRDomain:
    """Rules that minimise counterfactual regret, see `solvers.cfr.interface.RegretMinimizer`."""

    name = "cfr"
    title = "CFR rules, judged by the exploitability of their average policy"
    evaluator = "cfr-1"
    seed = "cfr_plus"
    hosts: tuple[str, ...] = ("solvers.cfr.host",)
    metric = "exploitability"
    metrics = catalogue([EXPLOITABILITY, SECONDS])
    fitness = Fitness(kind="log_ratio", floor=1e-7, reference="dcfr")
    suites: Mapping[Split, str] = {"train": "cfr-train", "validation": "cfr-validation", "test": "cfr-test"}
    horizon = 1000

    def baselines(self) -> tuple[str, ...]:
        """Return the names of the library's rules."""
        return rule_names()

    def source(self, baseline: str) -> str:
        """Return the source of a library rule."""
        return rule_source(baseline)

    def smoke(self, horizon: int) -> Stage:
        """Return two short runs: the whole horizon on a tiny game, and the start of a larger one."""
        return Stage(
            split="smoke",
            suite="cfr-smoke",
            trials=(
                _trial("kuhn_poker", horizon),
                _trial("leduc_poker", min(60, horizon), label="leduc_poker (60 iterations)"),
            ),
            seconds=10.0,
        )

    def stage(self, split: Split, suite: str, horizon: int, fitness: Fitness) -> Stage:
        """Return the games of a suite; those for validation are disguised, always in the same way."""
        names = games.load_suite(suite).games
        if split == "validation":
            trials = [_disguised(game, horizon, seed=1000 + k) for k, game in enumerate(names)]
        else:
            trials = [_trial(game, horizon) for game in names]
        seconds = 600.0 if split == "test" else 120.0
        return Stage(split=split, suite=suite, trials=tuple(trials), fitness=fitness, seconds=seconds)

    def adhoc(self, games: Sequence[str], horizon: int, fitness: Fitness) -> Stage:
        """Return a stage over given games."""
        trials = tuple(_trial(game, horizon) for game in games)
        return Stage(split="test", suite="games", trials=trials, fitness=fitness, seconds=600.0)

    def prepare(self, stage: Stage) -> None:
        """Compile every game of a stage, so that workers find them in the cache."""
        for game in {trial.game for trial in stage.trials}:
            games.compile(game)

    def brief(self, train: Stage) -> Mapping[str, object]:
        """Return what the system prompt mentions besides what every prompt is given."""
        return {"interface": inspect.getsource(interface)}

    def evaluate(self, task: Task, sandbox: Sandbox) -> Report:
        """Play every game of every stage, one confined process a game."""

        def run_stage(stage: Stage, tally: Tally) -> None:
            deadline = time.monotonic() + stage.seconds
            history: list[Checkpoint] = []
            for trial in stage.trials:
                limits = Limits(
                    wall_seconds=max(deadline - time.monotonic(), 0.01),
                    cpu_seconds=stage.seconds,
                    memory_bytes=task.memory_bytes,
                )
                history += _play(task.source, trial, sandbox, limits, tally)
            if stage.split == "smoke":
                tally.fingerprint = _fingerprint(history)

        return run_stages(task, self.evaluator, run_stage)

    def grammar(self) -> Grammar | None:
        """Return the grammar of CFR rules."""
        from evolve.offline.cfr.grammar import CFR

        return CFR

    def proposer(self) -> Proposer | None:
        """Return the proposer that edits CFR rules."""
        from evolve.offline.cfr.grammar import CFR
        from evolve.offline.proposer import OfflineProposer

        return OfflineProposer(CFR)


def _trial(game: str, horizon: int, label: str | None = None, disguise: Disguise | None = None) -> Trial:
    points = {horizon * k // 20 for k in range(1, 20)} | {1, 2, 5, 10, 20, horizon}
    return Trial(
        label=label or game,
        game=game,
        iterations=horizon,
        checkpoints=tuple(sorted(k for k in points if 1 <= k <= horizon)),
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


def _play(source: str, trial: Trial, sandbox: Sandbox, limits: Limits, tally: Tally) -> list[Checkpoint]:
    form = _form(trial.game, trial.disguise)
    arguments = session_arguments(form, trial.iterations)
    with sandbox.session(source, limits=limits, **arguments) as session:
        tally.tier = session.tier
        try:
            trajectory = run(form, session, trial.iterations, trial.checkpoints)
        except PolicyError as error:
            raise InvalidOutput(f"in {trial.label}: {error}", session.log, session.usage) from error
    tally.use(session.usage, session.log)
    tally.values[trial.label] = trajectory.exploitability
    for point in trajectory.checkpoints:
        tally.scores.append(
            Measurement(
                game=trial.label,
                metric="exploitability",
                value=point.exploitability,
                iteration=point.iteration,
            )
        )
    tally.scores.append(
        Measurement(game=trial.label, metric="seconds", value=trajectory.checkpoints[-1].seconds)
    )
    return list(trajectory.checkpoints)


def _fingerprint(history: Sequence[Checkpoint]) -> str:
    # Values near machine precision are noise and differ between programs that act alike.
    digits = [f"{max(point.exploitability, 1e-12):.{FINGERPRINT_DIGITS - 1}e}" for point in history]
    return hashlib.sha256(" ".join(digits).encode()).hexdigest()[:16]
