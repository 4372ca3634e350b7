"""The embedded directory of people."""

import sqlalchemy as sa
from alembic import op

from socle.foundation.columns import Identifier, JsonText, UtcDateTime

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "directory_person",
        sa.Column("id", Identifier, primary_key=True),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("username", sa.Text, nullable=False),
        sa.Column("display_name", sa.Text, nullable=False),
        sa.Column("given_name", sa.Text, nullable=False),
        sa.Column("family_name", sa.Text, nullable=False),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("roles", JsonText, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("password_hash", sa.Text, nullable=False),
        sa.Column("must_change_password", sa.Boolean, nullable=False),
        sa.Column("password_changed_at", UtcDateTime, nullable=False),
        sa.UniqueConstraint("key", name="uq_directory_person_key"),
        sa.UniqueConstraint("username", name="uq_directory_person_username"),
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("directory_person")
