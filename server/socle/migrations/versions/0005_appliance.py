"""Backup runs, drills and scheduled jobs."""

import sqlalchemy as sa
from alembic import op

from socle.foundation.columns import Identifier, JsonText, UtcDateTime

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "backup_run",
        sa.Column("id", Identifier, primary_key=True),
        sa.Column("target", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("set_id", sa.String(36)),
        sa.Column("asked_at", UtcDateTime, nullable=False),
        sa.Column("asked_by", sa.Text, nullable=False),
        sa.Column("started_at", UtcDateTime),
        sa.Column("ended_at", UtcDateTime),
        sa.Column("cancel_asked_at", UtcDateTime),
        sa.Column("step", sa.String(32)),
        sa.Column("bytes_done", sa.BigInteger, nullable=False),
        sa.Column("bytes_total", sa.BigInteger),
        sa.Column("error_code", sa.String(64)),
        sa.Column("log", JsonText, nullable=False),
        sa.Column("report", JsonText),
    )
    op.create_index("ix_backup_run_target_kind_outcome_id", "backup_run", ["target", "kind", "outcome", "id"])
    op.create_index("ix_backup_run_target_kind_id", "backup_run", ["target", "kind", "id"])
    op.create_index("ix_backup_run_outcome_id", "backup_run", ["outcome", "id"])
    op.create_table(
        "job_run",
        sa.Column("id", Identifier, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("due_at", UtcDateTime, nullable=False),
        sa.Column("started_at", UtcDateTime, nullable=False),
        sa.Column("ended_at", UtcDateTime),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
    )
    op.create_index("ix_job_run_name", "job_run", ["name", "due_at"])


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("job_run")
    op.drop_table("backup_run")
