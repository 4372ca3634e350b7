import itertools
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socle.identity.sessions.throttling import ADDRESS_PACE, NAME_PACE, name_key, wait_after

KEY = bytes(32)


def test_first_failures_cost_nothing_and_the_fifth_more_than_a_minute() -> None:
    assert wait_after(4, NAME_PACE) == timedelta(0)
    assert wait_after(5, NAME_PACE) > timedelta(minutes=1)


def test_the_wait_doubles() -> None:
    waits = [wait_after(failures, NAME_PACE) for failures in range(5, 11)]
    assert all(later == 2 * earlier for earlier, later in itertools.pairwise(waits))


@given(st.integers(min_value=0, max_value=100_000))
def test_nobody_waits_for_ever(failures: int) -> None:
    assert wait_after(failures, NAME_PACE) <= timedelta(hours=2)
    assert wait_after(failures, ADDRESS_PACE) <= timedelta(minutes=15)


@pytest.mark.parametrize("typed", ["p.lemoine", " P.Lemoine ", "P.LEMOINE", "ｐ.lemoine"])
def test_every_way_of_typing_a_name_counts_as_the_same(typed: str) -> None:
    assert name_key(KEY, typed) == name_key(KEY, "p.lemoine")


def test_the_kept_name_cannot_be_read_and_needs_the_key() -> None:
    assert "lemoine" not in name_key(KEY, "p.lemoine")
    assert name_key(KEY, "p.lemoine") != name_key(bytes([1] * 32), "p.lemoine")


@given(st.text(max_size=1000))
def test_any_text_has_a_key(typed: str) -> None:
    assert len(name_key(KEY, typed)) == 64


def test_lone_surrogates_have_a_key() -> None:
    assert len(name_key(KEY, "\ud800")) == 64
