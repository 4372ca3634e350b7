"""From the practice's clock on the wall to instants and back, over both clock changes of the year.

The two rules, after Python's `fold` (PEP 495) and RFC 5545 section 3.3.5:

* an hour that exists twice (the last Sunday of October) means its first passage, unless the later one is asked for;
* an hour that does not exist (the last Sunday of March) is refused where a person chose it, and in a series moves to
  the time the clock shows instead, one hour later (02:30 becomes 03:30).
"""

from datetime import UTC, date, datetime, time, timedelta

from socle.foundation.clock import PARIS
from socle.foundation.errors import N_, SocleError
from socle.practice.agenda.spans import Span


class TimeDoesNotExist(SocleError):
    """The wall clock skips this time when summer time begins."""

    code = "AGENDA-NO-SUCH-TIME"
    message = N_("%(time)s does not exist on that day: the clocks go forward.")
    hint = N_("Choose a time before or after the missing hour.")
    kind = "invalid"


def exists(wall: datetime) -> bool:
    """Whether the naive wall time is shown by the practice's clock on that day."""
    aware = wall.replace(tzinfo=PARIS)
    return aware.astimezone(UTC).astimezone(PARIS).replace(tzinfo=None, fold=0) == wall.replace(fold=0)


def instant(wall: datetime) -> datetime:
    """Return the instant, in UTC, of a naive wall time a person chose (`fold=1` asks for the second passage).

    Raises TimeDoesNotExist inside the missing hour.
    """
    if not exists(wall):
        raise TimeDoesNotExist(time=wall.strftime("%H:%M"))
    return wall.replace(tzinfo=PARIS).astimezone(UTC)


def shifted_instant(day: date, at: time) -> datetime:
    """Return the instant of a time of day on `day`; inside the missing hour, of the time shown instead."""
    return datetime.combine(day, at, tzinfo=PARIS).astimezone(UTC)


def wall_time(moment: datetime) -> datetime:
    """Return the naive wall time of an instant (its `fold` is 1 in the second passage of the doubled hour)."""
    return moment.astimezone(PARIS).replace(tzinfo=None)


def local_day(moment: datetime) -> date:
    """Return the practice's date at an instant."""
    return moment.astimezone(PARIS).date()


def day_span(first: date, days: int = 1) -> Span:
    """Return the instants of `days` whole local days from midnight: 23 to 25 hours each."""
    start = datetime.combine(first, time(), tzinfo=PARIS)
    end = datetime.combine(first + timedelta(days=days), time(), tzinfo=PARIS)
    return Span(start.astimezone(UTC), end.astimezone(UTC))


def monday_of(day: date) -> date:
    """Return the Monday of the week `day` is in."""
    return day - timedelta(days=day.weekday())
