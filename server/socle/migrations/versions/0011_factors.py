"""Second factors, passkeys, recovery codes, remembered browsers, sign-ins that are half done."""

import sqlalchemy as sa
from alembic import op

from socle.foundation.columns import Identifier, UtcDateTime

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "one_time_code",
        sa.Column("id", Identifier, primary_key=True),
        sa.Column("account_id", Identifier, sa.ForeignKey("account.id"), nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("made_at", UtcDateTime, nullable=False),
        sa.Column("confirmed_at", UtcDateTime),
        sa.Column("last_step", sa.BigInteger, nullable=False),
        sa.Column("last_used_at", UtcDateTime),
    )
    op.create_index("ix_one_time_code_account_id", "one_time_code", ["account_id"])
    op.create_table(
        "recovery_code",
        sa.Column("id", Identifier, primary_key=True),
        sa.Column("account_id", Identifier, sa.ForeignKey("account.id"), nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("made_at", UtcDateTime, nullable=False),
        sa.Column("used_at", UtcDateTime),
        sa.UniqueConstraint("account_id", "digest"),
    )
    op.create_table(
        "passkey",
        sa.Column("id", Identifier, primary_key=True),
        sa.Column("account_id", Identifier, sa.ForeignKey("account.id"), nullable=False),
        sa.Column("credential_id", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("public_key", sa.LargeBinary, nullable=False),
        sa.Column("sign_count", sa.BigInteger, nullable=False),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("made_at", UtcDateTime, nullable=False),
        sa.Column("last_used_at", UtcDateTime),
    )
    op.create_index("ix_passkey_account_id", "passkey", ["account_id"])
    op.create_table(
        "remembered_browser",
        sa.Column("id", Identifier, primary_key=True),
        sa.Column("account_id", Identifier, sa.ForeignKey("account.id"), nullable=False),
        sa.Column("browser_digest", sa.LargeBinary(32), nullable=False),
        sa.Column("browser", sa.String(80), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("since", UtcDateTime, nullable=False),
        sa.Column("until", UtcDateTime, nullable=False),
        sa.UniqueConstraint("account_id", "browser_digest"),
    )
    op.create_index("ix_remembered_browser_until", "remembered_browser", ["until"])
    op.create_table(
        "sign_in_step",
        sa.Column("id", Identifier, primary_key=True),
        sa.Column("token_digest", sa.LargeBinary(32), nullable=False, unique=True),
        sa.Column("door", sa.String(16), nullable=False),
        sa.Column("account_id", Identifier, sa.ForeignKey("account.id")),
        sa.Column("browser_digest", sa.LargeBinary(32), nullable=False),
        sa.Column("need", sa.String(16), nullable=False),
        sa.Column("why", sa.String(16), nullable=False),
        sa.Column("proved", sa.String(16), nullable=False),
        sa.Column("kept", sa.LargeBinary),
        sa.Column("made_at", UtcDateTime, nullable=False),
    )
    op.create_index("ix_sign_in_step_made_at", "sign_in_step", ["made_at"])
    op.create_table(
        "factor_removal",
        sa.Column("id", Identifier, primary_key=True),
        sa.Column("account_id", Identifier, sa.ForeignKey("account.id"), nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("by", sa.String(200), nullable=False),
        sa.Column("reason", sa.String(16), nullable=False),
        sa.Column("told_at", UtcDateTime),
    )
    op.create_index("ix_factor_removal_account_id", "factor_removal", ["account_id"])


def downgrade() -> None:
    """Drop the tables."""
    for table in ("factor_removal", "sign_in_step", "remembered_browser", "passkey", "recovery_code", "one_time_code"):
        op.drop_table(table)
