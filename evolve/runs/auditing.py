"""The audit of a run's best program, with the executor of the run."""

from __future__ import annotations

from collections.abc import Callable

from nashforge.archive import Archive, Candidate
from nashforge.evolve.config.run import RunConfig
from nashforge.evolve.domains.base import Domain
from nashforge.evolve.executors.base import Executor
from nashforge.evolve.search.population.gate import Auditing


def auditing_of(
    archive: Archive, config: RunConfig, work: Domain, executor: Executor, note: Callable[[str], None]
) -> Auditing | None:
    """Return what audits the programs of a run; None: nobody asked for it."""
    if config.evaluation.audit == "off":
        return None

    def audit(candidate: Candidate, source: str, tick: Callable[[], None]) -> str | None:
        from nashforge.evolve.diagnosis.audit.auditor import Auditor
        from nashforge.evolve.diagnosis.audit.findings import sentences
        from nashforge.evolve.measurement.programs import NamedProgram

        known = archive.programs.by_hash([candidate.program or ""])
        name = candidate.nickname or ""
        named = NamedProgram(name, source, work.name, "archive", known.get(candidate.program or ""))
        auditor = Auditor(
            archive,
            work,
            executor,
            tier=config.sandbox.tier,
            suite=config.evaluation.train,
            tick=tick,
            note=note,
        )
        found = auditor.audit(named)
        return sentences(found.findings) if found.verdict.flagged else None

    return audit
