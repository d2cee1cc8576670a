"""Measure single programs in single games, in any order, and keep every measurement."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import NamedTuple, TypeVar

from nashforge.archive import Archive, Evaluation, NewEvaluation, Program, Status
from nashforge.evolve.domains.base import Domain
from nashforge.evolve.evaluation.messages import Report, Stage, Trial
from nashforge.evolve.executors.base import Executor, Lost
from nashforge.evolve.executors.dispatcher import Dispatcher
from nashforge.evolve.measurement.program_results import ProgramResult, measured_in
from nashforge.evolve.search.measured.outcomes import settings_of, stored

Key = TypeVar("Key", bound=Hashable)

AHEAD = 4
"""So many measurements for each worker are on their way at most."""


class Job(NamedTuple):
    """One program in one game.

    Attributes
    ----------
    label : str
        What the program is called.
    stage : Stage
        Of one trial.
    """

    label: str
    program: Program
    stage: Stage

    @property
    def trial(self) -> Trial:
        """The game, and how long it is played."""
        [trial] = self.stage.trials
        return trial


class Measurer:
    """Measures programs of one domain; each measurement is a stage of its own, and a row of the archive.

    So an interruption loses only what is under way.

    Parameters
    ----------
    archive
        Where measurements are stored, each as a new row.
    domain
        Of all the programs.
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
        executor: Executor,
        *,
        tier: str = "strict",
        note: Callable[[str], None] = lambda text: None,
    ) -> None:
        self._archive, self._domain, self._executor = archive, domain, executor
        self._dispatcher = Dispatcher(executor, domain.name, tier, tick=lambda: None, note=note)

    def run(self, jobs: Mapping[Key, Job]) -> Iterator[tuple[Key, ProgramResult]]:
        """Measure, store and yield in the order of finishing; they begin in the order given."""
        unsent, waiting = iter(jobs.items()), dict[str, Key]()
        while True:
            # A few ahead, so that no worker is idle; thousands would only be a burden to a queue.
            room = max(AHEAD * self._executor.workers - len(waiting), 0)
            for key, job in islice(unsent, room):
                waiting[self._dispatcher.send(job.program.source, (job.stage,))] = key
            if not waiting:
                return
            for answer in self._dispatcher.wait():
                key = waiting.pop(answer.token)
                yield key, self._stored(jobs[key], answer)

    def _stored(self, job: Job, answer: Report | Lost) -> ProgramResult:
        stage = job.stage
        settings = settings_of(stage)
        if isinstance(answer, Lost):
            row = NewEvaluation(
                program=job.program.hash,
                suite=stage.suite,
                suite_digest=stage.digest,
                evaluator=self._domain.evaluator,
                status=Status.INFRASTRUCTURE,
                reason=answer.reason,
                settings=settings,
            )
        else:
            # Made on request: such a row belongs to no split of a run.
            row = replace(stored(answer, answer.stages[0], job.program.hash, settings), split=None)
        evaluation: Evaluation = self._archive.evaluations.add(row)
        return measured_in(self._domain, job.label, job.program, job.trial, evaluation)
