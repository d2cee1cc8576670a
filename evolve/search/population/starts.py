"""Start programs: what a run begins with, in the place of the domain's seed, and the strongest of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from nashforge.archive import Archive, Candidate, NotFound, Run
from nashforge.evolve.config.settings import ConfigError
from nashforge.evolve.config.starts import MOST_STARTS, STRONGEST, is_hash
from nashforge.evolve.domains.base import Domain
from nashforge.evolve.search.population.ranking import merit

OPERATOR = "seed"
"""The operator of a candidate that a run starts from."""


LIBRARY = "library"
"""The proposer of one that is a program of the library as it stands."""


def with_strongest(starts: Sequence[str], strongest: Iterable[str]) -> tuple[str, ...]:
    """Return start programs with the strongest of the library in the place of the word, each once."""
    several = [[*strongest] if name == STRONGEST else [name] for name in starts]
    return tuple(dict.fromkeys(name for some in several for name in some))


def source_of(archive: Archive, work: Domain, reference: str) -> tuple[str, str]:
    """Return the source of a start program, and what to call it.

    Parameters
    ----------
    reference
        A name of the library, or a hash.

    Raises
    ------
    ConfigError
        If there is no such program here.
    """
    if reference in work.baselines():
        return work.source(reference), reference
    try:
        program = archive.programs.get(reference) if is_hash(reference) else None
    except NotFound:
        program = None
    if program is None:
        raise ConfigError(
            f"the run starts from {reference!r}, which is neither in the library of {work.name} nor in "
            f"{archive.database.location}; import it there, or start a run with another --from"
        )
    return program.source, program.nickname


def starts_of(archive: Archive, run: Run) -> list[Candidate]:
    """Return the candidates that a run started from, in their order; the first where it wrote all itself."""
    first = archive.candidates.of(run, limit=MOST_STARTS)
    return [candidate for candidate in first if candidate.operator == OPERATOR] or first[:1]


def strongest(starts: Iterable[Candidate]) -> Candidate | None:
    """Return the best start program, which all that comes is compared with; the first of equals."""
    return max(starts, key=merit, default=None)
