"""What is remembered: programs, runs, candidates, evaluations, scores and model calls, in one database.

``Archive.open()`` gives the default database; everything else is a method of :class:`Archive` and hands out
the frozen records of :mod:`archive.records`. Nothing here needs SQLAlchemy until an archive is opened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from games.lazy import on_first_use

if TYPE_CHECKING:
    from archive.errors import (
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
    from archive.hashing import normalize_source, program_hash
    from archive.location import default_url, resolve_url
    from archive.records import (
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
    from archive.schema import schema_version, upgrade
    from archive.store import Archive
    from archive.transfer import TransferReport, export_archive, import_archive
    from archive.views import Edge, HistoryPoint, Lineage, Relative, RunSummary, Spending

_HOME = {
    "archive.errors": (
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
    "archive.hashing": ("normalize_source", "program_hash"),
    "archive.location": ("default_url", "resolve_url"),
    "archive.records": (
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
    "archive.schema": ("schema_version", "upgrade"),
    "archive.store": ("Archive",),
    "archive.transfer": ("TransferReport", "export_archive", "import_archive"),
    "archive.views": ("Edge", "HistoryPoint", "Lineage", "Relative", "RunSummary", "Spending"),
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
