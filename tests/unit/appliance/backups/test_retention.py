"""What may go: whole sealed sets only, by rule; a set from the future stops everything; the newest always stay."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socle.appliance.backups.retention import ALWAYS_KEPT, DatedInFuture, removable
from socle.appliance.backups.sets import SEAL, StoredSet
from socle.foundation.settings import Retention

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
RULE = Retention(days=7, weeks=4, months=12, years=20)


def night(days_ago: int, *, sealed: bool = True) -> StoredSet:
    parts = {"database": "d"} | ({SEAL: "s"} if sealed else {})
    return StoredSet(f"night-{days_ago}", NOW - timedelta(days=days_ago, hours=5), parts)


def names(sets: list[StoredSet]) -> set[str]:
    return {one.set_id for one in sets}


def test_ten_years_of_nights_leave_days_weeks_months_and_years() -> None:
    nights = [night(days) for days in range(3650)]
    gone = names(removable(nights, RULE, NOW))
    kept = [one for one in nights if one.set_id not in gone]
    assert {f"night-{days}" for days in range(7)} <= names(kept)
    assert 7 + 4 + 12 + 10 - 6 <= len(kept) <= 7 + 4 + 12 + 11
    years = {one.made_at.year for one in kept}
    assert years == set(range(2016, 2027))


def test_a_set_from_the_future_stops_everything() -> None:
    planted = StoredSet("planted", NOW + timedelta(days=365), {SEAL: "s"})
    with pytest.raises(DatedInFuture):
        removable([*(night(days) for days in range(100)), planted], RULE, NOW)


def test_after_a_clock_that_ran_a_year_ahead_the_real_nights_are_still_there() -> None:
    """Counted by the sets there are: a jump costs one place, not thirty."""
    ahead = NOW + timedelta(days=365)
    sets = [*(night(days) for days in range(5)), StoredSet("ahead", ahead - timedelta(hours=1), {SEAL: "s"})]
    assert not removable(sets, RULE, ahead)


def test_unsealed_and_held_sets_are_never_offered() -> None:
    sets = [night(days) for days in range(40)] + [night(39, sealed=False)]
    gone = removable(sets, Retention(days=1, weeks=0, months=0, years=0), NOW, held={"night-20"})
    assert all(one.sealed for one in gone)
    assert "night-20" not in names(gone)
    assert len(gone) == 40 - ALWAYS_KEPT - 1


@given(st.lists(st.integers(0, 4000), unique=True, max_size=60), st.integers(1, 9), st.integers(0, 9))
def test_the_newest_always_stay_and_what_went_need_not_go_again(ages: list[int], days: int, years: int) -> None:
    rule = Retention(days=days, weeks=0, months=0, years=years)
    sets = [night(age) for age in ages]
    gone = names(removable(sets, rule, NOW))
    newest = {f"night-{age}" for age in sorted(ages)[:ALWAYS_KEPT]}
    assert not gone & newest
    assert not removable([one for one in sets if one.set_id not in gone], rule, NOW)
