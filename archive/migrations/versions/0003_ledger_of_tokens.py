"""The index of the ledger holds tokens, too, so that a budget of tokens reads no page of requests either."""

from collections.abc import Sequence

from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_MONEY = ["run_id", "status", "reserved_cost", "cost"]
_TOKENS = ["input_tokens", "cached_tokens", "cache_write_tokens", "output_tokens"]


def upgrade() -> None:
    """Apply."""
    op.drop_index("ix_model_calls_ledger", table_name="model_calls")
    op.create_index("ix_model_calls_ledger", "model_calls", [*_MONEY, *_TOKENS], unique=False)
