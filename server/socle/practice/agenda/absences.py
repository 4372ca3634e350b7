"""When practitioners are away."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, insert, select
from sqlalchemy.orm import Session

from socle.identity.actor import Actor
from socle.identity.audit import trail
from socle.practice.agenda import changes
from socle.practice.agenda.errors import AbsenceMissing, AbsenceWrong
from socle.practice.agenda.models import Absence, AbsenceKind
from socle.practice.agenda.opening_hours import touch_backdrop
from socle.practice.agenda.spans import Span

LONGEST = timedelta(days=366)

_absence = Absence.__table__.c
_touching = (
    select(_absence.id, _absence.practitioner_id, _absence.starts_at, _absence.ends_at, _absence.kind)
    .where(
        _absence.practitioner_id.in_(bindparam("practitioner_ids", expanding=True)),
        _absence.starts_at < bindparam("end"),
        _absence.starts_at > bindparam("earliest"),
        _absence.ends_at > bindparam("start"),
    )
    .order_by(_absence.starts_at, _absence.id)
)


@dataclass(frozen=True, slots=True)
class Away:
    """An absence: who, when, why."""

    id: int
    practitioner_id: int
    span: Span
    kind: AbsenceKind


def absences_between(session: Session, practitioner_ids: Collection[int], within: Span) -> list[Away]:
    """Return the absences that touch the span, in order. An absence lasts at most a year, which bounds the range."""
    rows = session.execute(
        _touching,
        {
            "practitioner_ids": list(practitioner_ids),
            "start": within.start,
            "end": within.end,
            "earliest": within.start - LONGEST,
        },
    )
    return [
        Away(number, practitioner_id, Span(starts_at, ends_at), AbsenceKind(kind))
        for number, practitioner_id, starts_at, ends_at, kind in rows
    ]


def add_absence(
    session: Session, actor: Actor, practitioner_id: int, start: datetime, end: datetime, kind: AbsenceKind
) -> int:
    """Note that a practitioner is away and return the absence's number; PartyMissing. What is booked then stays."""
    if not timedelta(0) < end - start <= LONGEST:
        raise AbsenceWrong()
    revision = changes.next_revision(session)
    values = {"practitioner_id": practitioner_id, "starts_at": start, "ends_at": end, "kind": kind.value}
    touch_backdrop(session, practitioner_id, revision)
    number = session.execute(insert(Absence).values(values).returning(Absence.id)).scalar_one()
    trail.record(session, actor, "agenda.absence.added", "absence", number, ["starts_at", "ends_at", "kind"])
    return number


def remove_absence(session: Session, actor: Actor, absence_id: int) -> Away:
    """Take an absence away and return what it was, so that it can be put back."""
    revision = changes.next_revision(session)
    row = session.execute(
        delete(Absence)
        .where(Absence.id == absence_id)
        .returning(Absence.practitioner_id, Absence.starts_at, Absence.ends_at, Absence.kind),
        execution_options={"synchronize_session": False},
    ).one_or_none()
    if row is None:
        raise AbsenceMissing()
    touch_backdrop(session, row.practitioner_id, revision)
    trail.record(session, actor, "agenda.absence.removed", "absence", absence_id)
    return Away(absence_id, row.practitioner_id, Span(row.starts_at, row.ends_at), AbsenceKind(row.kind))
