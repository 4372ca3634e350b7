"""Opening hours of real days, clock changes included."""

from datetime import UTC, date, datetime, timedelta

import pytest

from socle.practice.agenda.spans import Span
from socle.practice.agenda.weekly_hours import Opening, open_spans

SUNDAY_NIGHT = Opening(7, 0, 24 * 60)
MORNING = Opening(1, 8 * 60, 12 * 60)
AFTERNOON = Opening(1, 14 * 60, 19 * 60)


def test_a_monday_in_winter_and_one_in_summer() -> None:
    assert open_spans([AFTERNOON, MORNING], date(2026, 11, 23)) == [
        Span(datetime(2026, 11, 23, 7, tzinfo=UTC), datetime(2026, 11, 23, 11, tzinfo=UTC)),
        Span(datetime(2026, 11, 23, 13, tzinfo=UTC), datetime(2026, 11, 23, 18, tzinfo=UTC)),
    ]
    assert open_spans([MORNING], date(2026, 7, 13))[0].start == datetime(2026, 7, 13, 6, tzinfo=UTC)


def test_a_week_holds_each_weekday_once() -> None:
    spans = open_spans([MORNING, AFTERNOON, SUNDAY_NIGHT], date(2026, 11, 18), 7)
    assert [span.start.day for span in spans] == [21, 23, 23]


@pytest.mark.parametrize(("sunday", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25)])
def test_a_whole_day_of_a_clock_change(sunday: date, hours: int) -> None:
    assert open_spans([SUNDAY_NIGHT], sunday)[0].length == timedelta(hours=hours)


def test_a_stretch_inside_the_missing_hour_has_no_time() -> None:
    shrunk = open_spans([Opening(7, 150, 180)], date(2026, 3, 29))
    assert all(span.length <= timedelta(minutes=30) for span in shrunk)
    assert open_spans([Opening(7, 120, 180)], date(2026, 3, 29)) == []


@pytest.mark.parametrize("wrong", [(0, 0, 10), (8, 0, 10), (1, 10, 10), (1, -1, 10), (1, 0, 1441), (1, 20, 10)])
def test_no_such_stretch(wrong: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="no such stretch"):
        Opening(*wrong)
