"""Locking in the agent, with the card in: the agent's real rules and requests, the real door and database."""

from pathlib import Path

import pytest
from tests.builders.workstation_day import Day

from socle.foundation.clock import SettableClock
from socle.foundation.database import Database
from socle.identity.sessions import sessions

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.parametrize("engine", ["sqlcipher"], indirect=True)]


@pytest.fixture
def day(database: Database, clock: SettableClock, tmp_path: Path) -> Day:
    """A workstation where Paul Lemoine is in."""
    day = Day(database, clock, tmp_path)
    day.put_in(day.paul, "A")
    day.type_code()
    day.settle()
    assert [page.owner for page in day.pages] == ["Paul Lemoine"]
    return day


def lock_reasons(day: Day) -> list[str | None]:
    with day.database.reading() as session:
        return [each.lock_reason for each in sessions.live(session)]


def test_it_locks_as_the_pages_own_button_does_and_the_code_opens_again(day: Day) -> None:
    day.station.lock()
    assert lock_reasons(day) == ["locked_by_person"]
    assert day.station.wants_code
    day.look(day.pages[0])
    assert day.pages[0].owner is None
    day.type_code()
    day.settle()
    assert lock_reasons(day) == [None]
    assert day.pages[0].owner == "Paul Lemoine"


def test_it_locks_once_the_server_answers_and_accepts_no_code_before(day: Day) -> None:
    day.connected = False
    day.station.lock()
    assert lock_reasons(day) == [None]
    assert day.seen == ["STATION-SERVER-UNREACHABLE"]
    day.type_code()
    assert not day.station.is_open
    day.connected = True
    day.wait(1.1)
    day.station.turn()
    assert lock_reasons(day) == ["locked_by_person"]


def test_a_card_that_goes_afterwards_is_told_as_one_that_went(day: Day) -> None:
    day.connected = False
    day.station.lock()
    day.take_out("A")
    day.connected = True
    day.wait(1.1)
    day.station.turn()
    assert lock_reasons(day) == ["card_removed"]


def test_nothing_is_locked_where_nothing_is_open(day: Day) -> None:
    day.take_out("A")
    before = lock_reasons(day)
    day.station.lock()
    assert lock_reasons(day) == before == ["card_removed"]
