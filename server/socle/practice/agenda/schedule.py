"""Reading the agenda: every list is one bounded index range, with the patient's name in the same query."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from socle.practice.agenda.errors import AppointmentMissing
from socle.practice.agenda.models import Appointment, Status
from socle.practice.agenda.spans import Span
from socle.practice.patients.models import Patient

AppointmentRow = Row[*tuple[Any, ...]]
"""One appointment with its patient's names: the columns of `appointment_rows`, by name."""

MOST_ROWS = 5_000
"""More appointments than 50 practitioners keep in a full week: a bound, not a page size."""


def appointment_rows() -> Select[*tuple[Any, ...]]:
    """Select appointments as rows with plain columns, the patient's names among them; callers add the range."""
    return select(
        Appointment.id,
        Appointment.practitioner_id,
        Appointment.starts_at,
        Appointment.ends_at,
        Appointment.status,
        Appointment.type_id,
        Appointment.version,
        Appointment.series_id,
        Appointment.note,
        Appointment.patient_id,
        Patient.used_family_name,
        Patient.birth_family_name,
        Patient.used_given_name,
        Patient.first_given_name,
        Patient.sex,
        Patient.birth_date,
    ).join(Patient, Patient.id == Appointment.patient_id)


def appointments_between(session: Session, practitioner_ids: Collection[int], within: Span) -> list[AppointmentRow]:
    """Return what starts within the span, except what was cancelled, in order of practitioner and start."""
    return list(
        session.execute(
            appointment_rows()
            .where(
                Appointment.practitioner_id.in_(practitioner_ids),
                Appointment.starts_at >= within.start,
                Appointment.starts_at < within.end,
                Appointment.status != Status.CANCELLED,
            )
            .order_by(Appointment.practitioner_id, Appointment.starts_at)
            .limit(MOST_ROWS)
        ).all()
    )


def find(session: Session, appointment_id: int) -> AppointmentRow:
    """Return one appointment, whatever its status; AppointmentMissing if there is none."""
    row = session.execute(
        appointment_rows().add_columns(Appointment.cancel_reason).where(Appointment.id == appointment_id)
    ).one_or_none()
    if row is None:
        raise AppointmentMissing()
    return row


def of_patient(session: Session, patient_id: int, most: int = 20) -> list[AppointmentRow]:
    """Return a patient's latest appointments, newest first, cancelled ones included."""
    return list(
        session.execute(
            appointment_rows()
            .where(Appointment.patient_id == patient_id)
            .order_by(Appointment.starts_at.desc())
            .limit(most)
        ).all()
    )


def series_of(session: Session, series_id: int) -> list[AppointmentRow]:
    """Return the appointments of a series in order."""
    return list(
        session.execute(
            appointment_rows().where(Appointment.series_id == series_id).order_by(Appointment.starts_at)
        ).all()
    )
