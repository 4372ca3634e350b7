"""When a repeating appointment falls: counted in the practice's local time, so that nine o'clock stays nine o'clock."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from socle.foundation.errors import N_, SocleError
from socle.practice.agenda import local_time

MOST_OCCURRENCES = 60
"""A course of care is a few dozen sessions; more is a slip of the finger."""

MOST_WEEKS_APART = 26


class RepeatTooLong(SocleError):
    """The series asked for is longer than any course of care."""

    code = "AGENDA-REPEAT-TOO-LONG"
    message = N_("A series holds 2 to %(most)s appointments, 1 to %(weeks)s weeks apart.")
    hint = N_("Shorten the series; another can follow it later.")
    kind = "invalid"


@dataclass(frozen=True, slots=True)
class WeeklyRepeat:
    """A series: `count` appointments in all, on the same weekday and wall time, every `weeks_apart` weeks."""

    weeks_apart: int
    count: int

    def __post_init__(self) -> None:
        if not 1 <= self.weeks_apart <= MOST_WEEKS_APART or not 2 <= self.count <= MOST_OCCURRENCES:
            raise RepeatTooLong(most=MOST_OCCURRENCES, weeks=MOST_WEEKS_APART)


def occurrences(first: date, at: time, repeat: WeeklyRepeat) -> list[datetime]:
    """Return the start of every appointment of the series, in UTC.

    The wall time is the same on each day, summer and winter; on a day when it does not exist, the appointment starts
    at the time the clock shows instead, and the following ones are at their own time again.
    """
    step = timedelta(weeks=repeat.weeks_apart)
    return [local_time.shifted_instant(first + step * number, at) for number in range(repeat.count)]
