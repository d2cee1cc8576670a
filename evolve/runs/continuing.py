"""Compatibility of a run with this version: its numbers and those to come must be of one evaluator."""

from __future__ import annotations

from nashforge.archive import Archive, Run
from nashforge.evolve.config.settings import ConfigError
from nashforge.evolve.domains import domain
from nashforge.evolve.domains.base import Domain
from nashforge.evolve.domains.translation import is_outdated


class OutdatedRunError(ConfigError):
    """A run was measured by another evaluator than that of this version."""


def check_continuable(archive: Archive, run: Run, work: Domain | None = None) -> None:
    """Make sure that what a run would measure from now on can be compared with what it has measured.

    A run of an earlier version has fitnesses, a population and references of the evaluator of that time, and
    maybe programs of another interface. To continue would mix measurements that are not comparable; all of it
    stays readable, and its programs can be measured anew.

    Parameters
    ----------
    work
        The run's domain; by default the one that is installed by its name.

    Raises
    ------
    OutdatedRunError
        If it cannot; the message says what can be done instead.
    nashforge.evolve.domains.UnknownDomainError
        If the domain is not installed.
    """
    work = work or domain(run.domain)
    measured = archive.evaluations.evaluators(run)
    # A run that has measured nothing yet may hold programs that today's engine cannot run.
    old = not measured and any(is_outdated(program) for program in archive.programs.of(run).values())
    others = sorted(measured - {work.evaluator})
    if not (others or old):
        return
    by = f"measured by the evaluator {' and '.join(others)}" if others else "begun with another interface"
    raise OutdatedRunError(
        f"the run {run.nickname} was {by}, and this version measures by {work.evaluator}: their numbers are "
        "not mixed, so it is not continued. It can still be read "
        f"(`nashforge best {run.nickname}`), and its programs measured anew "
        f"(`nashforge compare PROGRAM {work.seed}`); to search on, start a new run"
    )
