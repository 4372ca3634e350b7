"""The wall clock and instants, on the two days of the year when they part."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socle.practice.agenda import local_time
from socle.practice.agenda.local_time import TimeDoesNotExist

FORWARD = date(2026, 3, 29)
BACK = date(2026, 10, 25)


@given(st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2045, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_every_instant_survives_the_way_to_the_wall_and_back(moment: datetime) -> None:
    assert local_time.instant(local_time.wall_time(moment)) == moment


@pytest.mark.parametrize("minute", [0, 1, 30, 59])
def test_the_missing_hour_is_refused_where_a_person_chose_it(minute: int) -> None:
    with pytest.raises(TimeDoesNotExist):
        local_time.instant(datetime.combine(FORWARD, time(2, minute)))


def test_the_edges_of_the_missing_hour_exist() -> None:
    before = local_time.instant(datetime.combine(FORWARD, time(1, 59)))
    after = local_time.instant(datetime.combine(FORWARD, time(3)))
    assert after - before == timedelta(minutes=1)


def test_the_doubled_hour_means_its_first_passage_unless_asked() -> None:
    first = local_time.instant(datetime.combine(BACK, time(2, 30)))
    second = local_time.instant(datetime.combine(BACK, time(2, 30, fold=1)))
    assert first == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert second - first == timedelta(hours=1)
    assert local_time.wall_time(first).fold == 0
    assert local_time.wall_time(second).fold == 1


@pytest.mark.parametrize(("day", "hours"), [(FORWARD, 23), (BACK, 25), (date(2026, 7, 14), 24)])
def test_a_local_day_lasts_as_long_as_it_does(day: date, hours: int) -> None:
    assert local_time.day_span(day).length == timedelta(hours=hours)
