"""Workstations and what their agents hold: nonces, challenges to cards, tickets; the workstation of a session."""

import sqlalchemy as sa
from alembic import op

from socle.foundation.columns import Identifier, UtcDateTime

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Create the tables, and the columns beside them."""
    op.create_table(
        "workstation",
        sa.Column("id", Identifier, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("named_at", UtcDateTime, nullable=False),
        sa.Column("code_digest", sa.LargeBinary(32), unique=True),
        sa.Column("code_until", UtcDateTime),
        sa.Column("public_key", sa.LargeBinary(32)),
        sa.Column("system", sa.String(80), nullable=False),
        sa.Column("enrolled_at", UtcDateTime),
        sa.Column("revoked_at", UtcDateTime),
        sa.Column("last_seen_at", UtcDateTime),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("browser_digest", sa.LargeBinary(32)),
        sa.Column("card_account_id", Identifier, sa.ForeignKey("account.id")),
        sa.Column("reopen_asked_at", UtcDateTime),
    )
    op.create_index("ix_workstation_browser_digest", "workstation", ["browser_digest"])
    op.create_table(
        "workstation_nonce",
        sa.Column("workstation_id", Identifier, sa.ForeignKey("workstation.id"), primary_key=True),
        sa.Column("nonce", sa.LargeBinary(16), primary_key=True),
        sa.Column("at", UtcDateTime, nullable=False),
    )
    op.create_index("ix_workstation_nonce_at", "workstation_nonce", ["at"])
    op.create_table(
        "card_challenge",
        sa.Column("id", Identifier, primary_key=True),
        sa.Column("workstation_id", Identifier, sa.ForeignKey("workstation.id"), nullable=False),
        sa.Column("value", sa.LargeBinary(32), nullable=False, unique=True),
        sa.Column("until", UtcDateTime, nullable=False),
    )
    op.create_index("ix_card_challenge_until", "card_challenge", ["until"])
    op.create_table(
        "sign_in_ticket",
        sa.Column("id", Identifier, primary_key=True),
        sa.Column("digest", sa.LargeBinary(32), nullable=False, unique=True),
        sa.Column("workstation_id", Identifier, sa.ForeignKey("workstation.id"), nullable=False),
        sa.Column("account_id", Identifier, sa.ForeignKey("account.id"), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("until", UtcDateTime, nullable=False),
    )
    op.create_index("ix_sign_in_ticket_workstation_id", "sign_in_ticket", ["workstation_id"])
    op.create_index("ix_sign_in_ticket_until", "sign_in_ticket", ["until"])
    # Written out: Alembic has no column with a foreign key to add for SQLite, which allows it all the same.
    number = "BIGINT" if op.get_bind().dialect.name == "postgresql" else "INTEGER"
    op.execute(
        f"ALTER TABLE session ADD COLUMN workstation_id {number} "
        "CONSTRAINT fk_session_workstation_id_workstation REFERENCES workstation (id)"
    )
    op.create_index("ix_session_workstation_id_id", "session", ["workstation_id", "id"])
    op.add_column("account", sa.Column("adeli", sa.Text, nullable=False, server_default=""))
    op.create_index("ix_account_rpps", "account", ["rpps"])


def downgrade() -> None:
    """Drop them again."""
    op.drop_index("ix_account_rpps", "account")
    op.drop_column("account", "adeli")
    op.drop_index("ix_session_workstation_id_id", "session")
    op.drop_column("session", "workstation_id")
    for table in ("sign_in_ticket", "card_challenge", "workstation_nonce", "workstation"):
        op.drop_table(table)
