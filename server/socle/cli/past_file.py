"""One patient's whole file out of a past database: as a structure, and on paper."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import or_, select

from socle.foundation.clock import PARIS
from socle.foundation.database import Database
from socle.foundation.errors import N_
from socle.foundation.printing import page, pdf_from_html
from socle.identity.audit.models import AuditEntry
from socle.identity.people.models import Account
from socle.practice.agenda.models import Appointment, AppointmentType, Status
from socle.practice.patients import birth, identifiers, phones, registry
from socle.practice.patients.field_names import LABELS

STATUSES = {
    Status.BOOKED.value: N_("Booked"),
    Status.ARRIVED.value: N_("Arrived"),
    Status.SEEN.value: N_("Seen"),
    Status.MISSED.value: N_("Did not come"),
    Status.CANCELLED.value: N_("Cancelled"),
}

WORDS = {
    "sex": {"F": N_("Female"), "M": N_("Male")},
    "identity_status": {
        "provisional": N_("Provisional"),
        "validated": N_("Validated (identity document seen)"),
        "retrieved": N_("Retrieved (INS obtained, identity document not seen)"),
    },
}


class PastAppointment(msgspec.Struct, frozen=True):
    """One appointment."""

    starts_at: datetime
    ends_at: datetime
    status: str
    type: str
    practitioner: str
    note: str
    cancel_reason: str


class PastEntry(msgspec.Struct, frozen=True):
    """One entry of the trail about the patient or one of their appointments."""

    at: datetime
    actor: str
    action: str
    fields: list[str]


class PastFile(msgspec.Struct, frozen=True):
    """Everything a set holds about one patient."""

    number: int
    archived: bool
    created_at: datetime
    changed_at: datetime
    changed_by: str
    identity: dict[str, Any]
    appointments: list[PastAppointment]
    trail: list[PastEntry]


def gather(database: Database, number: int) -> PastFile:
    """Read a patient's file; PatientMissing if there was none of that number."""
    with database.reading() as session:
        patient = registry.find(session, number)
        booked = session.execute(
            select(Appointment, AppointmentType.name, Account.display_name)
            .join(AppointmentType, AppointmentType.id == Appointment.type_id)
            .join(Account, Account.id == Appointment.practitioner_id)
            .where(Appointment.patient_id == number)
            .order_by(Appointment.starts_at)
        ).all()
        about = or_(
            (AuditEntry.subject_type == "patient") & (AuditEntry.subject_id == number),
            (AuditEntry.subject_type == "appointment")
            & AuditEntry.subject_id.in_(select(Appointment.id).where(Appointment.patient_id == number)),
        )
        entries = session.scalars(select(AuditEntry).where(about).order_by(AuditEntry.at, AuditEntry.id)).all()
        return PastFile(
            number,
            patient.archived,
            patient.created_at,
            patient.changed_at,
            patient.changed_by,
            asdict(patient.details),
            [
                PastAppointment(one.starts_at, one.ends_at, one.status, kind, who, one.note, one.cancel_reason)
                for one, kind, who in booked
            ],
            [PastEntry(one.at, one.actor, one.action, one.fields) for one in entries],
        )


def pdf(found: PastFile, practice: str, sealed_at: datetime, locale: str = "fr") -> bytes:
    """Return the file on paper; RenderingFailed."""
    html = page(
        "socle.cli", "past_file.html", locale, file=found, practice=practice, sealed_at=sealed_at,
        moment=_moment, statuses=STATUSES, labels=LABELS, shown=_shown, words=WORDS,
    )  # fmt: skip
    return pdf_from_html(html)


def _shown(name: str, value: Any) -> str:
    """Return a field's value as people write it."""
    if name == "phones":
        return ", ".join(" ".join(filter(None, (phones.shown(one["number"]), one["label"]))) for one in value)
    if name == "emails":
        return ", ".join(value)
    ways: dict[str, Callable[[str], str]] = {"birth_date": birth.shown, "nir": identifiers.shown}
    return ways.get(name, str)(value)


def _moment(value: datetime) -> str:
    return f"{value.astimezone(PARIS):%d/%m/%Y %H:%M}"
