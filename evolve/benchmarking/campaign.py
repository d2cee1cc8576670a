"""Measuring a benchmark: what the archive holds is taken from there, the rest is measured and stored."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from nashforge.archive import Archive, Evaluation, Program, Status
from nashforge.evolve.benchmarking.plan import Case, stage_of
from nashforge.evolve.domains.base import Domain
from nashforge.evolve.executors.base import Executor
from nashforge.evolve.measurement.measurer import Job, Measurer
from nashforge.evolve.measurement.program_results import ProgramResult, measured_in, remembered
from nashforge.evolve.measurement.programs import NamedProgram, playable, store

FAULTS = (Status.REJECTED, Status.CRASHED, Status.TIMEOUT, Status.MEMORY, Status.INVALID_OUTPUT)
"""Failures that are the program's own: repeating them would tell nothing new."""

Key = tuple[str, Case]
"""Label of a program, and a case."""


@dataclass(frozen=True)
class Step:
    """One measurement that was made.

    Attributes
    ----------
    done, total : int
        Measurements made now, and to be made.
    left : float
        About how many seconds the others take.
    """

    measured: ProgramResult
    case: Case
    done: int
    total: int
    left: float


class Campaign:
    """Programs on the cases of a benchmark.

    Parameters
    ----------
    archive
        Where measurements are kept.
    domain
        Of all the programs.
    programs
        Whom to measure; rules and files are added to the archive.
    cases
        What they play, in this order: all programs play a case before the next begins.
    """

    def __init__(
        self, archive: Archive, domain: Domain, programs: Sequence[NamedProgram], cases: Sequence[Case]
    ) -> None:
        self._archive, self._domain, self._cases = archive, domain, tuple(cases)
        self._programs: dict[str, Program] = {}
        for named in programs:
            self._programs.setdefault(named.label, store(archive, playable(named)))
        self.results: dict[Key, ProgramResult] = {}

    @property
    def missing(self) -> list[Key]:
        """The programs and cases without a result, in the order in which it is measured."""
        wanted = ((label, case) for case in self._cases for label in self._programs)
        return [key for key in wanted if key not in self.results]

    def recall(self) -> None:
        """Take from the archive what was measured here before, also failures that are a program's own."""
        for label, program in self._programs.items():
            rows = self._archive.evaluations.find(program=program, imported=False)
            fine = [row for row in rows if row.status is Status.OK]
            for case in self._cases:
                known = remembered(self._domain, label, program, case.trial, fine)
                known = known or self._fault(label, program, case, rows)
                if known is not None:
                    self.results[label, case] = known

    def _fault(
        self, label: str, program: Program, case: Case, rows: Sequence[Evaluation]
    ) -> ProgramResult | None:
        digest = None
        for row in reversed(rows):
            if row.status not in FAULTS or row.evaluator != self._domain.evaluator:
                continue
            digest = digest or stage_of(self._domain, case).digest
            if row.suite_digest == digest:
                return replace(measured_in(self._domain, label, program, case.trial, row), fresh=False)
        return None

    def run(
        self,
        executor: Executor,
        *,
        tier: str = "strict",
        note: Callable[[str], None] = lambda text: None,
        on_measured: Callable[[Step], None] = lambda step: None,
    ) -> None:
        """Measure what is missing; after Ctrl-C, `results` holds what was finished until then.

        What the machine was to blame for stays missing.

        Raises
        ------
        KeyboardInterrupt
            On Ctrl-C.
        """
        measurer = Measurer(self._archive, self._domain, executor, tier=tier, note=note)
        wanted = self.missing
        jobs = {
            (label, case): Job(label, self._programs[label], stage_of(self._domain, case))
            for label, case in wanted
        }
        begun, cost, whole = time.monotonic(), 0.0, sum(case.cost for _, case in wanted)
        for done, ((label, case), measured) in enumerate(measurer.run(jobs), 1):
            if measured.status is not Status.INFRASTRUCTURE:
                self.results[label, case] = measured
            cost += case.cost
            left = (time.monotonic() - begun) * (whole - cost) / cost
            on_measured(Step(measured, case, done, len(wanted), left))
