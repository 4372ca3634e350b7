"""Patients, their identifiers and the dictionary of names."""

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the tables."""


def downgrade() -> None:
    """Drop the tables."""
