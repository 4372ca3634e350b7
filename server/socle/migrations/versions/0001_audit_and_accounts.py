"""Audit trail and accounts."""

import sqlalchemy as sa
from alembic import op

from socle.foundation.columns import Identifier, JsonText, UtcDateTime

revision = "0001"
down_revision = None
LANES = 8


def upgrade() -> None:
    """Create the tables and the heads of the lanes (a head's first seal is written with the first entry)."""
    op.create_table(
        "account",
        sa.Column("id", Identifier, primary_key=True),
        sa.Column("username", sa.Text, nullable=False, unique=True),
        sa.Column("directory_key", sa.Text, unique=True),
        sa.Column("display_name", sa.Text, nullable=False),
        sa.Column("profession", sa.Text, nullable=False),
        sa.Column("rpps", sa.Text, nullable=False),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("roles", JsonText, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("break_glass_hash", sa.Text),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("last_sign_in_at", UtcDateTime),
    )
    op.create_table(
        "audit_entry",
        sa.Column("id", Identifier, primary_key=True),
        sa.Column("lane", sa.Integer, nullable=False),
        sa.Column("sequence", Identifier, nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("account_id", Identifier),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("workstation", sa.Text),
        sa.Column("session_id", Identifier),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("subject_type", sa.Text),
        sa.Column("subject_id", Identifier),
        sa.Column("fields", JsonText, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("previous", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.UniqueConstraint("lane", "sequence"),
    )
    op.create_index("ix_audit_entry_at", "audit_entry", ["at"])
    op.create_index("ix_audit_entry_subject", "audit_entry", ["subject_type", "subject_id", "at"])
    op.create_index("ix_audit_entry_actor", "audit_entry", ["account_id", "at"])
    lanes = op.create_table(
        "audit_lane",
        sa.Column("lane", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("sequence", Identifier, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("seal", sa.Text, nullable=False),
    )
    op.bulk_insert(lanes, [{"lane": lane, "sequence": 0, "digest": "", "seal": ""} for lane in range(LANES)])
    if op.get_bind().dialect.name == "postgresql":
        # Every entry updates its lane's head: room in the page keeps those updates cheap.
        op.execute("ALTER TABLE audit_lane SET (fillfactor = 20)")
    _make_append_only()


def _make_append_only() -> None:
    """Refuse, in the database itself, to change or remove an entry."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION audit_entry_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'the audit trail is append-only'; END $$"
        )
        op.execute(
            "CREATE TRIGGER audit_entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry "
            "FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_is_append_only()"
        )
        return
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER audit_entry_no_{verb.lower()} BEFORE {verb} ON audit_entry "
            "BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END"
        )


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("audit_lane")
    op.drop_table("audit_entry")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION audit_entry_is_append_only()")
    op.drop_table("account")
