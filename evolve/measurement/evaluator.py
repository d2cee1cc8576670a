"""Measure programs in games on request, each game on its own, and keep every measurement."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from nashforge.archive import Archive, Evaluation, NewEvaluation, Program, Status
from nashforge.archive.records import Score
from nashforge.evolve.domains.base import Domain
from nashforge.evolve.evaluation.messages import Fitness, Report, Stage, Trial
from nashforge.evolve.evaluation.metrics import AVERAGED, ELAPSED, SECONDS
from nashforge.evolve.evaluation.objectives import final_scores
from nashforge.evolve.evaluation.stages import fitness_of
from nashforge.evolve.executors.base import Executor, Lost
from nashforge.evolve.executors.dispatcher import Dispatcher
from nashforge.evolve.measurement.programs import NamedProgram, playable, store
from nashforge.evolve.search.outcomes import identity_in, settings_of, stored

Curve: TypeAlias = tuple[tuple[int, float], ...]
_Job: TypeAlias = tuple[str, Program, Trial]


@dataclass(frozen=True)
class ProgramResult:
    """The outcome of one program in one game.

    Attributes
    ----------
    label : str
        What the program is called.
    game : str
        Label of the trial.
    value : float or None
        The metric after the last iteration; None for a failure, whose ``reason`` says why.
    curve : tuple of (int, float)
        Iterations and values at the checkpoints.
    times : tuple of float
        Seconds until each checkpoint; where the domain does not measure them, the time of the whole game in
        proportion to the iterations. Empty if no time is known.
    scores : tuple of Score
        The last value of every metric in this game.
    fitness : float or None
        Of this game alone, relative to ``reference_value``; that of a suite is `suite_fitness`.
    averaged : bool or None
        False where a rule had given no policy a weight, so that uniform play was measured; None: the domain
        does not tell.
    fresh : bool
        Whether it was measured now, or taken from the archive.
    """

    label: str
    program: Program
    game: str
    iterations: int
    metric: str
    status: Status
    value: float | None
    curve: Curve
    times: tuple[float, ...] = ()
    scores: tuple[Score, ...] = ()
    reason: str | None = None
    fitness: float | None = None
    reference_value: float | None = None
    seconds: float | None = None
    tier: str | None = None
    averaged: bool | None = None
    fresh: bool = True


class Interrupted(KeyboardInterrupt):
    """Ctrl-C while programs were measured.

    Attributes
    ----------
    rows : list of ProgramResult
        What was measured until then, and is stored: by program, then by game.
    missing : int
        Number of measurements that were not made.
    """

    def __init__(self, rows: list[ProgramResult], missing: int) -> None:
        super().__init__()
        self.rows, self.missing = rows, missing


class Evaluator:
    """Measures programs of one domain on the games of one stage.

    Parameters
    ----------
    archive
        Where measurements are stored, each as a new row.
    domain
        Of all the programs.
    stage
        The games, iterations and the kind of fitness.
    executor
        Where programs run.
    tier
        Weakest sandbox tier to accept.
    note
        Called with a text when a machine loses a measurement, which is then tried again.
    """

    def __init__(
        self,
        archive: Archive,
        domain: Domain,
        stage: Stage,
        executor: Executor,
        *,
        tier: str = "strict",
        note: Callable[[str], None] = lambda text: None,
    ) -> None:
        self._archive, self._domain, self._stage = archive, domain, stage
        self._dispatcher = Dispatcher(executor, domain.name, tier, tick=lambda: None, note=note)

    def measure(
        self,
        programs: Sequence[NamedProgram],
        *,
        reference: str | None = None,
        reuse: bool = False,
        on_measured: Callable[[ProgramResult, int, int], None] | None = None,
    ) -> list[ProgramResult]:
        """Measure every program in every game.

        Parameters
        ----------
        programs
            What to measure; rules and files are added to the archive first, and translations of programs of
            an earlier interface, which are measured in their place.
        reference
            Library program that fitness is relative to; it is measured first where the archive does not know
            its values. None: no fitness.
        reuse
            Whether values that the archive holds for the same game and iterations are taken from there.
        on_measured
            Called after every measurement with it, the number of those done, and of all.

        Returns
        -------
        list of ProgramResult
            By program, then by game.

        Raises
        ------
        Interrupted
            On Ctrl-C.
        """
        wanted = [
            (named.label, program, trial)
            for named in programs
            for program in [store(self._archive, playable(named))]
            for trial in self._stage.trials
        ]
        done: dict[tuple[str, str], ProgramResult] = {}
        if reuse:
            known = (self._known(*job) for job in wanted)
            done = {_key(measured): measured for measured in known if measured is not None}
        references, first = self._references(reference)
        first = [job for job in first if (job[1].hash, job[2].label) not in done]
        ahead = {(program.hash, trial.label) for _, program, trial in first}
        others = {
            (program.hash, trial.label): (label, program, trial)
            for label, program, trial in wanted
            if (program.hash, trial.label) not in ahead | done.keys()
        }
        total, count = len(first) + len(others), 0

        def rows() -> list[ProgramResult]:
            return [
                self._judged(replace(done[program.hash, trial.label], label=label), references)
                for label, program, trial in wanted
                if (program.hash, trial.label) in done
            ]

        # The reference goes first, so that what others are compared with is there when they come in.
        try:
            for batch in (first, list(others.values())):
                for measured in self._run(batch, references):
                    done[_key(measured)] = measured
                    count += 1
                    if on_measured is not None:
                        on_measured(measured, count, total)
                for measured in done.values():
                    if first and measured.program.hash == first[0][1].hash and measured.value is not None:
                        references[measured.game] = measured.value
        except KeyboardInterrupt as stop:
            raise Interrupted(rows(), total - count) from stop
        return rows()

    def _references(self, reference: str | None) -> tuple[dict[str, float], list[_Job]]:
        """Return what the archive knows of the reference's values, and what is to be measured."""
        if reference is None or self._stage.fitness.kind != "log_ratio":
            return {}, []
        program = self._archive.programs.add(self._domain.source(reference), self._domain.name)
        values: dict[str, float] = {}
        missing: list[_Job] = []
        for trial in self._stage.trials:
            known = self._known(reference, program, trial)
            if known is not None and known.value is not None:
                values[trial.label] = known.value
            else:
                missing.append((reference, program, trial))
        return values, missing

    def _known(self, label: str, program: Program, trial: Trial) -> ProgramResult | None:
        """Return the newest measurement of a program in a game that was made here, whoever asked for it."""
        rows = self._archive.evaluations.find(program=program, status=[Status.OK], imported=False)
        asked = self._stage.fitness.strategic
        if asked is not None:  # what is measured on request is known only from the same request
            wanted = asked.model_dump(mode="json")
            rows = [row for row in rows if (row.settings.get("fitness") or {}).get("strategic") == wanted]
        return remembered(self._domain, label, program, trial, rows)

    def _run(self, jobs: Sequence[_Job], references: Mapping[str, float]) -> Iterator[ProgramResult]:
        """Measure, store and yield in the order of finishing."""
        waiting: dict[str, tuple[_Job, Stage]] = {}
        for job in jobs:
            _, program, trial = job
            stage = self._alone(trial, references)
            waiting[self._dispatcher.send(program.source, (stage,))] = (job, stage)
        while waiting:
            for answer in self._dispatcher.wait():
                yield self._stored(*waiting.pop(answer.token), answer)

    def _alone(self, trial: Trial, references: Mapping[str, float]) -> Stage:
        """Return the stage of one game."""
        known = {label: value for label, value in references.items() if label == trial.label}
        return self._stage.model_copy(update={"trials": (trial,), "references": known})

    def _stored(self, job: _Job, stage: Stage, answer: Report | Lost) -> ProgramResult:
        label, program, trial = job
        settings = settings_of(stage)
        if isinstance(answer, Lost):
            row = NewEvaluation(
                program=program.hash,
                suite=stage.suite,
                suite_digest=stage.digest,
                evaluator=self._domain.evaluator,
                status=Status.INFRASTRUCTURE,
                reason=answer.reason,
                settings=settings,
            )
        else:
            # Made on request: such a row belongs to no split of a run.
            row = replace(stored(answer, answer.stages[0], program.hash, settings), split=None)
        evaluation = self._archive.evaluations.add(row)
        return self._judged(measured_in(self._domain, label, program, trial, evaluation), stage.references)

    def _judged(self, measured: ProgramResult, references: Mapping[str, float]) -> ProgramResult:
        reference = references.get(measured.game)
        if measured.value is None:
            return replace(measured, reference_value=reference)
        fitness = None
        if reference is not None or self._stage.fitness.kind != "log_ratio":
            values = {measured.game: measured.value}
            known = {} if reference is None else {measured.game: reference}
            fitness = fitness_of(self._stage.fitness, values, known, measured.scores)
        return replace(measured, fitness=fitness, reference_value=reference)


def measured_in(
    domain: Domain, label: str, program: Program, trial: Trial, evaluation: Evaluation
) -> ProgramResult:
    """Return what an evaluation holds of one game."""
    curve = _curve(evaluation, trial.label, domain.metric)
    seconds = _seconds(evaluation, trial.label)
    averaged = all(score.metric != AVERAGED for score in evaluation.scores)
    return ProgramResult(
        label=label,
        program=program,
        game=trial.label,
        iterations=trial.iterations,
        metric=domain.metric,
        status=evaluation.status,
        value=curve[-1][1] if curve else None,
        curve=curve,
        times=_times(evaluation, trial.label, curve, seconds),
        scores=_final(evaluation, trial.label),
        reason=evaluation.reason,
        seconds=seconds,
        tier=evaluation.tier,
        averaged=averaged if curve and AVERAGED in domain.metrics else None,
    )


def remembered(
    domain: Domain, label: str, program: Program, trial: Trial, evaluations: Sequence[Evaluation]
) -> ProgramResult | None:
    """Return the newest of a program's evaluations that measured a game for exactly so long, if any did.

    Parameters
    ----------
    evaluations
        Successful ones of the program, oldest first.
    """
    for evaluation in reversed(evaluations):
        if evaluation.evaluator != domain.evaluator:
            continue
        if evaluation.settings.get("horizon") != trial.iterations:
            continue
        # What was measured under the same name, but is not known to be the same game, tells nothing.
        if identity_in(evaluation.settings, trial.label) != trial.identity:
            continue
        measured = measured_in(domain, label, program, trial, evaluation)
        if measured.curve and measured.curve[-1][0] == trial.iterations:
            return replace(measured, fresh=False)
    return None


def mean_fitness(measurements: Iterable[ProgramResult]) -> float | None:
    """Return the mean fitness over several games, or None unless it is defined in each of them."""
    values = [measured.fitness for measured in measurements]
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known and len(known) == len(values) else None


def suite_fitness(fitness: Fitness, measurements: Iterable[ProgramResult]) -> float | None:
    """Return the fitness of a program over several games, or None unless it is defined in each of them."""
    rows = list(measurements)
    mean = mean_fitness(rows)
    if mean is None or fitness.objective is None:
        return mean
    # An objective need not be a mean: the worst game may count.
    return fitness_of(fitness, {}, {}, [score for measured in rows for score in measured.scores])


def _key(measured: ProgramResult) -> tuple[str, str]:
    return measured.program.hash, measured.game


def _curve(evaluation: Evaluation, game: str, metric: str) -> Curve:
    points = [
        (score.iteration, score.value)
        for score in evaluation.scores
        if score.game == game and score.metric == metric and score.iteration is not None
    ]
    return tuple(sorted(points))


def _times(evaluation: Evaluation, game: str, curve: Curve, seconds: float | None) -> tuple[float, ...]:
    elapsed = dict(_curve(evaluation, game, ELAPSED.name))
    if curve and all(step in elapsed for step, _ in curve):
        return tuple(elapsed[step] for step, _ in curve)
    return () if seconds is None else tuple(seconds * step / curve[-1][0] for step, _ in curve)


def _final(evaluation: Evaluation, game: str) -> tuple[Score, ...]:
    """Return the last values of a game, with those of the whole evaluation, which was of this game only."""
    scores = [score._replace(game=game) for score in evaluation.scores if score.game in (game, "")]
    return tuple(
        Score(game, metric, value, direction)
        for metric, (direction, values) in final_scores(scores).items()
        for value in values.values()
    )


def _seconds(evaluation: Evaluation, game: str) -> float | None:
    return next((s.value for s in evaluation.scores if s.game == game and s.metric == SECONDS.name), None)
