"""The archive: programs, runs, candidates, evaluations, scores and model calls, in one database.

``Archive.open()`` gives the default database; everything else is a method of :class:`Archive` and hands out
the frozen records of :mod:`nashforge.archive.records`. Nothing here needs SQLAlchemy until an archive is
opened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nashforge.games.lazy import exports

if TYPE_CHECKING:
    from nashforge.archive.calls import CallStatus as CallStatus
    from nashforge.archive.calls import ModelCall as ModelCall
    from nashforge.archive.errors import AmbiguousReference as AmbiguousReference
    from nashforge.archive.errors import ArchiveError as ArchiveError
    from nashforge.archive.errors import ArchiveNotFound as ArchiveNotFound
    from nashforge.archive.errors import BudgetExceeded as BudgetExceeded
    from nashforge.archive.errors import Conflict as Conflict
    from nashforge.archive.errors import DamagedExport as DamagedExport
    from nashforge.archive.errors import DatabaseBusy as DatabaseBusy
    from nashforge.archive.errors import DatabaseUnavailable as DatabaseUnavailable
    from nashforge.archive.errors import DiskFull as DiskFull
    from nashforge.archive.errors import NicknameTaken as NicknameTaken
    from nashforge.archive.errors import NotAnArchive as NotAnArchive
    from nashforge.archive.errors import NotFound as NotFound
    from nashforge.archive.errors import RunBusy as RunBusy
    from nashforge.archive.errors import SchemaMismatch as SchemaMismatch
    from nashforge.archive.hashing import normalize_source as normalize_source
    from nashforge.archive.hashing import program_hash as program_hash
    from nashforge.archive.records import Candidate as Candidate
    from nashforge.archive.records import Evaluation as Evaluation
    from nashforge.archive.records import NewEvaluation as NewEvaluation
    from nashforge.archive.records import Parent as Parent
    from nashforge.archive.records import Program as Program
    from nashforge.archive.records import Role as Role
    from nashforge.archive.records import Run as Run
    from nashforge.archive.records import RunState as RunState
    from nashforge.archive.records import Score as Score
    from nashforge.archive.records import Status as Status
    from nashforge.archive.records import Study as Study
    from nashforge.archive.storage.location import default_url as default_url
    from nashforge.archive.storage.location import resolve_url as resolve_url
    from nashforge.archive.storage.schema import schema_version as schema_version
    from nashforge.archive.storage.schema import upgrade as upgrade
    from nashforge.archive.store import Archive as Archive
    from nashforge.archive.stores.views import Edge as Edge
    from nashforge.archive.stores.views import Fitted as Fitted
    from nashforge.archive.stores.views import Lineage as Lineage
    from nashforge.archive.stores.views import Relative as Relative
    from nashforge.archive.stores.views import Spending as Spending
    from nashforge.archive.transfer.files import TransferReport as TransferReport
    from nashforge.archive.transfer.files import export_archive as export_archive
    from nashforge.archive.transfer.files import import_archive as import_archive

__all__, __getattr__, __dir__ = exports(__name__)
