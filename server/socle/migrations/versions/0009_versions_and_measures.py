"""Versions of opening hours and appointment types; how full the disk was."""

import sqlalchemy as sa
from alembic import op

from socle.foundation.columns import Identifier

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add the columns and create the table."""
    _version("practitioner_agenda", "hours_version", "hours_changed_by")
    _version("appointment_type", "version", "changed_by")
    op.create_table(
        "disk_measure",
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("used_bytes", sa.BigInteger, nullable=False),
        sa.Column("total_bytes", sa.BigInteger, nullable=False),
        sa.Column("database_bytes", sa.BigInteger, nullable=False),
    )


def _version(table: str, version: str, changed_by: str) -> None:
    op.add_column(table, sa.Column(version, sa.Integer, nullable=False, server_default=sa.text("1")))
    # Written within the column: the embedded database takes no constraint later.
    reference = sa.Column(changed_by, Identifier, sa.ForeignKey("account.id"))
    op.add_column(table, reference, inline_references=True)


def downgrade() -> None:
    """Drop them again."""
    op.drop_table("disk_measure")
    for table, columns in (
        ("appointment_type", ("changed_by", "version")),
        ("practitioner_agenda", ("hours_changed_by", "hours_version")),
    ):
        for column in columns:
            op.drop_column(table, column)
