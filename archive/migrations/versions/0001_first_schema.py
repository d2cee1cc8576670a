"""The first schema: runs, programs, candidates, evaluations, scores, model calls."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from nashforge.archive.storage.types import BigKey, UTCDateTime

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "programs",
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("nickname", sa.String(64), nullable=False),
        sa.Column("domain", sa.String(64), nullable=False),
        sa.Column("ast_hash", sa.String(64), nullable=True),
        sa.Column("created", UTCDateTime(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_programs")),
        sa.UniqueConstraint("nickname", name=op.f("uq_programs_nickname")),
    )
    op.create_index(op.f("ix_programs_ast_hash"), "programs", ["ast_hash"], unique=False)
    op.create_table(
        "runs",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("uid", sa.String(32), nullable=False),
        sa.Column("nickname", sa.String(64), nullable=False),
        sa.Column("domain", sa.String(64), nullable=False),
        sa.Column("config", sa.JSON(), nullable=False),
        sa.Column("seed", BigKey, nullable=True),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("stop_reason", sa.Text(), nullable=True),
        sa.Column("created", UTCDateTime(), nullable=False),
        sa.Column("started", UTCDateTime(), nullable=True),
        sa.Column("finished", UTCDateTime(), nullable=True),
        sa.Column("versions", sa.JSON(), nullable=False),
        sa.Column("host", sa.JSON(), nullable=False),
        sa.Column("owner", sa.String(128), nullable=True),
        sa.Column("heartbeat", UTCDateTime(), nullable=True),
        sa.Column("stop_requested", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
        sa.UniqueConstraint("nickname", name=op.f("uq_runs_nickname")),
        sa.UniqueConstraint("uid", name=op.f("uq_runs_uid")),
    )
    op.create_table(
        "candidates",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("run_id", BigKey, nullable=False),
        sa.Column("index", BigKey, nullable=False),
        sa.Column("status", sa.String(24), nullable=False),
        sa.Column("program", sa.String(64), nullable=True),
        sa.Column("operator", sa.String(64), nullable=False),
        sa.Column("proposer", sa.String(128), nullable=False),
        sa.Column("island", BigKey, nullable=True),
        sa.Column("train", sa.Double(), nullable=True),
        sa.Column("validation", sa.Double(), nullable=True),
        sa.Column("test", sa.Double(), nullable=True),
        sa.Column("created", UTCDateTime(), nullable=False),
        sa.Column("finished", UTCDateTime(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("data", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["program"], ["programs.hash"], name=op.f("fk_candidates_program")),
        sa.ForeignKeyConstraint(
            ["run_id"], ["runs.id"], name=op.f("fk_candidates_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_candidates")),
        sa.UniqueConstraint("run_id", "index", name=op.f("uq_candidates_run_id_index")),
    )
    op.create_index(op.f("ix_candidates_program"), "candidates", ["program"], unique=False)
    op.create_index(op.f("ix_candidates_run_id_status"), "candidates", ["run_id", "status"], unique=False)
    op.create_index(op.f("ix_candidates_run_id_test"), "candidates", ["run_id", "test"], unique=False)
    op.create_index(op.f("ix_candidates_run_id_train"), "candidates", ["run_id", "train"], unique=False)
    op.create_index(
        op.f("ix_candidates_run_id_validation"), "candidates", ["run_id", "validation"], unique=False
    )
    op.create_table(
        "run_state",
        sa.Column("run_id", BigKey, nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("updated", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["runs.id"], name=op.f("fk_run_state_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", "key", name=op.f("pk_run_state")),
    )
    op.create_table(
        "evaluations",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("token", sa.String(64), nullable=False),
        sa.Column("attempt", BigKey, nullable=False),
        sa.Column("program", sa.String(64), nullable=False),
        sa.Column("run_id", BigKey, nullable=True),
        sa.Column("candidate_id", BigKey, nullable=True),
        sa.Column("split", sa.String(24), nullable=True),
        sa.Column("suite", sa.String(128), nullable=False),
        sa.Column("suite_digest", sa.String(64), nullable=False),
        sa.Column("evaluator", sa.String(64), nullable=False),
        sa.Column("status", sa.String(24), nullable=False),
        sa.Column("worker", sa.String(128), nullable=True),
        sa.Column("tier", sa.String(32), nullable=True),
        sa.Column("queued", UTCDateTime(), nullable=False),
        sa.Column("started", UTCDateTime(), nullable=True),
        sa.Column("heartbeat", UTCDateTime(), nullable=True),
        sa.Column("finished", UTCDateTime(), nullable=True),
        sa.Column("cpu_seconds", sa.Double(), nullable=True),
        sa.Column("wall_seconds", sa.Double(), nullable=True),
        sa.Column("peak_memory", BigKey, nullable=True),
        sa.Column("fitness", sa.Double(), nullable=True),
        sa.Column("fingerprint", sa.String(64), nullable=True),
        sa.Column("seeds", sa.JSON(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("log", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["candidate_id"], ["candidates.id"], name=op.f("fk_evaluations_candidate_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["program"], ["programs.hash"], name=op.f("fk_evaluations_program")),
        sa.ForeignKeyConstraint(
            ["run_id"], ["runs.id"], name=op.f("fk_evaluations_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluations")),
        sa.UniqueConstraint("token", name=op.f("uq_evaluations_token")),
    )
    op.create_index(op.f("ix_evaluations_candidate_id"), "evaluations", ["candidate_id"], unique=False)
    op.create_index(
        op.f("ix_evaluations_program_suite_digest"), "evaluations", ["program", "suite_digest"], unique=False
    )
    op.create_index(op.f("ix_evaluations_run_id"), "evaluations", ["run_id"], unique=False)
    op.create_index(
        op.f("ix_evaluations_status_heartbeat"), "evaluations", ["status", "heartbeat"], unique=False
    )
    op.create_table(
        "model_calls",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("token", sa.String(64), nullable=False),
        sa.Column("run_id", BigKey, nullable=True),
        sa.Column("candidate_id", BigKey, nullable=True),
        sa.Column("provider", sa.String(64), nullable=False),
        sa.Column("model", sa.String(128), nullable=False),
        sa.Column("status", sa.String(24), nullable=False),
        sa.Column("input_tokens", BigKey, nullable=False),
        sa.Column("cached_tokens", BigKey, nullable=False),
        sa.Column("cache_write_tokens", BigKey, nullable=False),
        sa.Column("output_tokens", BigKey, nullable=False),
        sa.Column("reserved_cost", sa.Double(), nullable=False),
        sa.Column("cost", sa.Double(), nullable=True),
        sa.Column("latency", sa.Double(), nullable=True),
        sa.Column("created", UTCDateTime(), nullable=False),
        sa.Column("finished", UTCDateTime(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("request", sa.JSON(), nullable=False),
        sa.Column("response", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(
            ["candidate_id"], ["candidates.id"], name=op.f("fk_model_calls_candidate_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["runs.id"], name=op.f("fk_model_calls_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_calls")),
        sa.UniqueConstraint("token", name=op.f("uq_model_calls_token")),
    )
    op.create_index(op.f("ix_model_calls_candidate_id"), "model_calls", ["candidate_id"], unique=False)
    op.create_index(
        "ix_model_calls_ledger", "model_calls", ["run_id", "status", "reserved_cost", "cost"], unique=False
    )
    op.create_table(
        "parents",
        sa.Column("candidate_id", BigKey, nullable=False),
        sa.Column("position", BigKey, autoincrement=False, nullable=False),
        sa.Column("parent_id", BigKey, nullable=False),
        sa.Column("role", sa.String(24), nullable=False),
        sa.ForeignKeyConstraint(
            ["candidate_id"], ["candidates.id"], name=op.f("fk_parents_candidate_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["candidates.id"], name=op.f("fk_parents_parent_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("candidate_id", "position", name=op.f("pk_parents")),
    )
    op.create_index(op.f("ix_parents_parent_id"), "parents", ["parent_id"], unique=False)
    op.create_table(
        "scores",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("evaluation_id", BigKey, nullable=False),
        sa.Column("game", sa.Text(), nullable=False),
        sa.Column("metric", sa.String(64), nullable=False),
        sa.Column("iteration", BigKey, nullable=True),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("direction", sa.String(3), nullable=False),
        sa.ForeignKeyConstraint(
            ["evaluation_id"], ["evaluations.id"], name=op.f("fk_scores_evaluation_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scores")),
    )
    op.create_index(op.f("ix_scores_evaluation_id"), "scores", ["evaluation_id"], unique=False)
