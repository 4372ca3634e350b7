"""Pro Santé Connect's tokens of live sessions."""

import sqlalchemy as sa
from alembic import op

from socle.foundation.columns import Identifier, UtcDateTime

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "pro_sante_tokens",
        sa.Column("id", Identifier, primary_key=True),
        sa.Column(
            "session_id", Identifier, sa.ForeignKey("session.id", ondelete="CASCADE"), nullable=False, unique=True
        ),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("renewed_at", UtcDateTime, nullable=False),
    )


def downgrade() -> None:
    """Drop it again."""
    op.drop_table("pro_sante_tokens")
