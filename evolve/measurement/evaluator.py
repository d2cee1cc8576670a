"""Measure programs in games on request, each game on its own, and keep every measurement."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from nashforge.archive import Archive, Evaluation, Program, Status
from nashforge.evolve.domains.base import Domain
from nashforge.evolve.evaluation.fitness import best_of, fitness_of, joined, reference_programs
from nashforge.evolve.evaluation.messages import Fitness, Stage, Trial
from nashforge.evolve.executors.base import Executor
from nashforge.evolve.measurement.measurer import Job, Measurer
from nashforge.evolve.measurement.program_results import ProgramResult, remembered
from nashforge.evolve.measurement.programs import NamedProgram, playable, store
from nashforge.evolve.search.references import floors

_Job: TypeAlias = tuple[str, Program, Trial]


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
    needed
        Metrics without which a stored measurement is of no use; older ones know less.
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
        needed: Sequence[str] = (),
    ) -> None:
        self._archive, self._domain, self._stage, self._needed = archive, domain, stage, needed
        self._measurer = Measurer(archive, domain, executor, tier=tier, note=note)
        self._rows: dict[str, list[Evaluation]] = {}
        self._floors = floors(domain, stage)

    def measure(
        self,
        programs: Sequence[NamedProgram],
        *,
        reference: str | None = None,
        reuse: bool = False,
        on_measured: Callable[[ProgramResult, int, int], None] | None = None,
        on_begin: Callable[[int, Sequence[str]], None] | None = None,
    ) -> list[ProgramResult]:
        """Measure every program in every game.

        Parameters
        ----------
        programs
            What to measure; rules and files are added to the archive first, and translations of programs of
            an earlier interface, which are measured in their place.
        reference
            What fitness is relative to, see `Fitness.reference`: library programs, which are measured first
            where the archive does not know their values. None: no fitness.
        reuse
            Whether values that the archive holds for the same game and iterations are taken from there.
        on_measured
            Called after every measurement with it, the number of those done, and of all.
        on_begin
            Called before the first, if there is any, with their number and the names of those references that
            are not among the programs.

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
        self._rows.clear()
        if reuse:
            known = (self._known(*job) for job in wanted)
            done = {_key(measured): measured for measured in known if measured is not None}
        by_program, first = self._references(reference)
        references = best_of(by_program.values())
        first = [job for job in first if (job[1].hash, job[2].label) not in done]
        ahead = {(program.hash, trial.label) for _, program, trial in first}
        others = {
            (program.hash, trial.label): (label, program, trial)
            for label, program, trial in wanted
            if (program.hash, trial.label) not in ahead | done.keys()
        }
        total, count = len(first) + len(others), 0
        if total and on_begin is not None:
            named = {label for label, _, _ in wanted}
            on_begin(total, [label for label in dict.fromkeys(job[0] for job in first) if label not in named])

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
                    if measured.program.hash in by_program and measured.value is not None:
                        by_program[measured.program.hash][measured.game] = measured.value
                references.update(best_of(by_program.values()))
        except KeyboardInterrupt as stop:
            raise Interrupted(rows(), total - count) from stop
        return rows()

    def _references(self, reference: str | None) -> tuple[dict[str, dict[str, float]], list[_Job]]:
        """Return what the archive knows of the references' values, by program, and what is to be measured."""
        if reference is None or self._stage.fitness.kind != "log_ratio":
            return {}, []
        values: dict[str, dict[str, float]] = {}
        missing: list[_Job] = []
        for name in reference_programs(reference, self._domain.baselines()):
            program = self._archive.programs.add(self._domain.source(name), self._domain.name)
            values[program.hash] = {}
            for trial in self._stage.trials:
                known = self._known(name, program, trial)
                if known is not None and known.value is not None:
                    values[program.hash][trial.label] = known.value
                else:
                    missing.append((name, program, trial))
        return values, missing

    def _known(self, label: str, program: Program, trial: Trial) -> ProgramResult | None:
        """Return the newest measurement of a program in a game that was made here, whoever asked for it."""
        if program.hash not in self._rows:  # read once, not once a game
            found = self._archive.evaluations.find(program=program, status=[Status.OK], imported=False)
            self._rows[program.hash] = found
        rows = self._rows[program.hash]
        asked = self._stage.fitness.strategic
        if asked is not None:  # what is measured on request is known only from the same request
            wanted = asked.model_dump(mode="json")
            rows = [row for row in rows if (row.settings.get("fitness") or {}).get("strategic") == wanted]
        if self._needed:
            rows = [row for row in rows if {score.metric for score in row.scores}.issuperset(self._needed)]
        return remembered(self._domain, label, program, trial, rows)

    def _run(self, jobs: Sequence[_Job], references: Mapping[str, float]) -> Iterator[ProgramResult]:
        """Measure, store and yield in the order of finishing."""
        alone = {
            place: Job(label, program, self._alone(trial, references))
            for place, (label, program, trial) in enumerate(jobs)
        }
        for _, measured in self._measurer.run(alone):
            yield self._judged(measured, references)

    def _alone(self, trial: Trial, references: Mapping[str, float]) -> Stage:
        """Return the stage of one game."""
        known = {label: value for label, value in references.items() if label == trial.label}
        more = {"references": known, "floors": self._floors}
        return self._stage.model_copy(update={"trials": (trial,), **more})

    def _judged(self, measured: ProgramResult, references: Mapping[str, float]) -> ProgramResult:
        reference = references.get(measured.game)
        if measured.value is None:
            return replace(measured, reference_value=reference)
        fitness = None
        if reference is not None or self._stage.fitness.kind != "log_ratio":
            values = {measured.game: measured.value}
            known = {} if reference is None else {measured.game: reference}
            fitness = fitness_of(self._stage.fitness, values, known, measured.scores, self._floors)
        return replace(measured, fitness=fitness, reference_value=reference)


def mean_fitness(measurements: Iterable[ProgramResult]) -> float | None:
    """Return the mean fitness over several games, or None unless it is defined in each of them."""
    values = [measured.fitness for measured in measurements]
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known and len(known) == len(values) else None


def suite_fitness(fitness: Fitness, measurements: Iterable[ProgramResult]) -> float | None:
    """Return the fitness of a program over several games, or None unless it is defined in each of them."""
    rows = list(measurements)
    known = [measured.fitness for measured in rows if measured.fitness is not None]
    if not known or len(known) < len(rows):
        return None
    if fitness.objective is None:
        return joined(fitness, known)
    # An objective need not be a mean: the worst game may count.
    return fitness_of(fitness, {}, {}, [score for measured in rows for score in measured.scores])


def _key(measured: ProgramResult) -> tuple[str, str]:
    return measured.program.hash, measured.game
