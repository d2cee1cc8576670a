"""What is remembered: programs, runs, candidates, evaluations, scores and model calls, in one database.

``Archive.open()`` gives the default database; everything else is a method of :class:`Archive` and hands out
the frozen records of :mod:`nashforge.archive.records`. Nothing here needs SQLAlchemy until an archive is
opened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nashforge.games.lazy import on_first_use

if TYPE_CHECKING:
    from nashforge.archive.errors import (
        AmbiguousReference,
        ArchiveError,
        ArchiveNotFound,
        BudgetExceeded,
        Conflict,
        DamagedExport,
        DatabaseBusy,
        DatabaseUnavailable,
        DiskFull,
        NicknameTaken,
        NotAnArchive,
        NotFound,
        RunBusy,
        SchemaMismatch,
    )
    from nashforge.archive.hashing import normalize_source, program_hash
    from nashforge.archive.records import (
        CallStatus,
        Candidate,
        Evaluation,
        ModelCall,
        NewEvaluation,
        Parent,
        Program,
        Role,
        Run,
        RunState,
        Score,
        Status,
    )
    from nashforge.archive.storage.location import default_url, resolve_url
    from nashforge.archive.storage.schema import schema_version, upgrade
    from nashforge.archive.store import Archive
    from nashforge.archive.stores.views import Edge, HistoryPoint, Lineage, Relative, RunSummary, Spending
    from nashforge.archive.transfer.files import TransferReport, export_archive, import_archive

_HOME = {
    "nashforge.archive.errors": (
        "AmbiguousReference",
        "ArchiveError",
        "ArchiveNotFound",
        "BudgetExceeded",
        "Conflict",
        "DamagedExport",
        "DatabaseBusy",
        "DatabaseUnavailable",
        "DiskFull",
        "NicknameTaken",
        "NotAnArchive",
        "NotFound",
        "RunBusy",
        "SchemaMismatch",
    ),
    "nashforge.archive.hashing": ("normalize_source", "program_hash"),
    "nashforge.archive.storage.location": ("default_url", "resolve_url"),
    "nashforge.archive.records": (
        "CallStatus",
        "Candidate",
        "Evaluation",
        "ModelCall",
        "NewEvaluation",
        "Parent",
        "Program",
        "Role",
        "Run",
        "RunState",
        "Score",
        "Status",
    ),
    "nashforge.archive.storage.schema": ("schema_version", "upgrade"),
    "nashforge.archive.store": ("Archive",),
    "nashforge.archive.transfer.files": ("TransferReport", "export_archive", "import_archive"),
    "nashforge.archive.stores.views": (
        "Edge",
        "HistoryPoint",
        "Lineage",
        "Relative",
        "RunSummary",
        "Spending",
    ),
}
_MODULE_OF = {name: module for module, names in _HOME.items() for name in names}

__all__ = [  # noqa: RUF022 (grouped as in _HOME)
    "AmbiguousReference",
    "ArchiveError",
    "ArchiveNotFound",
    "BudgetExceeded",
    "Conflict",
    "DamagedExport",
    "DatabaseBusy",
    "DatabaseUnavailable",
    "DiskFull",
    "NicknameTaken",
    "NotAnArchive",
    "NotFound",
    "RunBusy",
    "SchemaMismatch",
    "normalize_source",
    "program_hash",
    "default_url",
    "resolve_url",
    "CallStatus",
    "Candidate",
    "Edge",
    "Evaluation",
    "HistoryPoint",
    "Lineage",
    "ModelCall",
    "NewEvaluation",
    "Parent",
    "Program",
    "Relative",
    "Role",
    "Run",
    "RunState",
    "RunSummary",
    "Score",
    "Spending",
    "Status",
    "schema_version",
    "upgrade",
    "Archive",
    "TransferReport",
    "export_archive",
    "import_archive",
]

__getattr__ = on_first_use(__name__, _MODULE_OF)


def __dir__() -> list[str]:
    return sorted(__all__)
