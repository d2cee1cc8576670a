"""Studies: several runs that differ by their seeds alone, under one name."""

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
