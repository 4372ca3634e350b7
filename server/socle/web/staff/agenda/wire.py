"""The agenda as compact JSON for its page: rows of plain values, all times as the practice's clock shows them."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache, partial
from typing import Any

import msgspec
from sqlalchemy.orm import Session

from socle.foundation.clock import PARIS
from socle.practice.agenda import changes, local_time
from socle.practice.agenda.backdrop import Backdrop, backdrop
from socle.practice.agenda.models import LONGEST
from socle.practice.agenda.schedule import AppointmentRow, appointments_between
from socle.practice.agenda.spans import Span

WHOLE_MINUTES = 16
"""Characters of an ISO time up to the minute: 2026-11-23T09:30."""

Clock = Callable[[datetime], str]


def wall(moment: datetime) -> str:
    """Return what the practice's clock shows, to the minute."""
    return moment.astimezone(PARIS).isoformat()[:WHOLE_MINUTES]


def _clock_for(within: Span) -> Clock:
    """Return a quick `wall` for some days: a fixed offset, except in the two weeks a year when the clock changes."""
    # What touches the first day may have begun the day before, what touches the last may end the day after.
    offset = (within.start - LONGEST).astimezone(PARIS).utcoffset()
    if offset is None or offset != (within.end + LONGEST).astimezone(PARIS).utcoffset():
        return wall

    return partial(_shifted, offset)


@lru_cache(maxsize=8192)
def _shifted(offset: timedelta, moment: datetime) -> str:
    return (moment + offset).isoformat()[:WHOLE_MINUTES]


def event(row: AppointmentRow, clock: Clock = wall) -> list[Any]:
    """Return one appointment as the page's script reads it (`store.js` names the places)."""
    (
        number, practitioner_id, starts_at, ends_at, status, type_id, version, series_id, note, patient_id,
        used_family, birth_family, used_given, first_given, *_,
    ) = row  # fmt: skip
    return [
        number, practitioner_id, clock(starts_at), clock(ends_at), status, type_id, version, series_id or 0,
        patient_id, (used_family or birth_family).upper(), used_given or first_given, note,
    ]  # fmt: skip


def events(rows: Iterable[AppointmentRow], clock: Clock = wall) -> list[list[Any]]:
    """Return several appointments."""
    return [event(row, clock) for row in rows]


Backdrops = dict[tuple[date, int, tuple[int, ...], int], msgspec.Raw]
"""Backdrops as JSON, by days, people and revision: a change gives another revision, so none is ever stale."""

MOST_KEPT = 64


def stretch(session: Session, people: Sequence[int], first: date, days: int, kept: Backdrops) -> bytes:
    """Return some days of some practitioners: `revision`, `events`, and the backdrop (from `kept` if it is there).

    The revision is read first: what is written meanwhile is in the events already and comes once more with the feed.
    """
    come = changes.revisions(session)
    within = local_time.day_span(first, days)
    clock = _clock_for(within)
    rows = appointments_between(session, people, within)
    key = (first, days, tuple(people), come.backdrop)
    background = kept.get(key)  # looked up once: another thread may clear what is kept at any moment
    if background is None:
        background = msgspec.Raw(msgspec.json.encode(_backdrop(backdrop(session, people, first, days), clock)))
        if len(kept) >= MOST_KEPT:
            kept.clear()
        kept[key] = background
    return msgspec.json.encode(
        {
            "first": first,
            "days": days,
            "people": people,
            "revision": come.agenda,
            "events": events(rows, clock),
            "backdrop": background,
        }
    )


def _backdrop(found: Backdrop, clock: Clock) -> dict[str, Any]:
    closed = [[number, clock(span.start), clock(span.end)] for number, spans in found.closed.items() for span in spans]
    away = [
        [absence.practitioner_id, wall(absence.span.start), wall(absence.span.end), absence.kind.value]
        for absence in found.absences
    ]
    return {"closed": closed, "away": away, "hours": found.drawn_hours}


def feed(found: changes.Changes) -> bytes:
    """Return the changes since a revision; `reload` asks the page to load its days again."""
    return msgspec.json.encode(
        {"revision": found.revision, "events": events(found.appointments), "reload": found.reload}
    )
