"""Sessions on both databases: opened, locked, gone on with, ended, listed."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from socle.foundation.clock import SettableClock
from socle.foundation.database import Database, now
from socle.identity.actor import Actor, Role, machine
from socle.identity.audit.models import AuditEntry
from socle.identity.people.models import Account
from socle.identity.sessions import doors, sessions, tokens
from socle.identity.sessions.models import SignedInSession
from socle.identity.sessions.reasons import Why
from socle.identity.sessions.sessions import Place
from socle.identity.sessions.standing import Limits, standing

LIMITS = Limits(idle=timedelta(minutes=10), absolute=timedelta(hours=12))
RECEPTION = Place(tokens.digest("reception's browser"), "Firefox 140 · Linux", "192.0.2.7")
BOX = Place(tokens.digest("the box's browser"), "Chrome 150 · Windows", "192.0.2.8")
Person = Callable[..., Account]


@pytest.fixture
def person(database: Database) -> Person:
    def add(name: str = "Paul Lemoine", *roles: Role) -> Account:
        with database.writing() as session:
            account = Account(
                username=name.casefold().replace(" ", "."),
                display_name=name,
                roles=list(roles or (Role.PRACTITIONER,)),
                created_at=now(session),
            )
            session.add(account)
        return account

    return add


def open_one(database: Database, account: Account, place: Place = RECEPTION, token: str = "one") -> int:
    with database.writing() as session:
        digest = tokens.digest(token)
        return sessions.open_at(session, doors.STAFF, account, place, digest, LIMITS, "password")


def state(database: Database, token: str) -> tuple[str, Why | None]:
    with database.reading() as session:
        found = sessions.find(session, "staff", tokens.digest(token))
        if found is None:
            return "unknown", None
        stands = standing(found, now(session), LIMITS, doors.STAFF)
        return stands.state, stands.reason.why if stands.reason else None


def actions(database: Database) -> list[tuple[str, str | None]]:
    with database.reading() as session:
        rows = session.execute(select(AuditEntry.action, AuditEntry.reason).order_by(AuditEntry.at, AuditEntry.id))
        return [(row.action, row.reason) for row in rows]


def test_a_session_is_found_by_its_token_at_its_door_only(database: Database, person: Person) -> None:
    number = open_one(database, person())
    with database.reading() as session:
        found = sessions.find(session, "staff", tokens.digest("one"))
        assert found is not None
        assert (found.id, found.display_name, found.actor.workstation) == (number, "Paul Lemoine", "192.0.2.7")
        assert found.role_set == {Role.PRACTITIONER}
        assert sessions.find(session, "maintainer", tokens.digest("one")) is None
        assert sessions.find(session, "staff", tokens.digest("two")) is None


def test_the_database_never_holds_the_token(database: Database, person: Person) -> None:
    open_one(database, person())
    with database.reading() as session:
        row = session.scalars(select(SignedInSession)).one()
        assert b"one" not in row.token_digest
        assert len(row.token_digest) == 32


def test_input_moves_forward_only_and_never_revives(database: Database, person: Person, clock: SettableClock) -> None:
    number = open_one(database, person())
    clock.advance(timedelta(minutes=9))
    with database.writing() as session:
        sessions.note_input(session, number, now(session))
        sessions.note_input(session, number, now(session) - timedelta(minutes=5))
    clock.advance(timedelta(minutes=9))
    assert state(database, "one") == ("open", None)
    clock.advance(timedelta(minutes=2))
    assert state(database, "one") == ("locked", Why.IDLE)
    with database.writing() as session:
        found = sessions.get(session, number)
        assert found is not None
        sessions.settle(session, found, standing(found, now(session), LIMITS, doors.STAFF))
        sessions.note_input(session, number, now(session))
    assert state(database, "one") == ("locked", Why.IDLE)


def test_a_lock_by_itself_is_written_once(database: Database, person: Person, clock: SettableClock) -> None:
    number = open_one(database, person())
    clock.advance(timedelta(minutes=30))
    with database.reading() as session:
        found = sessions.get(session, number)
        assert found is not None
        stands = standing(found, now(session), LIMITS, doors.STAFF)
    for _ in range(3):
        with database.writing() as session:
            sessions.settle(session, found, stands)
    assert actions(database) == [("session.open", "staff password"), ("session.lock", "idle")]
    with database.reading() as session:
        row = session.scalars(select(SignedInSession)).one()
        assert row.locked_at == row.last_input_at + timedelta(minutes=10)


def test_the_same_person_goes_on_with_the_locked_session(
    database: Database, person: Person, clock: SettableClock
) -> None:
    account = person()
    number = open_one(database, account)
    with database.writing() as session:
        assert sessions.lock(session, Actor(account.id, "Paul Lemoine"), number)
        assert not sessions.lock(session, Actor(account.id, "Paul Lemoine"), number)
    assert state(database, "one") == ("locked", Why.LOCKED_BY_PERSON)
    clock.advance(timedelta(minutes=30))
    assert open_one(database, account, token="two") == number
    assert state(database, "two") == ("open", None)
    assert state(database, "one") == ("unknown", None)  # a new token at each sign-in
    assert [action for action, _ in actions(database)] == ["session.open", "session.lock", "session.unlock"]


def test_another_person_in_the_same_browser_gets_a_session_of_their_own(database: Database, person: Person) -> None:
    doctor, secretary = person(), person("Claire Roussel", Role.SECRETARY)
    first = open_one(database, doctor)
    second = open_one(database, secretary, token="two")
    assert first != second
    assert state(database, "one") == ("open", None)


def test_the_same_person_elsewhere_has_another_session(database: Database, person: Person) -> None:
    account = person()
    assert open_one(database, account) != open_one(database, account, BOX, "two")


def test_signing_in_again_after_the_limit_opens_a_new_session(
    database: Database, person: Person, clock: SettableClock
) -> None:
    account = person()
    first = open_one(database, account)
    clock.advance(timedelta(hours=13))
    assert state(database, "one") == ("ended", Why.ABSOLUTE_LIMIT)
    assert open_one(database, account, token="two") != first
    assert ("session.end", "absolute_limit") in actions(database)


def test_an_ended_session_says_who_ended_it(database: Database, person: Person) -> None:
    number = open_one(database, person())
    maintainer = person("Anne Weber", Role.MAINTAINER)
    with database.writing() as session:
        assert sessions.end(session, Actor(maintainer.id, "Anne Weber"), number, Why.REVOKED)
        assert not sessions.end(session, Actor(maintainer.id, "Anne Weber"), number, Why.SIGNED_OUT)
    assert state(database, "one") == ("ended", Why.REVOKED)
    with database.reading() as session:
        assert sessions.who_ended(session, number) == "Anne Weber"
        assert sessions.live(session) == []


def test_ending_all_but_ones_own(database: Database, person: Person) -> None:
    account, colleague = person(), person("Claire Roussel", Role.SECRETARY)
    kept = open_one(database, account)
    open_one(database, account, BOX, "two")
    open_one(database, colleague, BOX, "three")
    with database.writing() as session:
        assert sessions.end_of_account(session, machine("test"), account.id, Why.PASSWORD_CHANGED, but=kept) == 1
    assert [state(database, token)[0] for token in ("one", "two", "three")] == ["open", "ended", "open"]
    with database.writing() as session:
        assert sessions.end_all(session, machine("restore"), Why.SERVER_RESTORED) == 2
    assert state(database, "three") == ("ended", Why.SERVER_RESTORED)


def test_a_disabled_account_is_out_at_its_next_request(database: Database, person: Person) -> None:
    account = person()
    open_one(database, account)
    with database.writing() as session:
        session.execute(update(Account).where(Account.id == account.id).values(active=False))
    assert state(database, "one") == ("ended", Why.ACCOUNT_DISABLED)


def test_the_list_shows_live_sessions_newest_first(database: Database, person: Person) -> None:
    account, colleague = person(), person("Claire Roussel", Role.SECRETARY)
    first, second = open_one(database, account), open_one(database, colleague, BOX, "two")
    with database.reading() as session:
        assert [found.id for found in sessions.live(session)] == [second, first]
        assert [found.id for found in sessions.live(session, account.id)] == [first]


def test_a_wiped_browser_is_told_from_a_first_visit(database: Database, person: Person) -> None:
    open_one(database, person())
    with database.reading() as session:
        assert sessions.last_in_browser(session, "staff", RECEPTION.browser_digest) is not None
        assert sessions.last_in_browser(session, "maintainer", RECEPTION.browser_digest) is None
        assert sessions.last_in_browser(session, "staff", BOX.browser_digest) is None
        assert sessions.last_live_at(session, "staff", RECEPTION) is not None
        assert sessions.last_live_at(session, "staff", BOX) is None


def test_old_ends_are_forgotten(database: Database, person: Person, clock: SettableClock) -> None:
    account = person()
    number = open_one(database, account)
    with database.writing() as session:
        sessions.end(session, machine("test"), number, Why.SIGNED_OUT)
    clock.advance(timedelta(days=29))
    with database.writing() as session:
        sessions.forget_old(session)
    assert state(database, "one")[0] == "ended"
    clock.advance(timedelta(days=2))
    with database.writing() as session:
        sessions.forget_old(session)
    assert state(database, "one")[0] == "unknown"
