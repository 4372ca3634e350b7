"""What is left to settle in the agenda: past appointments nobody closed, appointments booked while somebody is away."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from socle.foundation.database import now
from socle.practice.agenda import local_time
from socle.practice.agenda.models import Absence, Appointment, Status

DAYS_BACK, DAYS_AHEAD = 30, 90
STILL_OPEN = (Status.BOOKED.value, Status.ARRIVED.value)


@dataclass(frozen=True, slots=True)
class LooseEnd:
    """How many appointments, and the day of the first one, where somebody can begin."""

    count: int
    first_day: date


def past_and_open(session: Session, practitioner_ids: Collection[int]) -> LooseEnd | None:
    """Return the appointments of the last 30 days before today that are marked neither seen nor missed."""
    today = local_time.day_span(local_time.local_day(now(session))).start
    return _first(
        session,
        practitioner_ids,
        Appointment.starts_at >= today - timedelta(days=DAYS_BACK),
        Appointment.starts_at < today,
        Appointment.status.in_(STILL_OPEN),
    )


def booked_while_away(session: Session, practitioner_ids: Collection[int]) -> LooseEnd | None:
    """Return the appointments of the next 90 days that fall into an absence of their practitioner."""
    moment = now(session)
    absent = (
        select(Absence.id)
        .where(
            Absence.practitioner_id == Appointment.practitioner_id,
            Absence.starts_at < Appointment.ends_at,
            Absence.ends_at > Appointment.starts_at,
        )
        .exists()
    )
    return _first(
        session,
        practitioner_ids,
        Appointment.starts_at >= moment,
        Appointment.starts_at < moment + timedelta(days=DAYS_AHEAD),
        Appointment.status == Status.BOOKED.value,
        absent,
    )


def _first(session: Session, practitioner_ids: Collection[int], *conditions: ColumnElement[bool]) -> LooseEnd | None:
    count, first = session.execute(
        select(func.count(), func.min(Appointment.starts_at)).where(
            Appointment.practitioner_id.in_(practitioner_ids), *conditions
        )
    ).one()
    return LooseEnd(count, local_time.local_day(first)) if count else None
