"""Opening hours as a rule of the week, turned into instants for real days. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from socle.practice.agenda import local_time
from socle.practice.agenda.spans import Span, merge

MINUTES_A_DAY = 24 * 60


@dataclass(frozen=True, slots=True, order=True)
class Opening:
    """One stretch of one weekday: `weekday` 1 (Monday) to 7, minutes counted from midnight by the wall clock."""

    weekday: int
    from_minute: int
    to_minute: int

    def __post_init__(self) -> None:
        if not 1 <= self.weekday <= 7 or not 0 <= self.from_minute < self.to_minute <= MINUTES_A_DAY:
            raise ValueError(f"no such stretch of a week: {self}")


def _span(day: date, opening: Opening) -> Span | None:
    start = _moment(day, opening.from_minute)
    end = _moment(day, opening.to_minute)
    # A stretch inside the missing hour of March has no time at all.
    return Span(start, end) if start < end else None


def _moment(day: date, minute: int) -> datetime:
    if minute == MINUTES_A_DAY:
        return local_time.day_span(day).end
    return local_time.shifted_instant(day, time(minute // 60, minute % 60))


def open_spans(openings: Iterable[Opening], first: date, days: int = 1) -> list[Span]:
    """Return the open time of `days` local days from `first`, in order, as instants."""
    by_weekday: dict[int, list[Opening]] = {}
    for opening in openings:
        by_weekday.setdefault(opening.weekday, []).append(opening)
    spans = []
    for number in range(days):
        day = first + timedelta(days=number)
        spans += [span for opening in by_weekday.get(day.isoweekday(), ()) if (span := _span(day, opening))]
    return merge(spans)
