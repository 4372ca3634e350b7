"""Recovery kits: what they cover, and when they were proven."""

import sqlalchemy as sa
from alembic import op

from socle.foundation.columns import Identifier, JsonText, UtcDateTime

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "recovery_kit",
        sa.Column("id", Identifier, primary_key=True),
        sa.Column("number", sa.String(9), nullable=False, unique=True),
        sa.Column("made_at", UtcDateTime, nullable=False),
        sa.Column("made_by", sa.Text, nullable=False),
        sa.Column("envelope", sa.Text, nullable=False),
        sa.Column("covers", JsonText, nullable=False),
        sa.Column("holders", JsonText, nullable=False),
        sa.Column("proven_at", UtcDateTime),
        sa.Column("proven", JsonText, nullable=False),
    )


def downgrade() -> None:
    """Drop it again."""
    op.drop_table("recovery_kit")
