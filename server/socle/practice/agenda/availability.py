"""Whether a practitioner's time is taken, open, or only free with a warning."""

from datetime import timedelta

from sqlalchemy import bindparam, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from socle.identity.people.models import Account
from socle.practice.agenda import local_time
from socle.practice.agenda.absences import absences_between
from socle.practice.agenda.errors import DuringAbsence, OutsideOpeningHours, SlotTaken
from socle.practice.agenda.free_slots import Neighbours, free_slots, neighbours
from socle.practice.agenda.models import HOLDING, LONGEST, NO_OVERLAP, Appointment
from socle.practice.agenda.opening_hours import hours_of
from socle.practice.agenda.spans import Span, subtract
from socle.practice.agenda.weekly_hours import open_spans

_appointment = Appointment.__table__.c
_touching = (
    select(_appointment.starts_at, _appointment.ends_at, _appointment.id)
    .where(
        _appointment.practitioner_id == bindparam("practitioner_id"),
        _appointment.starts_at < bindparam("end"),
        _appointment.starts_at > bindparam("earliest"),
        _appointment.ends_at > bindparam("start"),
        _appointment.status.in_([status.value for status in HOLDING]),
    )
    .order_by(_appointment.starts_at)
)


def taken_between(session: Session, practitioner_id: int, within: Span, leaving_out: int | None = None) -> list[Span]:
    """Return the time held by appointments that touch the span, in order; `leaving_out` is one that does not count."""
    rows = session.execute(
        _touching,
        {
            "practitioner_id": practitioner_id,
            "start": within.start,
            "end": within.end,
            "earliest": within.start - LONGEST,
        },
    )
    return [Span(starts_at, ends_at) for starts_at, ends_at, number in rows if number != leaving_out]


def open_time(session: Session, practitioner_id: int, within: Span) -> list[Span]:
    """Return the opening hours less the absences, over the whole local days that the span touches."""
    first = local_time.local_day(within.start)
    days = (local_time.local_day(within.end) - first).days + 1
    hours = hours_of(session, [practitioner_id])[practitioner_id]
    away = [absence.span for absence in absences_between(session, [practitioner_id], local_time.day_span(first, days))]
    return subtract(open_spans(hours, first, days), away)


def free_between(
    session: Session, practitioner_id: int, within: Span, length: timedelta, step: timedelta
) -> list[Span]:
    """Return the free slots of a practitioner inside the span, on the clock's grid."""
    days = open_time(session, practitioner_id, within)
    inside = subtract(days, subtract(days, [within]))
    return list(free_slots(inside, taken_between(session, practitioner_id, within), length, step))


def free_neighbours(session: Session, practitioner_id: int, wanted: Span, leaving_out: int | None = None) -> Neighbours:
    """Return the free slots nearest to `wanted`, on the same local day."""
    day = local_time.day_span(local_time.local_day(wanted.start))
    taken = taken_between(session, practitioner_id, day, leaving_out)
    return neighbours(wanted, open_time(session, practitioner_id, wanted), taken)


def refuse_if_taken(session: Session, practitioner_id: int, wanted: Span, leaving_out: int | None = None) -> None:
    """Raise SlotTaken, with the free neighbours, if another appointment holds any of this time."""
    if taken_between(session, practitioner_id, wanted, leaving_out):
        raise SlotTaken(free_neighbours(session, practitioner_id, wanted, leaving_out))


def warn_if_unusual(session: Session, practitioner_id: int, wanted: Span) -> None:
    """Raise DuringAbsence or OutsideOpeningHours if a person should look twice before this time is used."""
    first, last = local_time.local_day(wanted.start), local_time.local_day(wanted.end)
    if absences_between(session, [practitioner_id], wanted):
        raise DuringAbsence(practitioner=_name(session, practitioner_id))
    hours = hours_of(session, [practitioner_id])[practitioner_id]
    if not any(span.covers(wanted) for span in open_spans(hours, first, (last - first).days + 1)):
        raise OutsideOpeningHours(practitioner=_name(session, practitioner_id))


def _name(session: Session, practitioner_id: int) -> str:
    return session.execute(select(Account.display_name).where(Account.id == practitioner_id)).scalar() or "?"


def is_double_booking(error: IntegrityError) -> bool:
    """Whether the database itself refused two appointments at once."""
    return NO_OVERLAP in str(error.orig)
