"""Import runs and their lines."""

import sqlalchemy as sa
from alembic import op

from socle.foundation.columns import Identifier, JsonText, UtcDateTime

revision = "0004"
down_revision = "0003"

_COUNTS = ("done", "total", "new_count", "same_count", "refused_count", "skipped_count", "warned_count", "kept_count")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "import_run",
        sa.Column("id", Identifier, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("file_name", sa.Text, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("layout", JsonText, nullable=False),
        sa.Column("sheets", JsonText, nullable=False),
        sa.Column("sample", JsonText, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("asked_by", JsonText, nullable=False),
        sa.Column("beat_at", UtcDateTime, nullable=False),
        sa.Column("cancelling", sa.Boolean, nullable=False),
        *(sa.Column(name, sa.Integer, nullable=False) for name in _COUNTS),
        sa.Column("failure", JsonText),
        sa.Column("rehearsed_at", UtcDateTime),
        sa.Column("applied_at", UtcDateTime),
        sa.Column("applied_by", sa.Text),
        sa.Column("undone_at", UtcDateTime),
        sa.Column("undone_by", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_import_run"),
    )
    op.create_table(
        "import_line",
        sa.Column("run_id", Identifier, nullable=False),
        sa.Column("line", sa.Integer, nullable=False),
        sa.Column("last_line", sa.Integer, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("warned", sa.Boolean, nullable=False),
        sa.Column("reason", JsonText, nullable=False),
        sa.Column("remarks", JsonText, nullable=False),
        sa.Column("written", sa.Text, nullable=False),
        sa.Column("person", JsonText),
        sa.Column("patient_id", Identifier),
        sa.PrimaryKeyConstraint("run_id", "line", name="pk_import_line"),
        sa.ForeignKeyConstraint(["run_id"], ["import_run.id"], name="fk_import_line_run_id", ondelete="CASCADE"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_import_line_outcome", "import_line", ["run_id", "outcome", "line"])
    op.create_index("ix_import_line_warned", "import_line", ["run_id", "warned", "line"])


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("import_line")
    op.drop_table("import_run")
