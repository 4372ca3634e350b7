"""Browsers: what they checked, what broke in them, since which version."""

import sqlalchemy as sa
from alembic import op

from socle.foundation.columns import Identifier, JsonText, UtcDateTime

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "browser",
        sa.Column("id", Identifier, primary_key=True),
        sa.Column("mark", sa.LargeBinary(32), nullable=False, unique=True),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("browser", sa.String(80), nullable=False),
        sa.Column("socle", sa.String(40), nullable=False),
        sa.Column("first_at", UtcDateTime, nullable=False),
        sa.Column("last_at", UtcDateTime, nullable=False),
        sa.Column("hour_at", UtcDateTime, nullable=False),
        sa.Column("hour_count", sa.Integer, nullable=False),
    )
    op.create_index("ix_browser_last_at", "browser", ["last_at"])
    op.create_table(
        "browser_version",
        sa.Column("id", Identifier, primary_key=True),
        sa.Column("browser_id", Identifier, sa.ForeignKey("browser.id", ondelete="CASCADE"), nullable=False),
        sa.Column("browser", sa.String(80), nullable=False),
        sa.Column("socle", sa.String(40), nullable=False),
        sa.Column("from_at", UtcDateTime, nullable=False),
    )
    op.create_index("ix_browser_version_browser_id_id", "browser_version", ["browser_id", "id"])
    op.create_table(
        "browser_fault",
        sa.Column("id", Identifier, primary_key=True),
        sa.Column("browser_id", Identifier, sa.ForeignKey("browser.id", ondelete="CASCADE"), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(32), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("door", sa.String(16), nullable=False),
        sa.Column("route", sa.String(120), nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("place", sa.String(120), nullable=False),
        sa.Column("first_at", UtcDateTime, nullable=False),
        sa.Column("last_at", UtcDateTime, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("browser", sa.String(80), nullable=False),
        sa.Column("socle", sa.String(40), nullable=False),
        sa.Column("browser_before", sa.String(80)),
        sa.Column("socle_before", sa.String(40)),
    )
    op.create_index(
        "ux_browser_fault_browser_id_fingerprint", "browser_fault", ["browser_id", "fingerprint"], unique=True
    )
    op.create_index("ix_browser_fault_last_at", "browser_fault", ["last_at"])
    op.create_table(
        "browser_check",
        sa.Column("id", Identifier, primary_key=True),
        sa.Column("code", sa.String(8), nullable=False, unique=True),
        sa.Column("mark", sa.LargeBinary(32), nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("door", sa.String(16), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("browser", sa.String(80), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("report", JsonText, nullable=False),
    )
    op.create_index("ix_browser_check_at", "browser_check", ["at"])
    op.create_index("ix_browser_check_address_at", "browser_check", ["address", "at"])
    op.create_index("ix_browser_check_mark_at", "browser_check", ["mark", "at"])
    op.create_table(
        "browser_minimum",
        sa.Column("name", sa.String(16), primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
    )


def downgrade() -> None:
    """Drop them again."""
    for table in ("browser_minimum", "browser_check", "browser_fault", "browser_version", "browser"):
        op.drop_table(table)
