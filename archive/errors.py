"""Errors of the archive: each one sentence that says what happened and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from nashforge.errors import NashforgeError


class ArchiveError(NashforgeError):
    """Anything that went wrong with the archive. Its text is one sentence and a remedy."""


class ArchiveNotFound(ArchiveError):
    """There is no database at the given place, and none was to be created."""

    exit_code = 2


class NotAnArchive(ArchiveError):
    """The database holds something else, is damaged, or is of a kind that is not supported."""

    exit_code = 2


class SchemaMismatch(ArchiveError):
    """The database was made by another version of Nashforge; an older one can be upgraded."""


class DatabaseUnavailable(ArchiveError):
    """The database cannot be reached, opened, read or written."""


class DatabaseBusy(ArchiveError):
    """Another process held the database for longer than the busy timeout, or won a deadlock."""


class DiskFull(ArchiveError):
    """There is no room to write. The transaction was rolled back; nothing finished is lost."""


class NotFound(ArchiveError):
    """No run, program, candidate or evaluation has this name.

    Attributes
    ----------
    near : tuple of str
        Names that are like it.
    """

    exit_code = 2

    def __init__(self, message: str, near: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.near = tuple(near)


class AmbiguousReference(ArchiveError):
    """A prefix fits several runs or programs, of which the text names at most ten."""

    exit_code = 2


class NicknameTaken(ArchiveError):
    """The name asked for belongs to another run."""

    exit_code = 2


class Conflict(ArchiveError):
    """The write contradicts what is stored (an index used twice, a candidate in the wrong state)."""


class ArchiveMoved(DatabaseUnavailable):
    """The file of the database was deleted, moved or replaced while it was in use."""


class RunBusy(ArchiveError):
    """Another live process works on the run."""

    @classmethod
    def of(cls, run: str, holder: str | None, stale_after: float = 60.0) -> Self:
        """Return the error that says who works on a run, and what to do."""
        return cls(
            f"the run {run} is being worked on by {holder}; stop that first with `nashforge stop {run}`, "
            f"or wait {stale_after:.0f} s after it died"
        )


class BudgetExceeded(ArchiveError):
    """A reservation would take a run's spending over its cap."""


class TokensExceeded(BudgetExceeded):
    """A reservation would take a run over its cap of tokens."""


class DamagedExport(ArchiveError):
    """An export file is truncated, altered or not an export."""
