"""Patients, the keys they are found by, and the dictionary of names."""

import sqlalchemy as sa
from alembic import op

from socle.foundation.columns import FoldedText, Identifier, JsonText, UtcDateTime

revision = "0002"
down_revision = "0001"

_TEXTS = {
    "birth_family_name": 100,
    "birth_given_names": 200,
    "first_given_name": 100,
    "used_family_name": 100,
    "used_given_name": 100,
    "birth_place_code": 5,
    "birth_place_name": 100,
    "nir": 21,
    "ins": 21,
    "ins_oid": 30,
    "address": 300,
    "postal_code": 10,
    "city": 100,
    "country": 60,
    "contact_name": 100,
    "contact_relation": 60,
    "contact_phone": 30,
    "alerts": 300,
    "notes": 10_000,
}


def upgrade() -> None:
    """Create the tables."""
    _create_patient()
    op.create_index("ix_patient_list", "patient", ["archived", "search_words", "id"])
    op.create_table(
        "patient_name_token",
        sa.Column("token", FoldedText, nullable=False),
        sa.Column("rank", sa.Integer, nullable=False),
        sa.Column("words", FoldedText, nullable=False),
        sa.Column("patient_id", Identifier, nullable=False),
        sa.PrimaryKeyConstraint("token", "rank", "words", "patient_id", name="pk_patient_name_token"),
        _belongs_to_patient("patient_name_token"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_patient_name_token_patient_id", "patient_name_token", ["patient_id"])
    op.create_table(
        "patient_key",
        sa.Column("key", FoldedText, nullable=False),
        sa.Column("patient_id", Identifier, nullable=False),
        sa.PrimaryKeyConstraint("key", "patient_id", name="pk_patient_key"),
        _belongs_to_patient("patient_key"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_patient_key_patient_id", "patient_key", ["patient_id"])
    op.create_table(
        "name_token",
        sa.Column("id", Identifier, nullable=False),
        sa.Column("token", FoldedText, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_name_token"),
    )
    op.create_index("ix_name_token_token", "name_token", ["token"])


def _create_patient() -> None:
    op.create_table(
        "patient",
        sa.Column("id", Identifier, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in _TEXTS),
        sa.Column("sex", sa.Text, nullable=False),
        sa.Column("birth_date", FoldedText, nullable=False),
        sa.Column("identity_status", sa.Text, nullable=False),
        sa.Column("phones", JsonText, nullable=False),
        sa.Column("emails", JsonText, nullable=False),
        sa.Column("archived", sa.Boolean, nullable=False),
        sa.Column("search_words", FoldedText, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("changed_at", UtcDateTime, nullable=False),
        sa.Column("changed_by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_patient"),
        *(
            sa.CheckConstraint(f"length({name}) <= {longest}", name=f"ck_patient_{name}_length")
            for name, longest in _TEXTS.items()
        ),
        sa.CheckConstraint("birth_family_name <> '' or used_family_name <> ''", name="ck_patient_has_family_name"),
        sa.CheckConstraint("sex in ('F', 'M', '')", name="ck_patient_sex_known"),
        sa.CheckConstraint(
            "identity_status in ('provisional', 'retrieved', 'validated')",
            name="ck_patient_identity_never_qualified",
        ),
    )


def _belongs_to_patient(table: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_patient_id"
    return sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=name, ondelete="CASCADE")


def downgrade() -> None:
    """Drop the tables."""
    for table in ("name_token", "patient_key", "patient_name_token", "patient"):
        op.drop_table(table)
