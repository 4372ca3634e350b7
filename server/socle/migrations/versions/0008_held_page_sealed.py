"""The page of a held form moves into its sealed text: an address may hold the name of a patient."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Drop the readable page, and with it the forms sealed without theirs: none is older than a day."""
    op.execute("DELETE FROM held_form")
    op.drop_column("held_form", "page")


def downgrade() -> None:
    """Add the readable page again, without the forms that keep theirs sealed."""
    op.execute("DELETE FROM held_form")
    op.add_column("held_form", sa.Column("page", sa.String(2000), nullable=False))
