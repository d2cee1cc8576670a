"""The kinds of programs that can be evolved. Others may add theirs through the entry point group below."""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evolve.domains.base import Domain

ENTRY_POINTS = "nashforge.domains"
"""Group of entry points; each names a callable without arguments that returns a `Domain`."""


class UnknownDomainError(ValueError):
    """No domain has the name that was given."""


def domain_names() -> tuple[str, ...]:
    """Return the names of all domains, installed ones included."""
    return tuple(sorted({"cfr", *entry_points(group=ENTRY_POINTS).names}))


@cache
def domain(name: str) -> Domain:
    """Return a domain by name.

    Raises
    ------
    UnknownDomainError
        If there is none of that name.
    """
    if name == "cfr":
        from evolve.domains.cfr import CFRDomain

        return CFRDomain()
    for entry in entry_points(group=ENTRY_POINTS, name=name):
        found: Domain = entry.load()()
        return found
    raise UnknownDomainError(f"there is no domain {name!r}; choose from {', '.join(domain_names())}")
