"""When jobs are due: local time, both clock changes, weekdays."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socle.foundation.clock import PARIS
from socle.jobs.schedule import Daily, Every

NIGHT = Daily(time(2, 30), PARIS)


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2026-11-23T02:29:59+01:00", "2026-11-22T02:30:00+01:00"),
        ("2026-11-23T02:30:00+01:00", "2026-11-23T02:30:00+01:00"),
        ("2026-11-23T23:00:00+01:00", "2026-11-23T02:30:00+01:00"),
        # 25 October 2026, 3 h becomes 2 h: the first passage of 2 h 30 counts
        ("2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+02:00"),
        # 29 March 2026 has no 2 h 30: it is due at the instant that 1 h + 90 min names
        ("2026-03-29T12:00:00+02:00", "2026-03-29T03:30:00+02:00"),
    ],
)
def test_a_nightly_job_is_due_once_a_night(now: str, due: str) -> None:
    assert NIGHT.last_due(datetime.fromisoformat(now)) == datetime.fromisoformat(due).astimezone(UTC)


def test_a_weekly_job_is_due_on_its_day() -> None:
    sunday = Daily(time(4), PARIS, weekday=6)
    assert sunday.last_due(datetime(2026, 11, 25, 12, tzinfo=UTC)) == datetime(2026, 11, 22, 3, tzinfo=UTC)


@given(st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(ZoneInfo("UTC"))))  # noqa: DTZ001
def test_the_last_due_moment_is_never_ahead_and_at_most_a_day_and_an_hour_old(now: datetime) -> None:
    due = NIGHT.last_due(now)
    assert timedelta() <= now - due <= timedelta(hours=25)


def test_every_ten_minutes_all_processes_agree() -> None:
    every = Every(timedelta(minutes=10))
    assert every.last_due(datetime(2026, 11, 23, 9, 17, 5, tzinfo=UTC)) == datetime(2026, 11, 23, 9, 10, tzinfo=UTC)
