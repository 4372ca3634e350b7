"""Appointments, their types, opening hours and absences."""

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the tables."""


def downgrade() -> None:
    """Drop the tables."""
