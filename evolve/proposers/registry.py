"""Proposers by name: the domain's own, called ``offline``, and those of other packages.

Whatever is no such name is the name of a language model.
"""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from nashforge.plugins import PluginError, described, load

if TYPE_CHECKING:
    from nashforge.evolve.domains.base import Domain
    from nashforge.evolve.proposers.base import Proposer

OFFLINE = "offline"
"""The proposer that a domain brings with it."""

AGENT = "agent"
"""Agents that ask for work, see `nashforge.evolve.proposers.agents`."""

ENTRY_POINTS = "nashforge.proposers"
"""Group of entry points; each names a callable that takes a `Domain` and returns a `Proposer`."""


def proposer_names() -> tuple[str, ...]:
    """Return the names of all proposers that are no language models."""
    return tuple(sorted({OFFLINE, AGENT, *entry_points(group=ENTRY_POINTS).names}))


def named_proposer(name: str, domain: Domain) -> Proposer | None:
    """Return a proposer for the programs of a domain; None if the domain has none of its own.

    Raises
    ------
    PluginError
        If that of another package cannot be loaded, or if two packages have one of this name.
    """
    if name == OFFLINE:
        return domain.proposer()
    entry, *others = entry_points(group=ENTRY_POINTS, name=name)
    if others:
        both = " and ".join(described(one) for one in (entry, *others))
        raise PluginError(f"there are {both}: uninstall one of the packages, or rename its proposer")
    made: Proposer = load(entry)(domain)
    return made
