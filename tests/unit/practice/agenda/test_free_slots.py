"""Free time: what the rules promise for any day whatever, and the cases a secretary would name."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import assume, given
from hypothesis import strategies as st

from socle.practice.agenda.free_slots import free_slots, free_spans, neighbours
from socle.practice.agenda.spans import Span, merge, subtract

MIDNIGHT = datetime(2026, 11, 23, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def at(hour: int, minute: int = 0) -> datetime:
    return MIDNIGHT + timedelta(hours=hour, minutes=minute)


def span(from_hour: float, to_hour: float) -> Span:
    return Span(MIDNIGHT + timedelta(hours=from_hour), MIDNIGHT + timedelta(hours=to_hour))


minutes = st.integers(min_value=0, max_value=24 * 60)
spans = (
    st.tuples(minutes, minutes)
    .filter(lambda pair: pair[0] != pair[1])
    .map(lambda pair: Span(MIDNIGHT + min(pair) * MINUTE, MIDNIGHT + max(pair) * MINUTE))
)
days = st.lists(spans, max_size=8)
lengths = st.integers(min_value=5, max_value=180).map(lambda number: number * MINUTE)
steps = st.sampled_from([5, 10, 15, 20, 30, 60]).map(lambda number: number * MINUTE)


def minutes_in(pieces: list[Span]) -> set[int]:
    return {
        minute
        for piece in pieces
        for minute in range((piece.start - MIDNIGHT) // MINUTE, (piece.end - MIDNIGHT) // MINUTE)
    }


@given(days, days)
def test_every_minute_is_free_exactly_when_open_and_not_taken(open_time: list[Span], taken: list[Span]) -> None:
    free = free_spans(open_time, taken)
    assert minutes_in(free) == minutes_in(open_time) - minutes_in(taken)
    assert all(earlier.end < later.start for earlier, later in pairwise(free))


@given(days)
def test_merging_keeps_the_same_minutes(some: list[Span]) -> None:
    assert minutes_in(merge(some)) == minutes_in(some)
    assert subtract(some, some) == []


@given(days, days, lengths, steps)
def test_slots_are_free_long_enough_on_the_grid_and_none_is_missed(
    open_time: list[Span], taken: list[Span], length: timedelta, step: timedelta
) -> None:
    slots = list(free_slots(open_time, taken, length, step))
    free = minutes_in(free_spans(open_time, taken))
    fits = [
        MIDNIGHT + number * step
        for number in range(timedelta(days=1) // step)
        if free.issuperset(range(number * step // MINUTE, (number * step + length) // MINUTE))
    ]
    assert [slot.start for slot in slots] == fits
    assert all(slot.length == length for slot in slots)


@given(spans, days, days)
def test_neighbours_are_free_and_nothing_free_lies_nearer(
    wanted: Span, open_time: list[Span], taken: list[Span]
) -> None:
    free = minutes_in(free_spans(open_time, taken))
    assume(not free.issuperset(minutes_in([wanted])))
    found = neighbours(wanted, open_time, taken)
    length = wanted.length // MINUTE
    wanted_minute = (wanted.start - MIDNIGHT) // MINUTE
    starts = [start for start in range(24 * 60) if free.issuperset(range(start, start + length))]
    before = [start for start in starts if start < wanted_minute]
    after = [start for start in starts if start >= wanted_minute]
    assert (found.before.start if found.before else None) == (MIDNIGHT + before[-1] * MINUTE if before else None)
    assert (found.after.start if found.after else None) == (MIDNIGHT + after[0] * MINUTE if after else None)


def test_a_taken_half_hour_offers_what_touches_it() -> None:
    found = neighbours(Span(at(10), at(10, 30)), [span(8, 12)], [Span(at(9, 50), at(10, 20))])
    assert found.before == Span(at(9, 20), at(9, 50))
    assert found.after == Span(at(10, 20), at(10, 50))


def test_a_full_morning_offers_the_afternoon() -> None:
    found = neighbours(Span(at(10), at(10, 30)), [span(8, 12), span(14, 18)], [span(8, 12)])
    assert found.before is None
    assert found.after == Span(at(14), at(14, 30))
