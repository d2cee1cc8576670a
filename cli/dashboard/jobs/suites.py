"""The suites that programs of a domain can be measured on from a page: those of the package, by name."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from nashforge.evolve.domains import domain
from nashforge.evolve.measurement.suites import all_suites, find_suite
from nashforge.games.errors import GameError


@dataclass(frozen=True)
class Choice:
    """A suite to choose.

    Attributes
    ----------
    held_out : bool
        Whether it is for a last test: every measurement on it is counted as a look.
    """

    name: str
    purpose: str
    held_out: bool


@cache
def suites_of(domain_name: str) -> tuple[Choice, ...]:
    """Return the suites that a domain's programs can be measured on, that of training first.

    Raises
    ------
    nashforge.evolve.domains.UnknownDomainError
        If the domain is not installed here.
    """
    work = domain(domain_name)
    tests = {work.suites["test"]} - {work.suites["train"]}
    if work.benchmark is not None:
        tests.add(work.benchmark.suites["test"])
    try:
        kind = find_suite(work.suites["train"]).kind
    except GameError:  # of another package: only what its domain names is known
        return tuple(Choice(name, "", name in tests) for name in dict.fromkeys(work.suites.values()))
    found = [one for one in all_suites() if one.kind == kind and one.domain in (None, domain_name)]
    own = work.suites
    found.sort(key=lambda one: (one.name != own["train"], one.name not in own.values(), one.name))
    return tuple(
        Choice(one.name, one.purpose, one.name in tests or one.name.endswith("-test")) for one in found
    )
