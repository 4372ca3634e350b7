"""Repeating appointments over both clock changes of the year."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socle.foundation.clock import PARIS
from socle.practice.agenda.repeating import MOST_OCCURRENCES, RepeatTooLong, WeeklyRepeat, occurrences

days = st.dates(min_value=date(2020, 1, 1), max_value=date(2045, 12, 31))
repeats = st.builds(
    WeeklyRepeat,
    weeks_apart=st.integers(min_value=1, max_value=26),
    count=st.integers(min_value=2, max_value=MOST_OCCURRENCES),
)


@given(days, st.times().map(lambda at: at.replace(second=0, microsecond=0, fold=0)), repeats)
def test_weekday_and_wall_time_stay(first: date, at: time, repeat: WeeklyRepeat) -> None:
    starts = occurrences(first, at, repeat)
    assert len(starts) == repeat.count
    for number, start in enumerate(starts):
        local = start.astimezone(PARIS)
        assert local.date() == first + timedelta(weeks=repeat.weeks_apart) * number
        # 02:xx does not exist once a year; that appointment alone is one hour later.
        assert local.time().replace(fold=0) in {at, at.replace(hour=at.hour + 1) if at.hour == 2 else at}


def test_nine_o_clock_stays_nine_o_clock_in_march() -> None:
    starts = occurrences(date(2026, 3, 27), time(9), WeeklyRepeat(weeks_apart=1, count=2))
    assert starts == [datetime(2026, 3, 27, 8, tzinfo=UTC), datetime(2026, 4, 3, 7, tzinfo=UTC)]


def test_nine_o_clock_stays_nine_o_clock_in_october() -> None:
    starts = occurrences(date(2026, 10, 23), time(9), WeeklyRepeat(weeks_apart=1, count=2))
    assert starts == [datetime(2026, 10, 23, 7, tzinfo=UTC), datetime(2026, 10, 30, 8, tzinfo=UTC)]


def test_the_missing_hour_moves_that_appointment_only() -> None:
    starts = occurrences(date(2026, 3, 22), time(2, 30), WeeklyRepeat(weeks_apart=1, count=3))
    assert [start.astimezone(PARIS).strftime("%d %H:%M") for start in starts] == ["22 02:30", "29 03:30", "05 02:30"]


@pytest.mark.parametrize(("weeks", "count"), [(0, 5), (27, 5), (1, 1), (1, MOST_OCCURRENCES + 1), (-1, 10**9)])
def test_absurd_series_are_refused(weeks: int, count: int) -> None:
    with pytest.raises(RepeatTooLong):
        WeeklyRepeat(weeks_apart=weeks, count=count)
