"""The last value of every curve is marked, and has an index of its own: `final`."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_MARK = """
    UPDATE scores SET final = true WHERE id IN (
        SELECT id FROM (
            SELECT id, row_number() OVER (
                PARTITION BY evaluation_id, game, metric ORDER BY coalesce(iteration, 0) DESC, id DESC
            ) AS place FROM scores
        ) AS placed WHERE place = 1
    )
"""


def upgrade() -> None:
    """Apply."""
    op.add_column("scores", sa.Column("final", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute(_MARK)
    op.create_index(
        "ix_scores_final",
        "scores",
        ["evaluation_id", "metric", "value"],
        unique=False,
        sqlite_where=sa.text("final = 1"),
        postgresql_where=sa.text("final"),
    )
