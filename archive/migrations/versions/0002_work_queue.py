"""The queue of work: attempts, workers, the archive's own identity, and runs that are held."""

import uuid
from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from nashforge.archive.storage.types import BigKey, UTCDateTime

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply."""
    identity = op.create_table(
        "archive_info",
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_archive_info")),
    )
    op.bulk_insert(identity, [{"key": "uid", "value": uuid.uuid4().hex}])
    with op.batch_alter_table("runs") as table:
        table.add_column(sa.Column("pause_requested", UTCDateTime(), nullable=True))
    op.create_table(
        "workers",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("host", sa.String(128), nullable=False),
        sa.Column("pid", BigKey, nullable=False),
        sa.Column("kinds", sa.String(64), nullable=False),
        sa.Column("slots", BigKey, nullable=False),
        sa.Column("versions", sa.JSON(), nullable=False),
        sa.Column("started", UTCDateTime(), nullable=False),
        sa.Column("heartbeat", UTCDateTime(), nullable=False),
        sa.Column("stopped", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workers")),
        sa.UniqueConstraint("name", name=op.f("uq_workers_name")),
    )
    op.create_table(
        "attempts",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("token", sa.String(64), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("attempt", BigKey, nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("run_id", BigKey, nullable=True),
        sa.Column("candidate_id", BigKey, nullable=True),
        sa.Column("tag", sa.Double(), nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=True),
        sa.Column("result", sa.JSON(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("worker", sa.String(128), nullable=True),
        sa.Column("queued", UTCDateTime(), nullable=False),
        sa.Column("started", UTCDateTime(), nullable=True),
        sa.Column("heartbeat", UTCDateTime(), nullable=True),
        sa.Column("finished", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["candidate_id"], ["candidates.id"], name=op.f("fk_attempts_candidate_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_attempts_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempts")),
        sa.UniqueConstraint("token", name=op.f("uq_attempts_token")),
    )
    # What was queued before has nobody any more who would do it.
    evaluations = sa.table("evaluations", sa.column("status", sa.String))
    open_status = evaluations.c.status.in_(["pending", "running"])
    op.execute(evaluations.update().where(open_status).values(status="cancelled"))
    op.create_index(op.f("ix_attempts_candidate_id"), "attempts", ["candidate_id"], unique=False)
    op.create_index(op.f("ix_attempts_finished"), "attempts", ["finished"], unique=False)
    op.create_index(op.f("ix_attempts_key"), "attempts", ["key"], unique=False)
    op.create_index(op.f("ix_attempts_run_id_kind_tag"), "attempts", ["run_id", "kind", "tag"], unique=False)
    op.create_index(op.f("ix_attempts_state_kind_tag"), "attempts", ["state", "kind", "tag"], unique=False)
