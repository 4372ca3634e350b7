"""People who left the directory: when their account was closed for it, and what each comparison found."""

import sqlalchemy as sa
from alembic import op

from socle.foundation.columns import Identifier, JsonText, UtcDateTime

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Add the column and the table."""
    op.add_column("account", sa.Column("left_directory_at", UtcDateTime))
    op.create_table(
        "directory_sync",
        sa.Column("id", Identifier, primary_key=True),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("listed", sa.Integer, nullable=False),
        sa.Column("closed", sa.Integer, nullable=False),
        sa.Column("held", JsonText, nullable=False),
    )


def downgrade() -> None:
    """Drop them again."""
    op.drop_table("directory_sync")
    op.drop_column("account", "left_directory_at")
