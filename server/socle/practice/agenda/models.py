"""The agenda's tables."""

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from socle.foundation.columns import Identifier, UtcDateTime
from socle.foundation.database import Base


class Status(StrEnum):
    """Where an appointment stands."""

    BOOKED = "booked"
    ARRIVED = "arrived"
    SEEN = "seen"
    MISSED = "missed"
    CANCELLED = "cancelled"


HOLDING = (Status.BOOKED, Status.ARRIVED, Status.SEEN)
"""The statuses that hold their time: no two such appointments of one practitioner may share a minute."""

LONGEST = timedelta(days=1)
"""No appointment is longer (the database sees to it), so what overlaps a moment began at most this long before."""

NO_OVERLAP = "no_two_appointments_at_once"
"""The guard against double booking: an exclusion constraint on PostgreSQL, triggers on the embedded database."""


class Colour(StrEnum):
    """The pale fills an appointment type may have; never green, amber or red, which mean states."""

    TEAL = "teal"
    BLUE = "blue"
    VIOLET = "violet"
    ROSE = "rose"
    SAND = "sand"
    SKY = "sky"
    PLUM = "plum"
    SLATE = "slate"


class AbsenceKind(StrEnum):
    """Why a practitioner is away."""

    LEAVE = "leave"
    TRAINING = "training"
    HOME_VISITS = "home_visits"
    OTHER = "other"


class AppointmentType(Base):
    """A kind of appointment: its name, its colour, how long it lasts. `version` counts its changes."""

    __tablename__ = "appointment_type"

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    name: Mapped[str] = mapped_column(Text, unique=True)
    colour: Mapped[str] = mapped_column(Text)
    minutes: Mapped[int]
    position: Mapped[int] = mapped_column(server_default=text("0"))
    archived: Mapped[bool] = mapped_column(server_default=text("false"))
    version: Mapped[int] = mapped_column(server_default=text("1"))
    changed_by: Mapped[int | None] = mapped_column(Identifier, ForeignKey("account.id"))


class PractitionerAgenda(Base):
    """A practitioner who has an agenda, and how its columns stand on the page.

    `backdrop_revision` is the agenda's revision at which opening hours or absences last changed; `hours_version` counts
    the changes of the week's opening hours, which are always set as a whole.
    """

    __tablename__ = "practitioner_agenda"

    practitioner_id: Mapped[int] = mapped_column(Identifier, ForeignKey("account.id"), primary_key=True)
    position: Mapped[int] = mapped_column(server_default=text("0"))
    backdrop_revision: Mapped[int] = mapped_column(Identifier, server_default=text("0"))
    hours_version: Mapped[int] = mapped_column(server_default=text("1"))
    hours_changed_by: Mapped[int | None] = mapped_column(Identifier, ForeignKey("account.id"))


class OpeningHours(Base):
    """One open stretch of one weekday, in minutes from midnight by the wall clock."""

    __tablename__ = "opening_hours"

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    practitioner_id: Mapped[int] = mapped_column(Identifier, ForeignKey("practitioner_agenda.practitioner_id"))
    weekday: Mapped[int]
    from_minute: Mapped[int]
    to_minute: Mapped[int]

    __table_args__ = (Index(None, "practitioner_id", "weekday", "from_minute", unique=True),)


class Absence(Base):
    """A stretch of time when a practitioner is away."""

    __tablename__ = "absence"

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    practitioner_id: Mapped[int] = mapped_column(Identifier, ForeignKey("practitioner_agenda.practitioner_id"))
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    kind: Mapped[str] = mapped_column(Text)

    __table_args__ = (Index(None, "practitioner_id", "starts_at"),)


class AppointmentSeries(Base):
    """Appointments booked together as a repetition."""

    __tablename__ = "appointment_series"

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    weeks_apart: Mapped[int]
    count: Mapped[int]


class Appointment(Base):
    """An appointment. `version` counts its changes; `revision` is the agenda's revision at its last change."""

    __tablename__ = "appointment"

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    practitioner_id: Mapped[int] = mapped_column(Identifier, ForeignKey("practitioner_agenda.practitioner_id"))
    patient_id: Mapped[int] = mapped_column(Identifier, ForeignKey("patient.id"))
    type_id: Mapped[int] = mapped_column(Identifier, ForeignKey("appointment_type.id"))
    series_id: Mapped[int | None] = mapped_column(Identifier, ForeignKey("appointment_series.id"))
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    status: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text, server_default=text("''"))
    cancel_reason: Mapped[str] = mapped_column(Text, server_default=text("''"))
    version: Mapped[int] = mapped_column(server_default=text("1"))
    revision: Mapped[int] = mapped_column(Identifier)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_by: Mapped[int | None] = mapped_column(Identifier, ForeignKey("account.id"))

    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="ends_after_start"),
        Index(None, "practitioner_id", "starts_at"),
        Index(None, "patient_id", "starts_at"),
        Index(None, "revision"),
        Index(None, "series_id"),
    )


class AgendaRevision(Base):
    """The agenda's one counter: each change takes the next number, in the order of commits."""

    __tablename__ = "agenda_revision"

    id: Mapped[int] = mapped_column(primary_key=True)
    value: Mapped[int] = mapped_column(Identifier)
