"""Appointments, their types, opening hours and absences."""

import sqlalchemy as sa
from alembic import op

from socle.foundation.columns import Identifier, UtcDateTime

revision = "0003"
down_revision = "0002"

HOLDING = "status IN ('booked', 'arrived', 'seen')"
NO_OVERLAP = "no_two_appointments_at_once"


def upgrade() -> None:
    """Create the tables, and the guard against double booking in the database's own means."""
    _create_backdrop()
    _create_appointments()
    op.create_table(
        "agenda_revision",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("value", Identifier, nullable=False),
        sa.CheckConstraint("id = 1", name="ck_agenda_revision_only_one"),
    )
    op.execute("INSERT INTO agenda_revision (id, value) VALUES (1, 0)")
    if op.get_bind().dialect.name == "postgresql":
        _guard_postgresql()
    else:
        _guard_embedded()


def _create_backdrop() -> None:
    op.create_table(
        "appointment_type",
        sa.Column("id", Identifier, primary_key=True),
        sa.Column("name", sa.Text, nullable=False, unique=True),
        sa.Column("colour", sa.Text, nullable=False),
        sa.Column("minutes", sa.Integer, nullable=False),
        sa.Column("position", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("archived", sa.Boolean, nullable=False, server_default=sa.text("false")),
        sa.CheckConstraint("minutes BETWEEN 5 AND 1440", name="ck_appointment_type_minutes"),
    )
    op.create_table(
        "practitioner_agenda",
        sa.Column("practitioner_id", Identifier, sa.ForeignKey("account.id"), primary_key=True, autoincrement=False),
        sa.Column("position", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("backdrop_revision", Identifier, nullable=False, server_default=sa.text("0")),
    )
    op.create_table(
        "opening_hours",
        sa.Column("id", Identifier, primary_key=True),
        sa.Column("practitioner_id", Identifier, sa.ForeignKey("practitioner_agenda.practitioner_id"), nullable=False),
        sa.Column("weekday", sa.Integer, nullable=False),
        sa.Column("from_minute", sa.Integer, nullable=False),
        sa.Column("to_minute", sa.Integer, nullable=False),
        sa.CheckConstraint("weekday BETWEEN 1 AND 7", name="ck_opening_hours_weekday"),
        sa.CheckConstraint(
            "0 <= from_minute AND from_minute < to_minute AND to_minute <= 1440", name="ck_opening_hours_minutes"
        ),
    )
    op.create_index(
        "ix_opening_hours_practitioner_id_weekday_from_minute",
        "opening_hours",
        ["practitioner_id", "weekday", "from_minute"],
        unique=True,
    )
    op.create_table(
        "absence",
        sa.Column("id", Identifier, primary_key=True),
        sa.Column("practitioner_id", Identifier, sa.ForeignKey("practitioner_agenda.practitioner_id"), nullable=False),
        sa.Column("starts_at", UtcDateTime, nullable=False),
        sa.Column("ends_at", UtcDateTime, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.CheckConstraint("starts_at < ends_at", name="ck_absence_ends_after_start"),
    )
    op.create_index("ix_absence_practitioner_id_starts_at", "absence", ["practitioner_id", "starts_at"])


def _create_appointments() -> None:
    op.create_table(
        "appointment_series",
        sa.Column("id", Identifier, primary_key=True),
        sa.Column("weeks_apart", sa.Integer, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
    )
    # A bounded length lets "who overlaps" be a bounded range of starts, on either database.
    day = "interval '1 day'" if op.get_bind().dialect.name == "postgresql" else None
    at_most_a_day = f"ends_at <= starts_at + {day}" if day else "julianday(ends_at) - julianday(starts_at) <= 1.000001"
    op.create_table(
        "appointment",
        sa.Column("id", Identifier, primary_key=True),
        sa.Column("practitioner_id", Identifier, sa.ForeignKey("practitioner_agenda.practitioner_id"), nullable=False),
        sa.Column("patient_id", Identifier, sa.ForeignKey("patient.id"), nullable=False),
        sa.Column("type_id", Identifier, sa.ForeignKey("appointment_type.id"), nullable=False),
        sa.Column("series_id", Identifier, sa.ForeignKey("appointment_series.id")),
        sa.Column("starts_at", UtcDateTime, nullable=False),
        sa.Column("ends_at", UtcDateTime, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False, server_default=sa.text("''")),
        sa.Column("cancel_reason", sa.Text, nullable=False, server_default=sa.text("''")),
        sa.Column("version", sa.Integer, nullable=False, server_default=sa.text("1")),
        sa.Column("revision", Identifier, nullable=False),
        sa.Column("changed_at", UtcDateTime, nullable=False),
        sa.Column("changed_by", Identifier, sa.ForeignKey("account.id")),
        sa.CheckConstraint("starts_at < ends_at", name="ck_appointment_ends_after_start"),
        sa.CheckConstraint(at_most_a_day, name="ck_appointment_at_most_a_day"),
        sa.CheckConstraint(
            "status IN ('booked', 'arrived', 'seen', 'missed', 'cancelled')", name="ck_appointment_status"
        ),
    )
    for columns in (["practitioner_id", "starts_at"], ["patient_id", "starts_at"], ["revision"], ["series_id"]):
        op.create_index(f"ix_appointment_{'_'.join(columns)}", "appointment", columns)


def _guard_postgresql() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")  # trusted since PostgreSQL 13: the owner may do it
    op.execute(
        f"ALTER TABLE appointment ADD CONSTRAINT {NO_OVERLAP} EXCLUDE USING gist"
        f" (practitioner_id WITH =, tstzrange(starts_at, ends_at) WITH &&) WHERE ({HOLDING})"
    )


def _guard_embedded() -> None:
    # The embedded database writes one transaction at a time, so a look before each write cannot be overtaken.
    for when in ("INSERT", "UPDATE OF practitioner_id, starts_at, ends_at, status"):
        op.execute(f"""
            CREATE TRIGGER {NO_OVERLAP}_{when.split()[0].lower()} BEFORE {when} ON appointment
            WHEN NEW.{HOLDING}
            BEGIN
                SELECT RAISE(ABORT, '{NO_OVERLAP}') WHERE EXISTS (
                    SELECT 1 FROM appointment
                    WHERE practitioner_id = NEW.practitioner_id AND {HOLDING}
                    AND starts_at < NEW.ends_at AND starts_at >= datetime(NEW.starts_at, '-1 day')
                    AND ends_at > NEW.starts_at AND id IS NOT NEW.id
                );
            END
        """)  # noqa: S608 - constants of this file


def downgrade() -> None:
    """Drop the tables, and with them their guards."""
    for table in (
        "appointment",
        "appointment_series",
        "absence",
        "opening_hours",
        "practitioner_agenda",
        "appointment_type",
        "agenda_revision",
    ):
        op.drop_table(table)
