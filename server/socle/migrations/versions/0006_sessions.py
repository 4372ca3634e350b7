"""Sessions, sign-in attempts and forms held across a sign-in."""

import sqlalchemy as sa
from alembic import op

from socle.foundation.columns import FoldedText, Identifier, UtcDateTime

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "session",
        sa.Column("id", Identifier, primary_key=True),
        sa.Column("token_digest", sa.LargeBinary(32), nullable=False, unique=True),
        sa.Column("door", sa.String(16), nullable=False),
        sa.Column("account_id", Identifier, sa.ForeignKey("account.id"), nullable=False),
        sa.Column("factor", sa.String(16), nullable=False),
        sa.Column("browser_digest", sa.LargeBinary(32), nullable=False),
        sa.Column("browser", sa.String(80), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("opened_at", UtcDateTime, nullable=False),
        sa.Column("signed_in_at", UtcDateTime, nullable=False),
        sa.Column("last_input_at", UtcDateTime, nullable=False),
        sa.Column("locked_at", UtcDateTime),
        sa.Column("lock_reason", sa.String(32)),
        sa.Column("ended_at", UtcDateTime),
        sa.Column("end_reason", sa.String(32)),
        sa.Column("ended_by", Identifier, sa.ForeignKey("account.id")),
    )
    op.create_index("ix_session_account_id_id", "session", ["account_id", "id"])
    op.create_index("ix_session_browser_digest_id", "session", ["browser_digest", "id"])
    op.create_index("ix_session_ended_at_id", "session", ["ended_at", "id"])
    op.create_table(
        "sign_in_attempt",
        sa.Column("id", Identifier, primary_key=True),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("door", sa.String(16), nullable=False),
        sa.Column("name_key", FoldedText, nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("browser_digest", sa.LargeBinary(32)),
        sa.Column("succeeded", sa.Boolean, nullable=False),
    )
    op.create_index("ix_sign_in_attempt_name_key_at", "sign_in_attempt", ["name_key", "at"])
    op.create_index("ix_sign_in_attempt_address_at", "sign_in_attempt", ["address", "at"])
    op.create_index("ix_sign_in_attempt_at", "sign_in_attempt", ["at"])
    op.create_table(
        "held_form",
        sa.Column("id", Identifier, primary_key=True),
        sa.Column("account_id", Identifier, sa.ForeignKey("account.id"), nullable=False),
        sa.Column("door", sa.String(16), nullable=False),
        sa.Column("page", sa.String(2000), nullable=False),
        sa.Column("held_at", UtcDateTime, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_held_form_account_id_id", "held_form", ["account_id", "id"])
    op.create_index("ix_held_form_held_at", "held_form", ["held_at"])


def downgrade() -> None:
    """Drop the tables."""
    for table in ("held_form", "sign_in_attempt", "session"):
        op.drop_table(table)
