"""The kinds of programs that can be evolved. Others may add theirs through the entry point group below."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from nashforge.errors import NashforgeError
from nashforge.games.naming import choice
from nashforge.plugins import load

if TYPE_CHECKING:
    from nashforge.evolve.domains.base import Domain

ENTRY_POINTS = "nashforge.domains"
"""Group of entry points; each names a callable without arguments that returns a `Domain`."""

_BUILT_IN = {
    "cfr": ("nashforge.evolve.domains.cfr", "CFRDomain"),
    "cleanup": ("nashforge.evolve.domains.dilemmas.cleanup", "CleanupDomain"),
    "gathering": ("nashforge.evolve.domains.dilemmas.gathering", "GatheringDomain"),
    "mfg": ("nashforge.evolve.domains.mfg", "MFGDomain"),
    "psro": ("nashforge.evolve.domains.psro", "PSRODomain"),
    "rqe": ("nashforge.evolve.domains.rqe", "RQEDomain"),
    "rrps": ("nashforge.evolve.domains.rrps.domain", "RRPSDomain"),
}
"""Module and class of the library's own domains, which are imported when they are first used."""


class UnknownDomainError(NashforgeError, ValueError):
    """No domain has the name that was given."""

    exit_code = 2


def domain_names() -> tuple[str, ...]:
    """Return the names of all domains, installed ones included."""
    return tuple(sorted({*_BUILT_IN, *entry_points(group=ENTRY_POINTS).names}))


@cache
def domain(name: str) -> Domain:
    """Return a domain by name.

    Raises
    ------
    UnknownDomainError
        If there is none of that name.
    nashforge.evolve.domains.checks.DomainError
        If an installed one lacks something.
    nashforge.plugins.PluginError
        If it cannot be loaded.
    """
    if name in _BUILT_IN:
        module, kind = _BUILT_IN[name]
        own: Domain = getattr(import_module(module), kind)()
        return own
    for entry in entry_points(group=ENTRY_POINTS, name=name):
        from nashforge.evolve.domains.checks import complete

        return complete(_made(load(entry), name), name)
    raise UnknownDomainError(f"there is no domain {name!r}; {choice(name, domain_names())}")


def _made(make: Callable[[], object], name: str) -> object:
    """Return what an entry point makes; a method that is still to be written is told as such."""
    try:
        return make()
    except TypeError as error:
        if "abstract" not in str(error):
            raise
        from nashforge.evolve.domains.checks import DomainError

        raise DomainError(
            f"the domain {name!r} is not finished: {error}; see docs/howto-domain.md"
        ) from error
