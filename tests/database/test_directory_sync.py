"""Accounts compared with the directory: leavers go, and a directory that lost its way closes nobody."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from tests.parts import door

from socle.appliance.supervision.checks import people_held_back
from socle.appliance.supervision.circumstances import Circumstances
from socle.foundation import home as homes
from socle.foundation.clock import SettableClock
from socle.foundation.database import Database, now
from socle.foundation.settings import LdapSettings
from socle.identity.actor import Role, machine
from socle.identity.audit.models import AuditEntry
from socle.identity.people import accounts, leavers
from socle.identity.people.directories.embedded import EmbeddedDirectory
from socle.identity.people.directories.ldap import LdapDirectory
from socle.identity.people.directory import DirectoryPerson
from socle.identity.people.leavers import Compared
from socle.identity.people.models import Account
from socle.identity.sessions import leaving, sessions
from socle.identity.sessions.doors import STAFF
from socle.identity.sessions.reasons import Why
from socle.identity.sessions.sessions import Place
from socle.identity.sessions.standing import Limits
from socle.jobs import directory_sync
from socle.jobs.schedule import run_due

ACTOR = machine("test")
LIMITS = Limits(timedelta(minutes=10), timedelta(hours=12))
HOUR = timedelta(hours=1)


def person(number: int, *roles: Role, active: bool = True) -> DirectoryPerson:
    held = frozenset(roles or {Role.SECRETARY})
    return DirectoryPerson(f"key-{number}", f"person{number}", f"Personne {number}", roles=held, active=active)


def practice(count: int) -> list[DirectoryPerson]:
    """An administrator and `count - 1` secretaries."""
    return [person(0, Role.ADMINISTRATOR), *(person(number) for number in range(1, count))]


def let_in(database: Database, people: Iterable[DirectoryPerson]) -> None:
    with database.writing() as session:
        for one in people:
            accounts.seen(session, one)


def compared(database: Database, people: list[DirectoryPerson], confirmed: Iterable[int] = ()) -> Compared:
    with database.writing() as session:
        return leaving.compare_and_end(session, ACTOR, people, now(session), list(confirmed))


def usernames(found: Iterable[Account]) -> list[str]:
    return [account.username for account in found]


def open_ones(database: Database) -> list[str]:
    with database.reading() as session:
        return sorted(session.scalars(select(Account.username).where(Account.active)))


def test_a_leaver_is_closed_and_their_sessions_end_with_the_reason(database: Database, clock: SettableClock) -> None:
    people = practice(6)
    let_in(database, people)
    with database.writing() as session:
        account = accounts.find(session, "person3")
        assert account is not None
        place = Place(b"browser" * 4, "Chromium", "192.0.2.7")
        number = sessions.open_at(session, STAFF, account, place, b"token" * 6, LIMITS, "password")
    clock.advance(HOUR)
    assert usernames(compared(database, [one for one in people if one.username != "person3"]).closed) == ["person3"]
    with database.reading() as session:
        found = sessions.get(session, number)
        assert found is not None
        assert found.end_reason == Why.LEFT_DIRECTORY
        gone = accounts.find(session, "person3")
        assert gone is not None
        assert (gone.active, gone.left_directory_at) == (False, clock.now())
        assert session.scalars(select(AuditEntry.action).where(AuditEntry.subject_id == gone.id)).all().count(
            "account.leave"
        ) == 1  # fmt: skip
    assert compared(database, [one for one in people if one.username != "person3"]).closed == []


def test_somebody_disabled_there_is_closed_and_comes_back_by_themselves(
    database: Database, clock: SettableClock
) -> None:
    people = practice(6)
    let_in(database, people)
    clock.advance(HOUR)
    shut = [replace(one, active=one.username != "person2") for one in people]
    assert usernames(compared(database, shut).closed) == ["person2"]
    assert usernames(compared(database, people).returned) == ["person2"]
    assert "person2" in open_ones(database)
    compared(database, shut)
    let_in(database, [people[2]])  # or at their own sign-in, before the next comparison
    assert "person2" in open_ones(database)


def test_whom_somebody_closed_here_stays_closed(database: Database, clock: SettableClock) -> None:
    people = practice(6)
    let_in(database, people)
    clock.advance(HOUR)
    with database.writing() as session:
        account = accounts.find(session, "person4")
        assert account is not None
        accounts.disable(session, ACTOR, EmbeddedDirectoryElsewhere(database), account.id)
    assert compared(database, people).returned == []
    let_in(database, [people[4]])
    assert "person4" not in open_ones(database)


class EmbeddedDirectoryElsewhere(EmbeddedDirectory):
    """A directory that Socle does not manage."""

    capabilities = frozenset()


@pytest.mark.parametrize("left", [0, 1, 4])
def test_a_directory_that_lost_its_way_closes_nobody_until_somebody_has_looked(
    database: Database, clock: SettableClock, tmp_path: Path, left: int
) -> None:
    people = practice(10)
    let_in(database, people)
    before = open_ones(database)
    clock.advance(HOUR)
    done = compared(database, people[:left])
    assert (done.closed, len(done.held)) == ([], 10 - left)
    assert open_ones(database) == before
    with database.reading() as session:
        home = homes.create(tmp_path / "home", tmp_path / "keys")
        finding = people_held_back.check(Circumstances(session, home, clock.now(), None))
        assert (finding.state, finding.details) == ("amber", {"count": 10 - left, "listed": left})
        waiting = [account.id for account in leavers.held_back(session)]
    compared(database, people[:left], waiting)
    # The last administrator stays: somebody must be able to open the others again.
    assert open_ones(database) == sorted({"person0", *usernames_of(people[:left])})
    compared(database, people)
    assert open_ones(database) == before
    with database.reading() as session:
        assert people_held_back.check(Circumstances(session, home, clock.now(), None)).state == "green"


def usernames_of(people: Iterable[DirectoryPerson]) -> list[str]:
    return [one.username for one in people]


def test_a_directory_that_loses_people_little_by_little_does_not_empty_the_practice(
    database: Database, clock: SettableClock
) -> None:
    people = practice(10)
    let_in(database, people)
    for left in (9, 8, 7, 6):
        clock.advance(HOUR)
        compared(database, people[:left])
    assert len(open_ones(database)) == 8
    clock.advance(timedelta(days=1))
    compared(database, people[:7])
    assert len(open_ones(database)) == 7


def test_groups_that_cannot_be_read_take_nobodys_role(database: Database, clock: SettableClock) -> None:
    people = practice(8)
    let_in(database, people)
    clock.advance(HOUR)
    done = compared(database, [replace(one, roles=frozenset()) for one in people])
    assert (len(done.held), done.changed, done.closed) == (8, [], [])
    with database.reading() as session:
        assert all(account.roles for account in accounts.listed(session))
    one_less = [replace(people[1], roles=frozenset({Role.PRACTITIONER})), *people[:1], *people[2:]]
    assert usernames(compared(database, one_less).changed) == ["person1"]


def test_who_was_let_in_after_the_listing_began_is_not_missing(database: Database, clock: SettableClock) -> None:
    people = practice(6)
    let_in(database, people[:5])
    began = clock.now()
    clock.advance(timedelta(seconds=30))
    let_in(database, people[5:])
    with database.writing() as session:
        done = leaving.compare_and_end(session, ACTOR, people[:5], began)
    assert (done.closed, done.held) == ([], [])


def test_a_silent_directory_closes_nobody(database: Database, clock: SettableClock, tmp_path: Path) -> None:
    let_in(database, practice(3))
    before = open_ones(database)
    silent = LdapDirectory(LdapSettings(urls=("ldaps://127.0.0.1:1",), connect_seconds=0.5))
    tools = door.tools(database, clock, tmp_path, silent)
    assert run_due(tools, [directory_sync.JOB]) == []
    clock.advance(HOUR)
    assert run_due(tools, [directory_sync.JOB]) == ["directory-sync"]
    assert open_ones(database) == before
    with database.reading() as session:
        assert leavers.last_answer(session) is None


@given(
    size=st.integers(1, 40),
    gone=st.sets(st.integers(0, 39)),
    closed_there=st.sets(st.integers(0, 39)),
    roleless=st.sets(st.integers(0, 39)),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("engine", ["sqlcipher"], indirect=True)
def test_never_more_than_one_in_five_nor_the_last_administrator(
    database: Database, size: int, gone: set[int], closed_there: set[int], roleless: set[int]
) -> None:
    people = practice(size)
    with database.writing() as session:
        for one in people:
            accounts.seen(session, one)
        began = now(session) + HOUR
        seen = [
            replace(one, active=number not in closed_there, roles=frozenset() if number in roleless else one.roles)
            for number, one in enumerate(people)
            if number not in gone
        ]
        done = leavers.compare(session, seen, began)
        missing = {number for number in range(size) if number in gone | closed_there}
        assert len(done.closed) <= leavers.most_closed(size)
        assert {account.username for account in done.closed} <= {f"person{number}" for number in missing}
        assert "person0" not in usernames(done.closed)
        assert {account.username for account in (*done.closed, *done.held)} >= {f"person{n}" for n in missing}
        session.rollback()
