"""Throttling on both databases, the CNIL's figures among them."""

import itertools
import threading
from datetime import datetime, timedelta

import pytest

from socle.foundation.clock import SettableClock
from socle.foundation.database import Database
from socle.identity.sessions import throttling
from socle.identity.sessions.throttling import Attempt, TooManyAttempts

NAME, OTHER = "a" * 64, "b" * 64
BROWSER = bytes(range(32))


def attempt(database: Database, name: str = NAME, address: str = "192.0.2.7", browser: bytes | None = None) -> Attempt:
    with database.writing() as session:
        return throttling.begin(session, "staff", name, address, browser)


def fail(database: Database, times: int, clock: SettableClock) -> None:
    for _ in range(times):
        attempt(database)
        clock.advance(timedelta(seconds=1))


def test_five_failures_then_a_wait_that_ends(database: Database, clock: SettableClock) -> None:
    fail(database, 5, clock)
    with pytest.raises(TooManyAttempts) as refused:
        attempt(database)
    assert refused.value.details["minutes"] == 2
    clock.advance(timedelta(seconds=90))
    assert attempt(database).failures_before == 5


def test_at_most_25_tries_in_any_24_hours_and_never_none(database: Database, clock: SettableClock) -> None:
    tries: list[datetime] = []
    end = clock.now() + timedelta(days=3)
    while clock.now() < end:
        try:
            attempt(database)
            tries.append(clock.now())
            clock.advance(timedelta(seconds=1))
        except TooManyAttempts as early:
            seconds = early.details["seconds"]
            assert isinstance(seconds, int)
            clock.advance(timedelta(seconds=seconds))
    day = timedelta(hours=24)
    busiest = max(sum(1 for other in tries if one <= other < one + day) for one in tries)
    assert busiest <= 25
    assert max(later - earlier for earlier, later in itertools.pairwise(tries)) <= timedelta(hours=2, seconds=2)


def test_a_success_starts_the_count_again(database: Database, clock: SettableClock) -> None:
    fail(database, 4, clock)
    right = attempt(database)
    with database.writing() as session:
        throttling.succeed(session, right)
    clock.advance(timedelta(seconds=1))
    assert attempt(database).failures_before == 0


def test_a_colleague_signing_in_at_the_same_instant_is_no_reason_to_refuse(
    database: Database, clock: SettableClock
) -> None:
    attempt(database, NAME)
    clock.advance(timedelta(milliseconds=-5))  # this try began before the other one was noted
    assert attempt(database, OTHER).failures_before == 0


def test_a_try_that_proved_nothing_is_taken_back(database: Database, clock: SettableClock) -> None:
    for _ in range(12):
        unproved = attempt(database)
        with database.writing() as session:
            throttling.withdraw(session, unproved)
    assert attempt(database).failures_before == 0


def test_guesses_elsewhere_do_not_shut_out_a_known_browser(database: Database, clock: SettableClock) -> None:
    fail(database, 5, clock)
    with pytest.raises(TooManyAttempts):
        attempt(database)
    assert attempt(database, browser=BROWSER).failures_before == 0
    for _ in range(4):
        attempt(database, browser=BROWSER)
    with pytest.raises(TooManyAttempts):  # the known browser has a limit too
        attempt(database, browser=BROWSER)


def test_one_address_trying_many_names_is_slowed_and_others_are_not(database: Database, clock: SettableClock) -> None:
    for number in range(30):
        attempt(database, name=f"{number:064}")
    with pytest.raises(TooManyAttempts):
        attempt(database, name=OTHER)
    assert attempt(database, name=OTHER, address="192.0.2.9").failures_before == 0
    assert attempt(database, name=OTHER, browser=BROWSER).failures_before == 0


def test_a_new_password_opens_the_way(database: Database, clock: SettableClock) -> None:
    fail(database, 5, clock)
    with database.writing() as session:
        assert throttling.clear(session, NAME) == 5
    assert attempt(database).failures_before == 0


def test_parallel_guesses_are_all_counted(database: Database) -> None:
    through: list[int] = []
    start = threading.Barrier(8)

    def guess() -> None:
        start.wait()
        for _ in range(5):
            try:
                through.append(attempt(database).id)
            except TooManyAttempts:
                return

    threads = [threading.Thread(target=guess) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(through) == 5


def test_old_tries_are_forgotten(database: Database, clock: SettableClock) -> None:
    fail(database, 3, clock)
    clock.advance(timedelta(days=31))
    with database.writing() as session:
        assert throttling.forget_old(session) == 3
