"""The auditor: all probes of a program, the verdict, and where it is kept."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nashforge.archive import Archive
from nashforge.archive.stores.agents.verdicts import AuditRecord, Verdict
from nashforge.evolve.diagnosis.audit.branches import Told, telling
from nashforge.evolve.diagnosis.audit.changes import Changes, Table
from nashforge.evolve.diagnosis.audit.critics import Critics
from nashforge.evolve.diagnosis.audit.findings import VERSION, Finding, ordered, verdict_of
from nashforge.evolve.diagnosis.audit.reading import read
from nashforge.evolve.diagnosis.audit.tree import Code
from nashforge.evolve.domains import domain as domain_of_name
from nashforge.evolve.domains.base import Domain
from nashforge.evolve.executors.base import Executor
from nashforge.evolve.executors.dispatcher import Dispatcher
from nashforge.evolve.measurement.programs import NamedProgram, playable, store
from nashforge.evolve.sandbox.program import host_imports

if TYPE_CHECKING:
    from nashforge.evolve.config.model_names import Model
    from nashforge.evolve.proposers.llm.prices import Price

PROBES, PERSON = "probes", "a person"
"""Who judged, where no model did."""


@dataclass(frozen=True)
class Audit:
    """The outcome of an audit.

    Attributes
    ----------
    label : str
        What the program is called.
    program : str
        Its hash.
    findings : tuple of Finding
        The worst first.
    record : AuditRecord
        What is stored.
    """

    label: str
    program: str
    findings: tuple[Finding, ...]
    record: AuditRecord

    @property
    def verdict(self) -> Verdict:
        """The verdict."""
        return self.record.verdict


class Auditor:
    """Audits programs of one domain.

    Parameters
    ----------
    archive
        Where verdicts are stored, and references are remembered.
    domain
        Of all the programs.
    executor
        Where they are played.
    tier
        Weakest sandbox tier to accept.
    suite
        Games to audit on; None: those that the domain trains on.
    critics
        Models that judge besides; None: the probes alone do.
    play
        Whether programs are played; else only their sources are read.
    tick, note
        See `nashforge.evolve.executors.dispatcher.Dispatcher`.
    """

    def __init__(
        self,
        archive: Archive,
        domain: Domain,
        executor: Executor,
        *,
        tier: str = "strict",
        suite: str | None = None,
        critics: Critics | None = None,
        play: bool = True,
        tick: Callable[[], None] = lambda: None,
        note: Callable[[str], None] = lambda text: None,
    ) -> None:
        self._archive, self._domain, self._play = archive, domain, play
        self._critics = critics
        auditing = domain.auditing
        auditing.suite = suite or auditing.suite
        self._table = Table(domain, auditing)
        self._numbers = auditing.numbers(self._table.variants[0].trials)
        self._interfaces = [one for host in domain.host_modules for one in host_imports(host)]
        dispatcher = Dispatcher(executor, domain.name, tier, tick, note)
        self._changes = Changes(archive, self._table, dispatcher)

    def audit(self, named: NamedProgram) -> Audit:
        """Audit a program, and store the verdict; rules and files are added to the archive first."""
        named = playable(named)
        program = store(self._archive, named)
        found = self.findings(named.source)
        verdict, by = verdict_of(found), PROBES
        if self._critics is not None:
            verdict, opinions, by = self._critics.judge(program, ordered(found))
            found += opinions
        findings = ordered(found)
        record = self._archive.verdicts.add(
            program,
            verdict,
            by=by,
            version=VERSION,
            findings=[one.as_dict() for one in findings],
        )
        return Audit(named.label, program.hash, tuple(findings), record)

    def findings(self, source: str) -> list[Finding]:
        """Return what the probes find in a program; nothing is stored of it."""
        told: Told | None = None
        denied: Collection[str] = ()
        try:
            code = Code(source)
            denied = code.denied
            found = read(code, self._interfaces, self._numbers)
            told = _told(code)
        except SyntaxError as error:
            return [Finding("source", "note", f"it is no program: {error.msg}")]
        except (RecursionError, MemoryError):
            found = [Finding("source", "suspicious", "it is nested too deeply to be read")]
        if self._play:
            found += self._changes.findings(source, told, denied)
        return found


def _told(code: Code) -> Told | None:
    try:
        return telling(code.tree, f"told{secrets.token_hex(8)}")
    except ValueError:  # it holds a number with so many digits that Python does not write it
        return None


def audits(
    archive: Archive,
    programs: Sequence[NamedProgram],
    executor: Executor,
    *,
    tier: str = "strict",
    play: bool = True,
    suite: str | None = None,
    critics: Sequence[tuple[Model, Price]] = (),
    budget: float | None = None,
) -> Iterator[Audit]:
    """Yield the audits of programs, of any domains, as they are made.

    Parameters
    ----------
    tier, play, suite
        See `Auditor`.
    critics, budget
        Models that judge, too, and what may be spent on those of each domain; see `Critics`.
    """
    with ExitStack() as stack:
        by_domain: dict[str, Auditor] = {}
        for named in programs:
            if named.domain not in by_domain:
                work = domain_of_name(named.domain)
                models = Critics(archive, work, critics, budget) if critics else None
                if models is not None:
                    stack.callback(models.close)
                by_domain[named.domain] = Auditor(
                    archive, work, executor, tier=tier, suite=suite, play=play, critics=models
                )
            yield by_domain[named.domain].audit(named)


def cleared(archive: Archive, programs: Sequence[NamedProgram], why: str) -> Iterator[Audit]:
    """Yield audits by a person, who calls programs clean; what was found before is kept beside."""
    for named in programs:
        program = store(archive, named)
        finding = Finding(PERSON, "note", why)
        record = archive.verdicts.add(
            program, Verdict.CLEAN, by=PERSON, version=VERSION, findings=[finding.as_dict()]
        )
        yield Audit(named.label, program.hash, (finding,), record)
