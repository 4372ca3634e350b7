"""What the agenda's forms say, read from text into values; nonsense gets an error in words."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar

from socle.foundation.errors import N_, SocleError
from socle.practice.agenda import local_time
from socle.practice.agenda.booking import Booking, span_from
from socle.practice.agenda.errors import DateTooFar
from socle.practice.agenda.repeating import WeeklyRepeat
from socle.practice.agenda.spans import Span

LARGEST_NUMBER = 2**53
MOST_MINUTES = 7 * 24 * 60
"""Any longer length is as wrong as this one, and no date is counted from it."""
YEARS = range(1900, 2200)
Day = TypeVar("Day", date, datetime)
_CLOCK = re.compile(r"\s*(?P<hour>\d{1,2})\s*(?:[:hH.]\s*(?P<minute>\d{2})?\s*)?", re.ASCII)
_DIGITS = re.compile(r"\s*(?P<hour>\d{1,2})(?P<minute>\d{2})\s*", re.ASCII)


class FieldWrong(SocleError):
    """A field of the form is missing, or is not what it should be."""

    code = "AGENDA-FIELD-WRONG"
    message = N_("The date, the time or another field of this form is missing or wrong.")
    hint = N_("Nothing was changed. Complete the form and send it again.")
    kind = "invalid"


class PatientNotChosen(SocleError):
    """Nobody was chosen in the list."""

    code = "AGENDA-PATIENT-NOT-CHOSEN"
    message = N_("Choose the patient in the list first.")
    hint = N_("Type a few letters of the name, then choose with the arrows and Enter.")
    kind = "invalid"


def number(fields: Mapping[str, str], name: str) -> int:
    """Return a whole number; FieldWrong if it is none, or absurdly large."""
    text = fields.get(name, "").strip()
    if not text.isascii() or not text.isdigit() or int(text[:17]) > LARGEST_NUMBER or len(text) > 16:
        raise FieldWrong()
    return int(text)


def version(fields: Mapping[str, str]) -> int:
    """Return the version of what was on the page; FieldWrong if no row can have it (its column holds 32 bits)."""
    found = number(fields, "version")
    if found >= 2**31:
        raise FieldWrong()
    return found


def day(text: str) -> date:
    """Return a day written 2026-11-23."""
    try:
        found = date.fromisoformat(text)
    except ValueError as error:
        raise FieldWrong() from error
    return _believable(found)


def _believable(day: Day) -> Day:
    """Return the day or moment, unless its year is one that calendars cannot count from."""
    if day.year not in YEARS:
        raise DateTooFar()
    return day


def moment(text: str, present: datetime | None = None) -> datetime:
    """Return the instant of a wall time (or of a time with its own offset).

    If it reads like `present`, it is `present`: in the doubled hour, what does not move stays where it is.
    """
    try:
        wall = _believable(datetime.fromisoformat(text))
    except ValueError as error:
        raise FieldWrong() from error
    if wall.tzinfo is not None:
        return wall.astimezone(UTC)
    if present is not None and local_time.wall_time(present).replace(fold=0) == wall:
        return present
    return local_time.instant(wall)


def start(fields: Mapping[str, str], present: datetime | None = None) -> datetime:
    """Return the start: in one field `start`, or in two, `date` and `time`."""
    if fields.get("start"):
        return moment(fields["start"], present)
    at = clock(fields.get("time", ""))
    return moment(datetime.combine(day(fields.get("date", "")), at).isoformat(), present)


def span(fields: Mapping[str, str], present: datetime | None = None) -> Span:
    """Return the span: the start, and the length in `minutes`."""
    return span_from(start(fields, present), timedelta(minutes=min(number(fields, "minutes"), MOST_MINUTES)))


def booking(fields: Mapping[str, str]) -> Booking:
    """Return what a booking form asks for."""
    if not fields.get("patient"):
        raise PatientNotChosen()
    return Booking(
        number(fields, "practitioner"), number(fields, "patient"), number(fields, "type"), span(fields),
        fields.get("note", ""),
    )  # fmt: skip


def repeat(fields: Mapping[str, str]) -> WeeklyRepeat | None:
    """Return the repetition asked for, or None for a single appointment."""
    if fields.get("repeat", "0") in {"", "0"}:
        return None
    return WeeklyRepeat(weeks_apart=number(fields, "repeat"), count=number(fields, "count"))


def confirmed(fields: Mapping[str, str]) -> bool:
    """Tell whether the person has said yes to an unusual time."""
    return fields.get("confirmed") == "1"


def clock(text: str) -> time:
    """Return a time of day however people type it: 8:30, 08:30, 8h30, 8 h, 8.30, 830, 0830, 8."""
    found = _CLOCK.fullmatch(text) or _DIGITS.fullmatch(text)
    if found is None:
        raise FieldWrong()
    try:
        return time(int(found["hour"]), int(found["minute"] or 0))
    except ValueError as error:
        raise FieldWrong() from error


def clock_minutes(text: str) -> int:
    """Return the minutes from midnight of a time of day; 24:00 is 1440."""
    if text.strip() in {"24:00", "24 h", "24h", "24"}:
        return 1440
    at = clock(text)
    return at.hour * 60 + at.minute
