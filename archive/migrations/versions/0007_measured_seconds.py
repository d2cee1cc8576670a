"""Processor time that agents' measurements of variants took, by request."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("agent_requests") as table:
        table.add_column(sa.Column("measured", sa.Double(), nullable=False, server_default="0"))
