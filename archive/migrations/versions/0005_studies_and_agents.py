"""Studies (runs that differ by their seeds alone), requests to agents, and the lab book of runs."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from nashforge.archive.storage.types import BigKey, UTCDateTime

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "studies",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("uid", sa.String(32), nullable=False),
        sa.Column("nickname", sa.String(64), nullable=False),
        sa.Column("domain", sa.String(64), nullable=False),
        sa.Column("config", sa.JSON(), nullable=False),
        sa.Column("created", UTCDateTime(), nullable=False),
        sa.Column("imported", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_studies")),
        sa.UniqueConstraint("uid", name=op.f("uq_studies_uid")),
        sa.UniqueConstraint("nickname", name=op.f("uq_studies_nickname")),
    )
    op.create_table(
        "study_runs",
        sa.Column("run_id", BigKey, nullable=False),
        sa.Column("study_id", BigKey, nullable=False),
        sa.Column("position", BigKey, nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["runs.id"], name=op.f("fk_study_runs_run_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["study_id"], ["studies.id"], name=op.f("fk_study_runs_study_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_study_runs")),
    )
    op.create_index(op.f("ix_study_runs_study_id"), "study_runs", ["study_id"], unique=False)
    op.create_table(
        "agent_requests",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("token", sa.String(64), nullable=False),
        sa.Column("run_id", BigKey, nullable=False),
        sa.Column("candidate_id", BigKey, nullable=False),
        sa.Column("index", BigKey, nullable=False),
        sa.Column("attempt", BigKey, nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("refused", BigKey, nullable=False),
        sa.Column("author", sa.String(128), nullable=True),
        sa.Column("client", sa.String(128), nullable=True),
        sa.Column("opened", UTCDateTime(), nullable=False),
        sa.Column("created", UTCDateTime(), nullable=False),
        sa.Column("claimed", UTCDateTime(), nullable=True),
        sa.Column("expires", UTCDateTime(), nullable=True),
        sa.Column("finished", UTCDateTime(), nullable=True),
        sa.Column("measured", sa.Double(), nullable=False, server_default="0"),
        sa.ForeignKeyConstraint(
            ["candidate_id"],
            ["candidates.id"],
            name=op.f("fk_agent_requests_candidate_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["runs.id"], name=op.f("fk_agent_requests_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agent_requests")),
        sa.UniqueConstraint("candidate_id", "attempt", name=op.f("uq_agent_requests_candidate_id_attempt")),
        sa.UniqueConstraint("token", name=op.f("uq_agent_requests_token")),
    )
    op.create_index(
        op.f("ix_agent_requests_run_id_state_index"), "agent_requests", ["run_id", "state", "index"]
    )
    op.create_table(
        "notes",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("run_id", BigKey, nullable=False),
        sa.Column("author", sa.String(128), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_notes_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notes")),
    )
    op.create_index(op.f("ix_notes_run_id"), "notes", ["run_id"])
