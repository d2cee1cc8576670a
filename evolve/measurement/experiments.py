"""Cheap measurements of variants on training games, within a budget of processor time, in the sandbox."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from nashforge.archive.records import Status, new_token
from nashforge.evolve.domains.base import Domain
from nashforge.evolve.evaluation.messages import Report, Stage, Task
from nashforge.evolve.executors.base import Executor, Lost
from nashforge.evolve.proposers.experiments import LEAST_SECONDS, Experiment, Findings, Variant
from nashforge.evolve.search.outcomes import curves_of

CURRENT = "current program"


@dataclass
class _Running:
    index: int
    names: dict[str, str]
    games: dict[str, int]
    found: dict[str, Variant]
    seconds: float = 0.0


class ConfinedLaboratory:
    """Measures experiments of a run with an executor of its own.

    Parameters
    ----------
    domain, train
        What programs are, and the training stage: no other game is ever measured here.
    executor
        Makes the executor, when the first experiment is asked for.
    tier
        Weakest sandbox tier to accept.
    """

    def __init__(
        self, domain: Domain, train: Stage, executor: Callable[[], Executor], *, tier: str = "strict"
    ) -> None:
        self._domain, self._train, self._make, self._tier = domain, train, executor, tier
        self._executor: Executor | None = None
        self._running: list[_Running] = []

    def begin(self, index: int, experiment: Experiment, current: str, seconds: float) -> None:
        """Begin to measure variants, and the current program on the same games."""
        stage = stage_of(self._domain, self._train, experiment, seconds)
        programs = {f"variant {k}": source for k, source in enumerate(experiment.variants, 1)}
        programs[CURRENT] = current
        share = stage.model_copy(update={"seconds": max(seconds / len(programs), LEAST_SECONDS)})
        numbers = {trial.label: place for place, trial in enumerate(self._train.trials, 1)}
        running = _Running(index, {}, numbers, {})
        self._running.append(running)
        if self._executor is None:
            self._executor = self._make()
        for name, source in programs.items():
            token = new_token()
            running.names[token] = name
            self._executor.submit(
                Task(token=token, domain=self._domain.name, source=source, stages=(share,), tier=self._tier)
            )

    def take(self, wait: float = 0.0) -> list[tuple[int, Findings]]:
        """Return what was measured since the last time; wait for something, at most so many seconds."""
        for answer in self._executor.wait(wait) if self._executor is not None and self._running else ():
            for running in self._running:
                if answer.token in running.names:
                    _note(running, answer, self._domain)
        done = [running for running in self._running if len(running.found) == len(running.names)]
        self._running = [running for running in self._running if running not in done]
        return [
            (
                running.index,
                Findings(tuple(running.found[token] for token in running.names), running.seconds),
            )
            for running in done
        ]

    def renew(self, train: Stage) -> None:
        """Measure on these training games from now on."""
        self._train = train

    def close(self) -> None:
        """Give up what is being measured."""
        if self._executor is not None:
            self._executor.close()
        self._executor, self._running = None, []


def stage_of(domain: Domain, train: Stage, experiment: Experiment, seconds: float) -> Stage:
    """Return the part of a training stage that an experiment measures.

    Places that no game has are left out; where none is left, the first game is measured.
    """
    trials = [
        trial
        for place, trial in enumerate(train.trials, 1)
        if not experiment.games or place in experiment.games
    ] or [train.trials[0]]
    most = experiment.iterations
    if most is not None and domain.episodes is None:
        trials = [
            trial
            if trial.iterations <= most
            else trial.model_copy(update={"iterations": most, "checkpoints": domain.checkpoints(most)})
            for trial in trials
        ]
    return train.model_copy(update={"trials": tuple(trials), "references": {}, "seconds": seconds})


def _note(running: _Running, answer: Report | Lost, domain: Domain) -> None:
    name = running.names[answer.token]
    if isinstance(answer, Lost):
        running.found[answer.token] = Variant(name, reason=f"not measured: {answer.reason}")
        return
    stage = answer.stages[-1]
    running.seconds += stage.cpu_seconds
    if stage.status is not Status.OK:
        reason = f"{stage.status.value}: {stage.reason or ''}".replace("_", " ")
        running.found[answer.token] = Variant(name, reason=reason)
        return
    told = [score for score in stage.scores if score.metric not in domain.untold]
    metrics = dict.fromkeys(score.metric for score in told if score.iteration is not None)
    curves = {
        metric: {running.games[game]: curve for game, curve in curves_of(stage.scores, metric).items()}
        for metric in metrics
    }
    running.found[answer.token] = Variant(name, curves.pop(domain.metric, {}), curves)


def measure_variants(
    domain: Domain,
    train: Stage,
    executor: Executor,
    variants: Sequence[str],
    current: str,
    *,
    games: Iterable[int] = (),
    iterations: int | None = None,
    seconds: float = 20.0,
    tier: str = "strict",
) -> Findings:
    """Measure variants of a program on training games, and return when it is done.

    Parameters
    ----------
    games
        Places in the list of training games, from 1; none: all of them.
    iterations
        At most so many; None: as many as in training.
    seconds
        Processor time for all of it.
    """
    laboratory = ConfinedLaboratory(domain, train, lambda: executor, tier=tier)
    laboratory.begin(0, Experiment(tuple(variants), tuple(games), iterations), current, seconds)
    while not (done := laboratory.take(wait=1.0)):
        pass
    return done[0][1]
