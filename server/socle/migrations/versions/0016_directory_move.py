"""Who was moved from the embedded directory to LDAP, so that a move can be undone."""

import sqlalchemy as sa
from alembic import op

from socle.foundation.columns import Identifier, UtcDateTime

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "directory_move",
        sa.Column("id", Identifier, primary_key=True),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("old_key", sa.Text, nullable=False),
        sa.Column("new_key", sa.Text, nullable=False),
        sa.Column("created", sa.Boolean, nullable=False),
        sa.Column("undone_at", UtcDateTime),
    )


def downgrade() -> None:
    """Drop it again."""
    op.drop_table("directory_move")
