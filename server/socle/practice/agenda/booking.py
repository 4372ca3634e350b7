"""Booking appointments, one or a whole series."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from socle.foundation.database import now
from socle.identity.actor import Actor
from socle.identity.audit import trail
from socle.practice.agenda import changes, local_time
from socle.practice.agenda.availability import is_double_booking, refuse_if_taken, warn_if_unusual
from socle.practice.agenda.errors import (
    DateTooFar,
    LengthWrong,
    PartyMissing,
    SeriesTaken,
    SlotTaken,
    TextTooLong,
)
from socle.practice.agenda.models import Appointment, AppointmentSeries, Status
from socle.practice.agenda.practitioners import refuse_if_left
from socle.practice.agenda.repeating import WeeklyRepeat, occurrences
from socle.practice.agenda.spans import Span

SHORTEST, LONGEST = timedelta(minutes=5), timedelta(hours=12)
MINUTE = timedelta(minutes=1)
FARTHEST = timedelta(days=3 * 366)
MOST_CHARACTERS = 500


@dataclass(frozen=True, slots=True)
class Booking:
    """What is to be booked."""

    practitioner_id: int
    patient_id: int
    type_id: int
    span: Span
    note: str = ""


def span_from(start: datetime, length: timedelta) -> Span:
    """Return the span of an appointment; LengthWrong unless it lasts 5 minutes to 12 hours in whole minutes."""
    if not SHORTEST <= length <= LONGEST or length % MINUTE or start.second or start.microsecond:
        raise LengthWrong()
    return Span(start, start + length)


def check_date(session: Session, span: Span) -> None:
    """Refuse a date far from today, which is a typing error."""
    if abs(span.start - now(session)) > FARTHEST:
        raise DateTooFar()


def checked_text(text: str) -> str:
    """Return the text without blanks around it and control characters inside; TextTooLong if it is a letter."""
    kept = "".join(letter for letter in text if letter.isprintable() or letter == "\n").strip()
    if len(kept) > MOST_CHARACTERS:
        raise TextTooLong(most=MOST_CHARACTERS)
    return kept


def book(session: Session, actor: Actor, booking: Booking, *, confirmed: bool = False) -> int:
    """Book one appointment and return its number.

    Raises PractitionerLeft, SlotTaken with the free neighbours; OutsideOpeningHours, DuringAbsence unless `confirmed`.
    """
    check_date(session, booking.span)
    refuse_if_left(session, booking.practitioner_id)
    revision = changes.next_revision(session)
    refuse_if_taken(session, booking.practitioner_id, booking.span)
    if not confirmed:
        warn_if_unusual(session, booking.practitioner_id, booking.span)
    number = _insert(session, actor, booking, revision, None)
    trail.record(session, actor, "appointment.booked", "appointment", number)
    return number


def book_series(
    session: Session,
    actor: Actor,
    booking: Booking,
    repeat: WeeklyRepeat,
    *,
    skip_taken: bool = False,
    confirmed: bool = False,
) -> list[int]:
    """Book a whole series and return the numbers, in order.

    One taken time refuses the whole (SeriesTaken names them all), unless `skip_taken`: then the free ones are booked.
    An unusual time is asked about once for the series.
    """
    wanted = _spans_of(booking, repeat)
    check_date(session, wanted[-1])
    refuse_if_left(session, booking.practitioner_id)
    revision = changes.next_revision(session)
    taken = [span for span in wanted if _raises(SlotTaken, refuse_if_taken, session, booking.practitioner_id, span)]
    free = [span for span in wanted if span not in taken]
    if taken and (not skip_taken or not free):
        raise SeriesTaken([span.start for span in taken])
    if not confirmed:
        for span in free:
            warn_if_unusual(session, booking.practitioner_id, span)
    values = {"weeks_apart": repeat.weeks_apart, "count": len(free)}
    series_id = session.execute(insert(AppointmentSeries).values(values).returning(AppointmentSeries.id)).scalar_one()
    numbers = [_insert(session, actor, replace(booking, span=span), revision, series_id) for span in free]
    trail.record(session, actor, "appointment.series.booked", "appointment_series", series_id)
    return numbers


def _spans_of(booking: Booking, repeat: WeeklyRepeat) -> list[Span]:
    wall = local_time.wall_time(booking.span.start)
    length = booking.span.length
    return [Span(start, start + length) for start in occurrences(wall.date(), wall.time(), repeat)]


def _raises(kind: type[Exception], check: Callable[..., None], *arguments: object) -> bool:
    try:
        check(*arguments)
    except kind:
        return True
    return False


def _insert(session: Session, actor: Actor, booking: Booking, revision: int, series_id: int | None) -> int:
    values = {
        "practitioner_id": booking.practitioner_id,
        "patient_id": booking.patient_id,
        "type_id": booking.type_id,
        "series_id": series_id,
        "starts_at": booking.span.start,
        "ends_at": booking.span.end,
        "status": Status.BOOKED.value,
        "note": checked_text(booking.note),
        "revision": revision,
        "changed_at": now(session),
        "changed_by": actor.account_id,
    }
    try:
        return session.execute(insert(Appointment).values(values).returning(Appointment.id)).scalar_one()
    except IntegrityError as error:
        raise (SlotTaken() if is_double_booking(error) else PartyMissing()) from error
