"""Invents years of an agenda: courses of care at the same weekday and time, holidays, cancellations. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random

from dateutil.easter import easter

from socle.practice.agenda import local_time
from socle.practice.agenda.models import Status
from socle.practice.agenda.weekly_hours import Opening
from socle.practice.demonstration import words

FIRST_VISIT, SESSION, SHORT, LONG = range(4)
"""Places in the sequence of appointment types: assessment, ordinary session, short and long session."""


@dataclass(frozen=True, slots=True)
class Planned:
    """One invented appointment; `type_place` is a place in the sequence of types."""

    practitioner_id: int
    patient_id: int
    type_place: int
    starts_at: datetime
    ends_at: datetime
    status: Status
    cancel_reason: str


@dataclass(frozen=True)
class Practice:
    """What the agenda is filled for. `slot_minutes` apart, `filled` of the slots taken, weeks of leave in `away`."""

    practitioner_id: int
    patient_ids: Sequence[int]
    openings: Sequence[Opening]
    slot_minutes: int
    filled: float
    away: frozenset[date]


@dataclass(slots=True)
class _Course:
    patient_id: int
    left: int
    type_place: int
    started: bool = False


def days_off(first: date, last: date) -> frozenset[date]:
    """Return the public holidays of metropolitan France between two days (Code du travail, article L3133-1)."""
    found = set()
    for year in range(first.year, last.year + 1):
        sunday = easter(year)
        found |= {sunday + timedelta(days=days) for days in (1, 39, 50)}
        fixed = ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25))
        found |= {date(year, month, day) for month, day in fixed}
    return frozenset(day for day in found if first <= day <= last)


def planned(practice: Practice, first: date, last: date, now: datetime, seed: int) -> Iterator[Planned]:
    """Yield one practitioner's appointments from `first` to `last`, in order, none overlapping another."""
    random = Random(f"{seed}-{practice.practitioner_id}")  # noqa: S311 - invented agendas need no secret randomness
    courses: dict[tuple[int, int], _Course] = {}
    closed = days_off(first, last) | practice.away
    day = first
    while day <= last:
        if day not in closed:
            for opening in practice.openings:
                if opening.weekday == day.isoweekday():
                    yield from _stretch(practice, opening, day, now, courses, random)
        day += timedelta(days=1)


def length(type_place: int, slot_minutes: int) -> int:
    """Return how many minutes an appointment of a type takes."""
    return slot_minutes * 2 // 3 if type_place == SHORT else slot_minutes


def _stretch(
    practice: Practice,
    opening: Opening,
    day: date,
    now: datetime,
    courses: dict[tuple[int, int], _Course],
    random: Random,
) -> Iterator[Planned]:
    # The further ahead, the emptier: nobody books three months of sessions in one go.
    ahead = max(0, (day - now.date()).days)
    filled = practice.filled * max(0.15, 1 - ahead / 70)
    for minute in range(opening.from_minute, opening.to_minute - practice.slot_minutes + 1, practice.slot_minutes):
        course = courses.get((day.weekday(), minute))
        if course is None or course.left == 0:
            if random.random() > filled:
                continue
            course = _new_course(practice, random)
            courses[day.weekday(), minute] = course
        elif random.random() > filled + 0.06:
            continue
        course.left -= 1
        yield _one(practice, course, day, minute, now, random)
        course.started = True


def _new_course(practice: Practice, random: Random) -> _Course:
    kind = random.choices((SESSION, SHORT, LONG), weights=(8, 2, 1))[0]
    return _Course(random.choice(practice.patient_ids), random.choice((5, 8, 10, 10, 12, 15, 20)), kind)


def _one(practice: Practice, course: _Course, day: date, minute: int, now: datetime, random: Random) -> Planned:
    starts_at = local_time.shifted_instant(day, time(minute // 60, minute % 60))
    place = course.type_place if course.started else FIRST_VISIT
    ends_at = starts_at + timedelta(minutes=length(place, practice.slot_minutes))
    status, reason = _outcome(starts_at, ends_at, now, random)
    return Planned(practice.practitioner_id, course.patient_id, place, starts_at, ends_at, status, reason)


def _outcome(starts_at: datetime, ends_at: datetime, now: datetime, random: Random) -> tuple[Status, str]:
    draw = random.random()
    if draw < 0.04:
        return Status.CANCELLED, random.choice(words.CANCEL_REASONS)
    if ends_at <= now:
        return (Status.MISSED, "") if draw < 0.06 else (Status.SEEN, "")
    if starts_at - timedelta(minutes=10) <= now:
        return Status.ARRIVED, ""
    return Status.BOOKED, ""
