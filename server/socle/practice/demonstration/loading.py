"""Writes an invented practice into the database, in bulk, the same one for the same seed."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import DeclarativeBase, Session

from socle.foundation.database import now
from socle.identity.actor import Actor
from socle.identity.audit import trail
from socle.practice.agenda import changes, local_time
from socle.practice.agenda.models import (
    Absence,
    AbsenceKind,
    Appointment,
    AppointmentType,
    OpeningHours,
    PractitionerAgenda,
)
from socle.practice.agenda.weekly_hours import Opening
from socle.practice.demonstration import appointments, people
from socle.practice.patients.keys import rows_for
from socle.practice.patients.models import NameToken, Patient, PatientKey, PatientNameToken

BATCH = 2_000
TYPES = (
    ("Bilan initial", "violet"),
    ("Séance de rééducation", "teal"),
    ("Kinésithérapie respiratoire", "sky"),
    ("Drainage lymphatique", "sand"),
    ("Visite à domicile", "slate"),
)
MORNING, AFTERNOON = (8 * 60, 12 * 60), (14 * 60, 19 * 60)
Item = TypeVar("Item")


@dataclass(frozen=True)
class Size:
    """How large a practice: its patients, and how its agendas fill between two days."""

    patients: int
    first_day: date
    last_day: date
    slot_minutes: int = 30
    filled: float = 0.86


def load(session: Session, actor: Actor, practitioner_ids: Sequence[int], size: Size, seed: int) -> int:
    """Write patients and agendas; return the number of appointments. The database holds no patient before."""
    moment = now(session)
    types = _types(session, size.slot_minutes)
    patient_ids = _patients(session, actor, size, seed, moment)
    openings = {who: _openings(place) for place, who in enumerate(practitioner_ids)}
    away = {who: _away(session, who, place, size) for place, who in enumerate(practitioner_ids)}
    _agendas(session, openings)
    plans = (
        appointments.planned(
            appointments.Practice(
                who,
                patient_ids[place :: len(practitioner_ids)],
                openings[who],
                size.slot_minutes,
                size.filled,
                away[who],
            ),
            size.first_day,
            size.last_day,
            moment,
            seed,
        )
        for place, who in enumerate(practitioner_ids)
    )
    count = _appointments(session, (plan for plans_of_one in plans for plan in plans_of_one), types, moment)
    trail.record(session, actor, "demonstration.loaded", reason=f"{size.patients} patients, {count} appointments")
    return count


def _types(session: Session, slot_minutes: int) -> list[int]:
    rows = [
        {
            "name": name,
            "colour": colour,
            "minutes": appointments.length(place, slot_minutes),
            "position": place,
            "archived": False,
        }
        for place, (name, colour) in enumerate(TYPES)
    ]
    return list(
        session.scalars(insert(AppointmentType).returning(AppointmentType.id, sort_by_parameter_order=True), rows)
    )


def _patients(session: Session, actor: Actor, size: Size, seed: int, moment: datetime) -> list[int]:
    first_id = (session.scalar(select(func.max(Patient.id))) or 0) + 1
    ids = range(first_id, first_id + size.patients)
    known: set[str] = set()
    details = people.patients(size.patients, local_time.local_day(moment), seed)
    for batch in _batches(zip(ids, details, strict=True)):
        rows = [rows_for(detail, number, at=moment, by=actor.name) for number, detail in batch]
        _write(session, Patient, [row.patient for row in rows])
        _write(session, PatientNameToken, [token for row in rows for token in row.tokens])
        _write(session, PatientKey, [key for row in rows for key in row.keys])
        new = dict.fromkeys(word for row in rows for word in row.words if word not in known)
        known.update(new)
        _write(session, NameToken, [{"token": word} for word in new])
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.setval(func.pg_get_serial_sequence("patient", "id"), ids[-1])))
    return list(ids)


def _openings(place: int) -> list[Opening]:
    """Give each practitioner a week of their own: a free afternoon, Saturday mornings, Sunday morning's on-call."""
    free = place % 5
    stretches = [
        Opening(day + 1, *stretch)
        for day in range(5)
        for stretch in (MORNING, AFTERNOON)
        if not (day == free and stretch is AFTERNOON)
    ]
    weekend = {1: [6], 2: [7], 3: [6]}.get(place % 4, [])
    return [*stretches, *(Opening(day, *MORNING) for day in weekend)]


def _away(session: Session, practitioner_id: int, place: int, size: Size) -> frozenset[date]:
    """Give two weeks in summer, in turn, and the week after Christmas."""
    days: set[date] = set()
    rows = []
    for year in range(size.first_day.year, size.last_day.year + 1):
        summer = local_time.monday_of(date(year, 7, 10) + timedelta(weeks=place % 6))
        winter = local_time.monday_of(date(year, 12, 26))
        for start, length in ((summer, 14), (winter, 7)):
            if start < size.first_day or start > size.last_day:
                continue
            days |= {start + timedelta(days=number) for number in range(length)}
            span = local_time.day_span(start, length)
            rows.append({"starts_at": span.start, "ends_at": span.end, "kind": AbsenceKind.LEAVE})
    _write(session, Absence, [{"practitioner_id": practitioner_id, **row} for row in rows])
    return frozenset(days)


def _agendas(session: Session, openings: dict[int, list[Opening]]) -> None:
    revision = changes.next_revision(session)
    for who, stretches in openings.items():
        session.execute(
            update(PractitionerAgenda)
            .where(PractitionerAgenda.practitioner_id == who)
            .values(backdrop_revision=revision)
        )
        rows = [
            {"practitioner_id": who, "weekday": o.weekday, "from_minute": o.from_minute, "to_minute": o.to_minute}
            for o in stretches
        ]
        _write(session, OpeningHours, rows)


def _appointments(session: Session, plans: Iterator[appointments.Planned], types: list[int], moment: datetime) -> int:
    revision = changes.next_revision(session)
    count = 0
    for batch in _batches(plans):
        rows = [_row(plan, types, revision, moment) for plan in batch]
        _write(session, Appointment, rows)
        count += len(rows)
    return count


def _row(plan: appointments.Planned, types: list[int], revision: int, moment: datetime) -> dict[str, Any]:
    return {
        "practitioner_id": plan.practitioner_id,
        "patient_id": plan.patient_id,
        "type_id": types[plan.type_place],
        "starts_at": plan.starts_at,
        "ends_at": plan.ends_at,
        "status": plan.status,
        "cancel_reason": plan.cancel_reason,
        "revision": revision,
        "changed_at": moment,
    }


def _write(session: Session, model: type[DeclarativeBase], rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        session.execute(insert(model.__table__), rows)  # type: ignore[arg-type]


def _batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    pending = iter(items)
    while batch := list(islice(pending, BATCH)):
        yield batch
