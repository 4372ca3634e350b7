"""Changing appointments: moved, lengthened, marked, cancelled, restored. Who loses a race is told who won it."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from socle.foundation.database import now
from socle.identity.actor import Actor
from socle.identity.audit import trail
from socle.identity.people.models import Account
from socle.practice.agenda import changes
from socle.practice.agenda.availability import is_double_booking, refuse_if_taken, warn_if_unusual
from socle.practice.agenda.booking import check_date, checked_text
from socle.practice.agenda.errors import (
    SOMEBODY,
    AppointmentMissing,
    ChangedMeanwhile,
    NotCancellable,
    NotMovable,
    PartyMissing,
    ReasonMissing,
    SlotTaken,
)
from socle.practice.agenda.models import HOLDING, Appointment, Status
from socle.practice.agenda.practitioners import refuse_if_left
from socle.practice.agenda.spans import Span

MOVABLE = (Status.BOOKED, Status.ARRIVED)

_current = select(
    Appointment.practitioner_id,
    Appointment.starts_at,
    Appointment.ends_at,
    Appointment.status,
    Appointment.version,
    Appointment.series_id,
    Account.display_name.label("who"),
).outerjoin(Account, Account.id == Appointment.changed_by)


def _as_seen(session: Session, appointment_id: int, version: int) -> Row[*tuple[Any, ...]]:
    """Return the appointment if it is still the version the person saw."""
    row = session.execute(_current.where(Appointment.id == appointment_id)).one_or_none()
    if row is None:
        raise AppointmentMissing()
    if row.version != version:
        raise ChangedMeanwhile(who=row.who or SOMEBODY)
    return row


def _change(
    session: Session, actor: Actor, revision: int, appointment_id: int, version: int, action: str, **values: object
) -> None:
    """Write a change of the version the person saw. The agenda's lock is held, so nobody comes in between."""
    stamp = {"version": version + 1, "revision": revision, "changed_at": now(session), "changed_by": actor.account_id}
    statement = (
        update(Appointment)
        .where(Appointment.id == appointment_id, Appointment.version == version)
        .values(**values, **stamp)
        .returning(Appointment.id)
    )
    try:
        session.execute(statement, execution_options={"synchronize_session": False}).scalar_one()
    except IntegrityError as error:
        raise (SlotTaken() if is_double_booking(error) else PartyMissing()) from error
    trail.record(session, actor, action, "appointment", appointment_id, values)


def move(
    session: Session,
    actor: Actor,
    appointment_id: int,
    version: int,
    practitioner_id: int,
    span: Span,
    *,
    confirmed: bool = False,
) -> None:
    """Move or resize an appointment.

    Raises ChangedMeanwhile if `version` is not the present one, NotMovable if it is over, PractitionerLeft if it would
    come to somebody who left, SlotTaken with the free neighbours, OutsideOpeningHours or DuringAbsence unless
    `confirmed` (a place it had already is not asked about).
    """
    check_date(session, span)
    revision = changes.next_revision(session)
    row = _as_seen(session, appointment_id, version)
    if row.status not in MOVABLE:
        raise NotMovable()
    if practitioner_id != row.practitioner_id:
        refuse_if_left(session, practitioner_id)
    refuse_if_taken(session, practitioner_id, span, leaving_out=appointment_id)
    stays_inside = practitioner_id == row.practitioner_id and Span(row.starts_at, row.ends_at).covers(span)
    if not confirmed and not stays_inside:
        warn_if_unusual(session, practitioner_id, span)
    _change(
        session, actor, revision, appointment_id, version, "appointment.moved",
        practitioner_id=practitioner_id, starts_at=span.start, ends_at=span.end,
    )  # fmt: skip


def mark(session: Session, actor: Actor, appointment_id: int, version: int, status: Status) -> None:
    """Say that the patient is expected, has arrived, was seen, or did not come."""
    if status is Status.CANCELLED:
        raise NotCancellable()  # `cancel` asks for the reason
    revision = changes.next_revision(session)
    row = _as_seen(session, appointment_id, version)
    if row.status == Status.CANCELLED:
        raise NotCancellable()
    if status in HOLDING and row.status not in HOLDING:
        refuse_if_taken(session, row.practitioner_id, Span(row.starts_at, row.ends_at), leaving_out=appointment_id)
    _change(session, actor, revision, appointment_id, version, "appointment.marked", status=status.value)


def describe(session: Session, actor: Actor, appointment_id: int, version: int, type_id: int, note: str) -> None:
    """Change the type or the note."""
    revision = changes.next_revision(session)
    _as_seen(session, appointment_id, version)
    values = {"type_id": type_id, "note": checked_text(note)}
    _change(session, actor, revision, appointment_id, version, "appointment.described", **values)


def cancel(session: Session, actor: Actor, appointment_id: int, version: int, reason: str) -> None:
    """Cancel an appointment, saying why; its time is free again."""
    reason = checked_text(reason)
    if not reason:
        raise ReasonMissing()
    revision = changes.next_revision(session)
    row = _as_seen(session, appointment_id, version)
    if row.status not in MOVABLE:
        raise NotCancellable()
    _change(
        session, actor, revision, appointment_id, version, "appointment.cancelled",
        status=Status.CANCELLED.value, cancel_reason=reason,
    )  # fmt: skip


def cancel_following(session: Session, actor: Actor, appointment_id: int, version: int, reason: str) -> list[int]:
    """Cancel an appointment of a series and all the later ones that are still only booked; return their numbers."""
    cancel(session, actor, appointment_id, version, reason)
    row = session.execute(_current.where(Appointment.id == appointment_id)).one()
    if row.series_id is None:
        return [appointment_id]
    later = session.execute(_later_of_series(row.series_id, row.starts_at)).all()
    for number, its_version in later:
        cancel(session, actor, number, its_version, reason)
    return [appointment_id, *(number for number, _ in later)]


def _later_of_series(series_id: int, after: datetime) -> Any:
    return (
        select(Appointment.id, Appointment.version)
        .where(
            Appointment.series_id == series_id, Appointment.starts_at > after, Appointment.status == Status.BOOKED.value
        )
        .order_by(Appointment.starts_at)
    )


def restore(session: Session, actor: Actor, appointment_id: int, version: int) -> None:
    """Take a cancellation back; SlotTaken with the free neighbours if its time went to somebody else meanwhile."""
    revision = changes.next_revision(session)
    row = _as_seen(session, appointment_id, version)
    if row.status != Status.CANCELLED:
        raise NotCancellable()
    refuse_if_taken(session, row.practitioner_id, Span(row.starts_at, row.ends_at), leaving_out=appointment_id)
    _change(
        session, actor, revision, appointment_id, version, "appointment.restored",
        status=Status.BOOKED.value, cancel_reason="",
    )  # fmt: skip
