"""Reading the agenda: every list is one bounded index range, with the patient's name in the same query."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Row, bindparam, select
from sqlalchemy.orm import Session

from socle.identity.people.models import Account
from socle.practice.agenda.errors import AppointmentMissing
from socle.practice.agenda.models import LONGEST, Appointment, AppointmentType, Status
from socle.practice.agenda.spans import Span
from socle.practice.patients.models import Patient

AppointmentRow = Row[*tuple[Any, ...]]
"""One appointment with its patient's names: the columns of `appointment_rows`, by name."""

HistoryRow = Row[*tuple[Any, ...]]
"""One line of a patient's history: id, starts_at, status, type_name, practitioner_name."""

MOST_ROWS = 5_000
"""More appointments than 50 practitioners keep in a full week: a bound, not a page size."""


# Columns of the tables rather than of the classes: a list pays nothing for what the object layer could do.
_appointment, _patient = Appointment.__table__.c, Patient.__table__.c
_ROWS = select(
    _appointment.id,
    _appointment.practitioner_id,
    _appointment.starts_at,
    _appointment.ends_at,
    _appointment.status,
    _appointment.type_id,
    _appointment.version,
    _appointment.series_id,
    _appointment.note,
    _appointment.patient_id,
    _patient.used_family_name,
    _patient.birth_family_name,
    _patient.used_given_name,
    _patient.first_given_name,
    _patient.sex,
    _patient.birth_date,
).join_from(Appointment.__table__, Patient.__table__, _patient.id == _appointment.patient_id)
_between = (
    _ROWS.where(
        _appointment.practitioner_id.in_(bindparam("practitioner_ids", expanding=True)),
        _appointment.starts_at > bindparam("earliest"),
        _appointment.starts_at < bindparam("end"),
        _appointment.ends_at > bindparam("start"),
        _appointment.status != Status.CANCELLED.value,
    )
    .order_by(_appointment.practitioner_id, _appointment.starts_at)
    .limit(MOST_ROWS)
)
_after = (
    _ROWS.where(_appointment.revision > bindparam("since")).order_by(_appointment.revision).limit(bindparam("most"))
)
_one = _ROWS.add_columns(_appointment.cancel_reason).where(_appointment.id == bindparam("number"))
_type, _account = AppointmentType.__table__, Account.__table__
_of_patient = (
    select(
        _appointment.id,
        _appointment.starts_at,
        _appointment.status,
        _type.c.name.label("type_name"),
        _account.c.display_name.label("practitioner_name"),
    )
    .join_from(Appointment.__table__, _type, _type.c.id == _appointment.type_id)
    .join(_account, _account.c.id == _appointment.practitioner_id)
    .where(_appointment.patient_id == bindparam("number"))
    .order_by(_appointment.starts_at.desc())
    .limit(bindparam("most"))
)
_of_series = _ROWS.where(_appointment.series_id == bindparam("number")).order_by(_appointment.starts_at)


def appointments_between(session: Session, practitioner_ids: Collection[int], within: Span) -> list[AppointmentRow]:
    """Return what touches the span, except what was cancelled, in order of practitioner and start.

    What goes past midnight belongs to both days.
    """
    values = {
        "practitioner_ids": list(practitioner_ids),
        "start": within.start,
        "end": within.end,
        "earliest": within.start - LONGEST,
    }
    return list(session.execute(_between, values).all())


def changed_after(session: Session, since: int, most: int) -> list[AppointmentRow]:
    """Return at most `most` appointments changed after revision `since`, cancelled ones too, in order of change."""
    return list(session.execute(_after, {"since": since, "most": most}).all())


def find(session: Session, appointment_id: int) -> AppointmentRow:
    """Return one appointment, whatever its status; AppointmentMissing if there is none."""
    row: AppointmentRow | None = session.execute(_one, {"number": appointment_id}).one_or_none()
    if row is None:
        raise AppointmentMissing()
    return row


def of_patient(session: Session, patient_id: int, most: int = 20) -> list[HistoryRow]:
    """Return a patient's latest appointments, newest first, cancelled ones included."""
    return list(session.execute(_of_patient, {"number": patient_id, "most": most}).all())


def series_of(session: Session, series_id: int) -> list[AppointmentRow]:
    """Return the appointments of a series in order."""
    return list(session.execute(_of_series, {"number": series_id}).all())
