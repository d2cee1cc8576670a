"""Provenance of rows: when a run, program, candidate, evaluation or call arrived in an import."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from nashforge.archive.storage.types import UTCDateTime

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply. What was imported before cannot be told from what was made here, and stays unmarked."""
    for name in ("runs", "programs", "candidates", "evaluations", "model_calls"):
        with op.batch_alter_table(name) as table:
            table.add_column(sa.Column("imported", UTCDateTime(), nullable=True))
