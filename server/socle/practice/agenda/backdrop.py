"""What lies behind the appointments: closed time, absences, and from when to when a day is drawn."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from socle.practice.agenda import local_time
from socle.practice.agenda.absences import Away, absences_between
from socle.practice.agenda.opening_hours import hours_of
from socle.practice.agenda.spans import Span, subtract
from socle.practice.agenda.weekly_hours import Opening, open_spans

ORDINARY_DAY = (8, 19)


@dataclass(frozen=True, slots=True)
class Backdrop:
    """Closed spans by practitioner, absences, and the hours of the clock (first, last) between which a day is drawn."""

    closed: dict[int, list[Span]]
    absences: list[Away]
    drawn_hours: tuple[int, int]


def backdrop(session: Session, practitioner_ids: Collection[int], first: date, days: int) -> Backdrop:
    """Return the backdrop of `days` local days from `first`."""
    hours = hours_of(session, practitioner_ids)
    whole = [local_time.day_span(first, days)]
    return Backdrop(
        {number: subtract(whole, open_spans(openings, first, days)) for number, openings in hours.items()},
        absences_between(session, practitioner_ids, whole[0]),
        _drawn_hours([opening for openings in hours.values() for opening in openings]),
    )


def _drawn_hours(openings: list[Opening]) -> tuple[int, int]:
    if not openings:
        return ORDINARY_DAY
    first = min(opening.from_minute for opening in openings) // 60
    last = -(-max(opening.to_minute for opening in openings) // 60)
    return first, last
