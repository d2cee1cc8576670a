"""Cheap measurements of variants on training games, within a budget of processor time, in the sandbox.

Programs are measured game by game, each in a task of its own: what is done is kept when the seconds end, when
a program fails in a later game, or when whoever asked is killed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from nashforge.archive.records import Score, Status, new_token
from nashforge.evolve.domains.base import Domain
from nashforge.evolve.evaluation.messages import Report, Stage, StageReport, Task
from nashforge.evolve.executors.base import Executor, Lost
from nashforge.evolve.proposers.experiments import LEAST_SECONDS, Experiment, Findings, Variant
from nashforge.evolve.search.measured.outcomes import curves_of

CURRENT = "current program"

FAR = 30.0
"""Wall time of a measurement in multiples of its processor time: a net for what hangs, beyond any load."""


class Purse(Protocol):
    """The seconds of processor time that an experiment may take."""

    @property
    def left(self) -> float:
        """The seconds that are left, besides those that are set aside."""

    def take(self, seconds: float) -> float:
        """Set seconds aside for one measurement; return how many there were."""

    def settle(self, taken: float, used: float) -> None:
        """Give back what a measurement did not need of the seconds that were set aside for it."""


@dataclass
class Seconds:
    """So many seconds, kept in this process."""

    left: float

    def take(self, seconds: float) -> float:
        """Set seconds aside."""
        taken = max(min(seconds, self.left), 0.0)
        self.left -= taken
        return taken

    def settle(self, taken: float, used: float) -> None:
        """Give back what was not needed."""
        self.left += taken - used


Listen = Callable[[Sequence[Variant], int, int], None]
"""Told when something is measured: how all programs stand, whose result came, and in which game."""


class Known(Protocol):
    """The memory of what current programs reached: they are measured once, and booked once."""

    def recall(self, source: str, stage: Stage) -> Sequence[Score] | None:
        """Return the scores of a program in a stage of one trial; None if they are not known."""

    def keep(self, source: str, stage: Stage, report: Report) -> None:
        """Remember what a program reached in a stage of one trial."""


@dataclass
class Remembered:
    """A memory of this process alone."""

    scores: dict[tuple[str, str], Sequence[Score]] = field(default_factory=dict)

    def recall(self, source: str, stage: Stage) -> Sequence[Score] | None:
        """Return what is known of a program."""
        return self.scores.get((source, stage.digest))

    def keep(self, source: str, stage: Stage, report: Report) -> None:
        """Remember what a program reached."""
        self.scores[source, stage.digest] = report.stages[-1].scores


@dataclass
class _Program:
    name: str
    source: str
    scores: list[Score] = field(default_factory=list)
    reason: str = ""
    unreached: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class _Piece:
    """A program in one game."""

    program: _Program
    place: int
    stage: Stage
    seconds: float


@dataclass
class _Running:
    """An experiment on the way: what is measured now, and what is still to be."""

    index: int
    stage: Stage
    places: dict[str, int]
    programs: list[_Program]
    purse: Purse
    listen: Listen
    todo: list[tuple[int, _Program]]
    pieces: dict[str, _Piece] = field(default_factory=dict)
    used: float = 0.0

    @property
    def done(self) -> bool:
        return not self.todo and not self.pieces


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
    known
        Remembers what current programs reached.
    """

    def __init__(
        self,
        domain: Domain,
        train: Stage,
        executor: Callable[[], Executor],
        *,
        tier: str = "strict",
        known: Known | None = None,
    ) -> None:
        self._domain, self._train, self._make, self._tier = domain, train, executor, tier
        self._known: Known = Remembered() if known is None else known
        self._executor: Executor | None = None
        self._running: list[_Running] = []

    def begin(self, index: int, experiment: Experiment, current: str, seconds: float) -> None:
        """Begin to measure variants, and the current program on the same games."""
        self.begin_with(index, experiment, current, Seconds(seconds))

    def begin_with(
        self,
        index: int,
        experiment: Experiment,
        current: str,
        purse: Purse,
        listen: Listen = lambda variants, which, place: None,
    ) -> None:
        """Begin to measure variants with seconds that somebody else keeps the books of.

        Parameters
        ----------
        listen
            Told when something is measured: how all programs stand, whose result came, in which game.
        """
        stage = stage_of(self._domain, self._train, experiment, LEAST_SECONDS)
        programs = [_Program(f"variant {k}", source) for k, source in enumerate(experiment.variants, 1)]
        base = _Program(CURRENT, current)
        todo = []
        for place in range(len(stage.trials)):
            known = self._known.recall(current, _alone(stage, place))
            if known is None:
                todo.append((place, base))
            else:
                base.scores += known
            todo += [(place, program) for program in programs]
        places = {trial.label: place for place, trial in enumerate(self._train.trials, 1)}
        self._running.append(_Running(index, stage, places, [*programs, base], purse, listen, todo))
        if self._executor is None:
            self._executor = self._make()
        self._send()

    def take(self, wait: float = 0.0) -> list[tuple[int, Findings]]:
        """Return what was measured since the last time; wait for something, at most so many seconds."""
        for answer in self._executor.wait(wait) if self._executor is not None and self._running else ():
            for running in self._running:
                piece = running.pieces.pop(answer.token, None)
                if piece is not None:
                    self._note(running, piece, answer)
                    found = self._findings(running).variants
                    which = next(at for at, one in enumerate(running.programs) if one is piece.program)
                    running.listen(found, which, running.places[piece.stage.trials[0].label])
        self._send()
        done = [running for running in self._running if running.done]
        self._running = [running for running in self._running if running not in done]
        return [(running.index, self._findings(running)) for running in done]

    def renew(self, train: Stage) -> None:
        """Measure on these training games from now on."""
        self._train = train

    def close(self) -> None:
        """Give up what is being measured."""
        if self._executor is not None:
            self._executor.close()
        self._executor, self._running = None, []

    def _send(self) -> None:
        """Begin as many measurements as there are workers; what no seconds are left for is not reached."""
        assert self._executor is not None or not self._running
        for running in self._running:
            while running.todo and len(running.pieces) < (self._executor.workers if self._executor else 0):
                place, program = running.todo.pop(0)
                if program.reason:  # it failed in a game before
                    continue
                # Whoever takes long takes at most an equal part from those that follow in this game.
                beside = 1 + sum(other == place for other, _ in running.todo)
                seconds = running.purse.take(max(running.purse.left / beside, LEAST_SECONDS))
                if seconds < LEAST_SECONDS:
                    running.purse.settle(seconds, 0.0)
                    program.unreached.append(running.places[running.stage.trials[place].label])
                    continue
                stage = _alone(running.stage, place).model_copy(update={"seconds": seconds, "patience": FAR})
                token = new_token()
                running.pieces[token] = _Piece(program, place, stage, seconds)
                assert self._executor is not None
                self._executor.submit(
                    Task(
                        token=token,
                        domain=self._domain.name,
                        source=program.source,
                        stages=(stage,),
                        tier=self._tier,
                    )
                )

    def _note(self, running: _Running, piece: _Piece, answer: Report | Lost) -> None:
        program, number = piece.program, running.places[piece.stage.trials[0].label]
        if isinstance(answer, Lost):
            running.purse.settle(piece.seconds, 0.0)
            program.reason = f"in game {number}: not measured: {answer.reason}"
            return
        stage = answer.stages[-1]
        used = min(stage.cpu_seconds, piece.seconds)
        running.purse.settle(piece.seconds, used)
        running.used += used
        if stage.status is not Status.OK:
            program.reason = f"in game {number}: {_why(stage)}"
            return
        program.scores += stage.scores
        if program.name == CURRENT:
            self._known.keep(program.source, _alone(running.stage, piece.place), answer)

    def _findings(self, running: _Running) -> Findings:
        found = tuple(_variant(program, running.places, self._domain) for program in running.programs)
        return Findings(found, running.used)


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
    if most is not None:
        trials = [domain.shortened(trial, most) for trial in trials]
    return train.model_copy(update={"trials": tuple(trials), "references": {}, "seconds": seconds})


def _alone(stage: Stage, place: int) -> Stage:
    """Return a stage of one trial alone."""
    return stage.model_copy(update={"trials": (stage.trials[place],)})


def _why(stage: StageReport) -> str:
    return f"{stage.status.value.replace('_', ' ')}: {stage.reason or ''}"


def _variant(program: _Program, places: dict[str, int], domain: Domain) -> Variant:
    told = [score for score in program.scores if score.metric not in domain.untold]
    metrics = dict.fromkeys(score.metric for score in told if score.iteration is not None)
    curves = {
        metric: {places[game]: curve for game, curve in curves_of(told, metric).items()} for metric in metrics
    }
    return Variant(
        program.name, curves.pop(domain.metric, {}), curves, program.reason, tuple(program.unreached)
    )


def measure_variants(
    domain: Domain,
    train: Stage,
    executor: Executor,
    variants: Sequence[str],
    current: str,
    *,
    games: Iterable[int] = (),
    iterations: int | None = None,
    seconds: float | Purse = 20.0,
    tier: str = "strict",
    known: Known | None = None,
    listen: Listen = lambda variants, which, place: None,
) -> Findings:
    """Measure variants of a program on training games, and return when it is done.

    Parameters
    ----------
    games
        Places in the list of training games, from 1; none: all of them.
    iterations
        At most so many; None: as many as in training.
    seconds
        Processor time for all of it, or who keeps the books of it.
    known
        Remembers what the current program reached.
    listen
        Told when something is measured, see `ConfinedLaboratory.begin_with`.
    """
    laboratory = ConfinedLaboratory(domain, train, lambda: executor, tier=tier, known=known)
    purse = Seconds(seconds) if isinstance(seconds, int | float) else seconds
    laboratory.begin_with(0, Experiment(tuple(variants), tuple(games), iterations), current, purse, listen)
    while not (done := laboratory.take(wait=1.0)):
        pass
    return done[0][1]
