"""The first schema: runs, programs, candidates, evaluations, scores, model calls.

What begins today begins with the tables of today (`nashforge.archive.storage.schema`); those of the first
version stand in the dumps that the tests upgrade.
"""

from collections.abc import Sequence

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None
