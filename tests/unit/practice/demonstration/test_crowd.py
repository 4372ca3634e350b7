"""The crowd is always the same, as large as asked, and keeps the agenda's own rule."""

from itertools import islice, pairwise

import pytest

from socle.foundation.clock import PARIS
from socle.practice.demonstration import crowd


def test_the_same_seed_gives_the_same_practice() -> None:
    assert list(crowd.people(50, 7)) == list(crowd.people(50, 7))
    assert list(crowd.people(50, 7)) != list(crowd.people(50, 8))
    assert list(crowd.appointments(500, 50, 2, 7)) == list(crowd.appointments(500, 50, 2, 7))


def test_a_larger_practice_begins_with_the_same_people() -> None:
    assert list(crowd.people(10, 7)) == list(islice(crowd.people(1000, 7), 10))


@pytest.mark.parametrize(("appointments", "practitioners"), [(0, 1), (1, 1), (150_000, 1), (1_000_000, 7)])
def test_agendas_are_full_for_twenty_years(appointments: int, practitioners: int) -> None:
    assert crowd.practitioners_for(appointments) == practitioners


def test_nobody_has_two_patients_at_once() -> None:
    planned = list(crowd.appointments(9_001, 50, 3, 7))
    assert len(planned) == 9_001
    assert len({(one.practitioner, one.starts_at) for one in planned}) == 9_001
    of_one = sorted(one.starts_at for one in planned if one.practitioner == 0)
    assert min(later - earlier for earlier, later in pairwise(of_one)) >= crowd.SLOT
    assert {one.patient for one in planned} <= set(range(50))


def test_appointments_keep_the_wall_clock_over_the_changes_of_time() -> None:
    planned = crowd.appointments(crowd.PER_WEEK * 52, 50, 1, 7)
    assert {one.starts_at.astimezone(PARIS).time() for one in planned} == set(crowd.SLOTS)
