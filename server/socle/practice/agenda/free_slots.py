"""Which times are free: pure rules over aware instants, no database."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from socle.practice.agenda.spans import Span, subtract

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The nearest free slots of the wanted length, one on each side; None where there is none."""

    before: Span | None
    after: Span | None


def free_spans(open_time: Iterable[Span], taken: Iterable[Span]) -> list[Span]:
    """Return the stretches inside opening hours that nothing takes, in order."""
    return subtract(open_time, taken)


def free_slots(open_time: Iterable[Span], taken: Iterable[Span], length: timedelta, step: timedelta) -> Iterator[Span]:
    """Yield the free slots of `length`, in order, starting on the clock's grid.

    `step` must divide the hour (5, 10, 15, 20, 30 or 60 minutes): with 15, slots start at :00, :15, :30 and :45.
    Slots may overlap one another: each is a choice, not a plan.
    """
    if length <= timedelta(0) or step <= timedelta(0) or HOUR % step:
        raise ValueError(f"a slot needs a positive length and a step that divides the hour, not {length} and {step}")
    for gap in free_spans(open_time, taken):
        past_the_hour = timedelta(
            minutes=gap.start.minute, seconds=gap.start.second, microseconds=gap.start.microsecond
        )
        start = gap.start + (-past_the_hour) % step
        while start + length <= gap.end:
            yield Span(start, start + length)
            start += step


def neighbours(wanted: Span, open_time: Iterable[Span], taken: Iterable[Span]) -> Neighbours:
    """Return the free slots nearest to `wanted`, which is not free itself: of its length, one earlier, one later.

    They touch what surrounds them (the end of one appointment, the start of the next), so a day stays tight.
    """
    before: Span | None = None
    for gap in free_spans(open_time, taken):
        if gap.length < wanted.length:
            continue
        latest = min(gap.end - wanted.length, wanted.start)
        if latest >= gap.start:
            before = Span(latest, latest + wanted.length)
        earliest = max(gap.start, wanted.start)
        if earliest + wanted.length <= gap.end:
            return Neighbours(before, Span(earliest, earliest + wanted.length))
    return Neighbours(before, None)
