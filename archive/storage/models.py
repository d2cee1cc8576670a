"""The tables. Only this package's own modules use them; everybody else gets records.

Timestamps are the database's own clock unless a caller passes a time. Every table that can travel to
another database has an identity that does not depend on this one: ``programs.hash``, ``runs.uid``,
``studies.uid``, ``(run, index)`` of a candidate, ``token`` of evaluations and model calls.

``imported`` says when a row arrived from another archive; it is null for what was made in this one, and is
never taken from a file.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import (
    JSON,
    Boolean,
    Double,
    ForeignKey,
    Index,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    text,
)

from nashforge.archive.agents import RequestState
from nashforge.archive.calls import CallStatus
from nashforge.archive.records import Role, RunState, Status
from nashforge.archive.storage.tables import Tables, mapped_column
from nashforge.archive.storage.types import BigKey, JsonObject, UTCDateTime, Words, db_now
from nashforge.archive.work import AttemptState

if TYPE_CHECKING:
    from sqlalchemy.orm import Mapped


_KINDS: tuple[type[StrEnum], ...] = (RunState, Status, Role, CallStatus, AttemptState, RequestState)


class Base(Tables):
    """Registry of the tables, with names for constraints so that migrations can address them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    types: ClassVar = {
        "bool": Boolean(),
        "datetime": UTCDateTime(),
        "float": Double(),
        "int": BigKey,
        "str": Text(),
        "dict[str, Any]": JSON(none_as_null=True),
        "list[int]": JSON(none_as_null=True),
        **{kind.__name__: Words(kind) for kind in _KINDS},
    }


class RunRow(Base):
    __tablename__ = "runs"

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(String(32), unique=True)
    nickname: Mapped[str] = mapped_column(String(64), unique=True)
    domain: Mapped[str] = mapped_column(String(64))
    config: Mapped[dict[str, Any]]
    seed: Mapped[int | None]
    state: Mapped[RunState]
    stop_reason: Mapped[str | None]
    created: Mapped[datetime] = mapped_column(default=db_now())
    started: Mapped[datetime | None]
    finished: Mapped[datetime | None]
    versions: Mapped[dict[str, Any]]
    host: Mapped[dict[str, Any]]
    owner: Mapped[str | None] = mapped_column(String(128))
    heartbeat: Mapped[datetime | None]
    stop_requested: Mapped[datetime | None]
    pause_requested: Mapped[datetime | None]
    imported: Mapped[datetime | None]


class StudyRow(Base):
    __tablename__ = "studies"

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(String(32), unique=True)
    nickname: Mapped[str] = mapped_column(String(64), unique=True)
    domain: Mapped[str] = mapped_column(String(64))
    config: Mapped[dict[str, Any]]
    created: Mapped[datetime] = mapped_column(default=db_now())
    imported: Mapped[datetime | None]


class StudyRunRow(Base):
    __tablename__ = "study_runs"

    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("studies.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]


class RunStateRow(Base):
    __tablename__ = "run_state"

    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[Any] = mapped_column(JSON)
    updated: Mapped[datetime] = mapped_column(default=db_now())


class ProgramRow(Base):
    __tablename__ = "programs"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    nickname: Mapped[str] = mapped_column(String(64), unique=True)
    domain: Mapped[str] = mapped_column(String(64))
    ast_hash: Mapped[str | None] = mapped_column(String(64), index=True)
    created: Mapped[datetime] = mapped_column(default=db_now())
    source: Mapped[str]
    imported: Mapped[datetime | None]


class CandidateRow(Base):
    __tablename__ = "candidates"
    __table_args__ = (
        UniqueConstraint("run_id", "index"),
        Index(None, "run_id", "status"),
        Index(None, "run_id", "train"),
        Index(None, "run_id", "validation"),
        Index(None, "run_id", "test"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"))
    index: Mapped[int]
    status: Mapped[Status]
    program: Mapped[str | None] = mapped_column(String(64), ForeignKey("programs.hash"), index=True)
    operator: Mapped[str] = mapped_column(String(64))
    proposer: Mapped[str] = mapped_column(String(128))
    island: Mapped[int | None]
    train: Mapped[float | None]
    validation: Mapped[float | None]
    test: Mapped[float | None]
    created: Mapped[datetime] = mapped_column(default=db_now())
    finished: Mapped[datetime | None]
    reason: Mapped[str | None]
    note: Mapped[str | None]
    data: Mapped[dict[str, Any]] = mapped_column(JsonObject, nullable=True)
    imported: Mapped[datetime | None]


class ParentRow(Base):
    __tablename__ = "parents"

    candidate_id: Mapped[int] = mapped_column(
        ForeignKey("candidates.id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    parent_id: Mapped[int] = mapped_column(ForeignKey("candidates.id", ondelete="CASCADE"), index=True)
    role: Mapped[Role]


class EvaluationRow(Base):
    __tablename__ = "evaluations"
    __table_args__ = (
        Index(None, "program", "suite_digest"),
        Index(None, "status", "heartbeat"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(String(64), unique=True)
    attempt: Mapped[int] = mapped_column(default=1)
    program: Mapped[str] = mapped_column(String(64), ForeignKey("programs.hash"))
    run_id: Mapped[int | None] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), index=True)
    candidate_id: Mapped[int | None] = mapped_column(
        ForeignKey("candidates.id", ondelete="CASCADE"), index=True
    )
    split: Mapped[str | None] = mapped_column(String(24))
    suite: Mapped[str] = mapped_column(String(128))
    suite_digest: Mapped[str] = mapped_column(String(64))
    evaluator: Mapped[str] = mapped_column(String(64))
    status: Mapped[Status]
    worker: Mapped[str | None] = mapped_column(String(128))
    tier: Mapped[str | None] = mapped_column(String(32))
    queued: Mapped[datetime] = mapped_column(default=db_now())
    started: Mapped[datetime | None]
    heartbeat: Mapped[datetime | None]
    finished: Mapped[datetime | None]
    cpu_seconds: Mapped[float | None]
    wall_seconds: Mapped[float | None]
    peak_memory: Mapped[int | None]
    fitness: Mapped[float | None]
    fingerprint: Mapped[str | None] = mapped_column(String(64))
    seeds: Mapped[list[int]]
    settings: Mapped[dict[str, Any]] = mapped_column(JsonObject, nullable=True)
    reason: Mapped[str | None]
    log: Mapped[str | None]
    imported: Mapped[datetime | None]


ON_POSTGRESQL = "where"
"""In the info of a partial index: its condition there. An option would load that dialect at every start."""


class ScoreRow(Base):
    __tablename__ = "scores"
    # What programs reached in the end is a small part of their curves: questions about it read this alone.
    __table_args__ = (
        Index(
            "ix_scores_final",
            *("evaluation_id", "metric", "value"),
            sqlite_where=text("final = 1"),
            info={ON_POSTGRESQL: "final"},
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    evaluation_id: Mapped[int] = mapped_column(ForeignKey("evaluations.id", ondelete="CASCADE"), index=True)
    game: Mapped[str]
    metric: Mapped[str] = mapped_column(String(64))
    iteration: Mapped[int | None]
    value: Mapped[float]
    direction: Mapped[str] = mapped_column(String(3))
    final: Mapped[bool]


class ModelCallRow(Base):
    __tablename__ = "model_calls"
    # The sums of the ledger read only the index, never the pages of requests and responses.
    __table_args__ = (
        Index(
            "ix_model_calls_ledger",
            *("run_id", "status", "reserved_cost", "cost"),
            *("input_tokens", "cached_tokens", "cache_write_tokens", "output_tokens"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(String(64), unique=True)
    run_id: Mapped[int | None] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"))
    candidate_id: Mapped[int | None] = mapped_column(
        ForeignKey("candidates.id", ondelete="SET NULL"), index=True
    )
    provider: Mapped[str] = mapped_column(String(64))
    model: Mapped[str] = mapped_column(String(128))
    status: Mapped[CallStatus]
    input_tokens: Mapped[int] = mapped_column(default=0)
    cached_tokens: Mapped[int] = mapped_column(default=0)
    cache_write_tokens: Mapped[int] = mapped_column(default=0)
    output_tokens: Mapped[int] = mapped_column(default=0)
    reserved_cost: Mapped[float]
    cost: Mapped[float | None]
    latency: Mapped[float | None]
    created: Mapped[datetime] = mapped_column(default=db_now())
    finished: Mapped[datetime | None]
    reason: Mapped[str | None]
    request: Mapped[dict[str, Any]]
    response: Mapped[dict[str, Any] | None]
    imported: Mapped[datetime | None]


class InfoRow(Base):
    __tablename__ = "archive_info"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[str]


class WorkerRow(Base):
    __tablename__ = "workers"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(128), unique=True)
    host: Mapped[str] = mapped_column(String(128))
    pid: Mapped[int]
    kinds: Mapped[str] = mapped_column(String(64))
    slots: Mapped[int]
    versions: Mapped[dict[str, Any]]
    started: Mapped[datetime] = mapped_column(default=db_now())
    heartbeat: Mapped[datetime] = mapped_column(default=db_now())
    stopped: Mapped[datetime | None]


class AttemptRow(Base):
    __tablename__ = "attempts"
    __table_args__ = (
        Index(None, "state", "kind", "tag"),
        Index(None, "run_id", "kind", "tag"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(String(64), unique=True)
    key: Mapped[str] = mapped_column(String(64), index=True)
    attempt: Mapped[int] = mapped_column(default=1)
    kind: Mapped[str] = mapped_column(String(24))
    run_id: Mapped[int | None] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"))
    candidate_id: Mapped[int | None] = mapped_column(
        ForeignKey("candidates.id", ondelete="SET NULL"), index=True
    )
    tag: Mapped[float]
    state: Mapped[AttemptState]
    payload: Mapped[dict[str, Any] | None]
    result: Mapped[dict[str, Any] | None]
    reason: Mapped[str | None]
    worker: Mapped[str | None] = mapped_column(String(128))
    queued: Mapped[datetime] = mapped_column(default=db_now())
    started: Mapped[datetime | None]
    heartbeat: Mapped[datetime | None]
    finished: Mapped[datetime | None] = mapped_column(index=True)


class AgentRequestRow(Base):
    __tablename__ = "agent_requests"
    __table_args__ = (
        UniqueConstraint("candidate_id", "attempt"),
        Index(None, "run_id", "state", "index"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(String(64), unique=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"))
    candidate_id: Mapped[int] = mapped_column(ForeignKey("candidates.id", ondelete="CASCADE"))
    index: Mapped[int]
    attempt: Mapped[int] = mapped_column(default=1)
    kind: Mapped[str] = mapped_column(String(64))
    state: Mapped[RequestState]
    payload: Mapped[dict[str, Any]]
    answer: Mapped[dict[str, Any] | None]
    reason: Mapped[str | None]
    refused: Mapped[int] = mapped_column(default=0)
    measured: Mapped[float] = mapped_column(default=0.0)
    author: Mapped[str | None] = mapped_column(String(128))
    client: Mapped[str | None] = mapped_column(String(128))
    opened: Mapped[datetime] = mapped_column(default=db_now())
    created: Mapped[datetime] = mapped_column(default=db_now())
    claimed: Mapped[datetime | None]
    expires: Mapped[datetime | None]
    finished: Mapped[datetime | None]


class NoteRow(Base):
    __tablename__ = "notes"

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), index=True)
    author: Mapped[str | None] = mapped_column(String(128))
    text: Mapped[str]
    created: Mapped[datetime] = mapped_column(default=db_now())
