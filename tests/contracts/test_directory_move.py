"""From the embedded directory to a real OpenLDAP, on both databases: the same accounts, the same passwords."""

from collections.abc import Iterator
from contextlib import closing

import pytest
from msgspec import structs
from sqlalchemy import select
from sqlalchemy.orm import Session
from tests.builders import people
from tests.builders.people import ANNE, CLAIRE, EVERYBODY, GONE, NEW, PAUL
from tests.parts import slapd

from socle.foundation.clock import SettableClock
from socle.foundation.database import Database, now
from socle.identity.actor import Role, machine
from socle.identity.audit.models import AuditEntry
from socle.identity.people import accounts, leavers, moving
from socle.identity.people.directories.embedded_origin import EmbeddedOrigin
from socle.identity.people.directories.ldap import LdapDirectory
from socle.identity.people.directories.ldap_destination import LdapDestination
from socle.identity.people.directory import (
    AccountDisabled,
    DirectoryPerson,
    PasswordMustChange,
    WrongCredentials,
)
from socle.identity.people.models import Account
from socle.identity.people.moving import Line, Outcome
from socle.identity.people.passwords import Hasher

pytestmark = pytest.mark.real
ACTOR = machine("test")
FRESH = "Wm5#dpV8xJt3"
MOVERS = [person for person in EVERYBODY if person.roles]


@pytest.fixture
def server() -> Iterator[slapd.Slapd]:
    with slapd.folder() as folder, slapd.Slapd(folder / "server", empty=True) as one:
        yield one


@pytest.fixture
def there(server: slapd.Slapd) -> Iterator[LdapDestination]:
    with closing(people.laid_out(server)) as directory:
        settings = directory.settings
    with closing(LdapDestination(settings, people.SERVICE_PASSWORD.encode())) as one:
        yield one


@pytest.fixture
def origin(database: Database) -> EmbeddedOrigin:
    embedded = EmbeddedOrigin(database, Hasher(time_cost=1, memory_kib=64))
    with database.writing() as session:
        for person in MOVERS:
            given = DirectoryPerson(
                "",
                person.username,
                person.display_name,
                person.given_name,
                person.family_name,
                person.email,
                person.roles,
                person.active,
                person.must_change,
            )
            accounts.seen(session, embedded.create(session, given, person.password))
    return embedded


def outcomes(lines: list[Line] | tuple[Line, ...]) -> dict[str, Outcome]:
    return {line.kept.person.username: line.outcome for line in lines}


def numbers(session: Session) -> dict[str, int]:
    return {account.username: account.id for account in accounts.listed(session)}


def test_everybody_is_the_same_account_with_the_same_password(
    database: Database, origin: EmbeddedOrigin, there: LdapDestination, clock: SettableClock
) -> None:
    with database.reading() as session:
        before = numbers(session)
    rehearsed = list(moving.rehearse(database, origin, there))
    assert set(outcomes(rehearsed).values()) == {Outcome.CREATE}
    assert list(there.people()) == []
    moved = moving.move(database, ACTOR, origin, there)
    assert not [line for line in moved if line.password]
    for person in (ANNE, CLAIRE, PAUL):
        # Until the settings change, people sign in where they always did, as the same account…
        for directory in (origin, there):
            with database.writing() as session:
                found = directory.authenticate(person.username, person.password)
                assert accounts.seen(session, found).id == before[person.username]
        assert there.authenticate(person.username, person.password).roles == person.roles
    with pytest.raises(PasswordMustChange):
        there.authenticate(NEW.username, NEW.password)
    with pytest.raises((AccountDisabled, WrongCredentials)):
        there.authenticate(GONE.username, GONE.password)
    # … and the comparison with the new directory finds nobody missing.
    clock.advance(leavers.KEPT / 30)
    with database.writing() as session:
        compared = leavers.compare(session, list(there.people()), now(session))
        assert (compared.closed, compared.held) == ([], [])
        assert numbers(session) == before
        told = session.scalars(select(AuditEntry).where(AuditEntry.action == "account.link")).all()
        assert {entry.subject_id for entry in told} == set(before.values())
        assert all(entry.fields == ["directory_key"] for entry in told)


def test_moving_again_takes_along_what_changed_since(
    database: Database, origin: EmbeddedOrigin, there: LdapDestination
) -> None:
    moving.move(database, ACTOR, origin, there)
    with database.writing() as session:
        origin.change_own_password(session, ANNE.username, ANNE.password, FRESH)
        claire = accounts.find(session, CLAIRE.username)
        assert claire is not None
        accounts.set_roles(session, ACTOR, origin, claire.id, [Role.PRACTITIONER])
    assert set(outcomes(list(moving.move(database, ACTOR, origin, there))).values()) == {Outcome.MOVED}
    assert there.authenticate(ANNE.username, FRESH).username == ANNE.username
    with pytest.raises(WrongCredentials):
        there.authenticate(ANNE.username, ANNE.password)
    assert there.authenticate(CLAIRE.username, CLAIRE.password).roles == {Role.PRACTITIONER}


def test_it_can_be_undone(database: Database, origin: EmbeddedOrigin, there: LdapDestination) -> None:
    with database.reading() as session:
        keys = {account.id: account.directory_key for account in session.scalars(select(Account))}
    moving.move(database, ACTOR, origin, there)
    with database.reading() as session:
        moved = {account.id: account.directory_key for account in session.scalars(select(Account))}
    assert not set(keys.values()) & set(moved.values())
    assert moving.undo(database, ACTOR, origin, there) == len(MOVERS)
    with database.reading() as session:
        assert {account.id: account.directory_key for account in session.scalars(select(Account))} == keys
    assert list(there.people()) == []
    assert origin.authenticate(ANNE.username, ANNE.password).key in keys.values()
    assert moving.undo(database, ACTOR, origin, there) == 0
    assert set(outcomes(list(moving.move(database, ACTOR, origin, there))).values()) == {Outcome.CREATE}


def test_people_who_are_there_already_are_tied_and_never_taken_away(
    database: Database, origin: EmbeddedOrigin, there: LdapDestination
) -> None:
    with database.writing() as session:
        already = DirectoryPerson("", ANNE.username, "Anne M.", "Anne", "Martin", roles=frozenset({Role.SECRETARY}))
        key = there.create(session, already, FRESH).key
    line = next(one for one in moving.move(database, ACTOR, origin, there) if one.kept.person.username == ANNE.username)
    assert (line.outcome, line.roles_differ) == (Outcome.MATCH, True)
    assert there.authenticate(ANNE.username, FRESH).key == key
    with database.reading() as session:
        anne = accounts.find(session, ANNE.username)
        assert anne is not None
        assert anne.directory_key == key
    moving.undo(database, ACTOR, origin, there)
    assert [one.username for one in there.people()] == [ANNE.username]


def test_a_directory_that_is_only_read_takes_nobody_in(
    database: Database, origin: EmbeddedOrigin, there: LdapDestination
) -> None:
    reader = LdapDestination(structs.replace(there.settings, manage_people=False), people.SERVICE_PASSWORD.encode())
    with closing(reader):
        assert set(outcomes(list(moving.move(database, ACTOR, origin, reader))).values()) == {Outcome.ABSENT}
    assert isinstance(reader, LdapDirectory)


def test_a_server_that_cannot_check_the_hashes_gets_new_passwords(
    database: Database, origin: EmbeddedOrigin, there: LdapDestination, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(there, "checks", lambda *_: False)
    moved = list(moving.move(database, ACTOR, origin, there))
    assert set(outcomes(moved).values()) == {Outcome.CREATE_ANEW}
    anne = next(line for line in moved if line.kept.person.username == ANNE.username)
    with pytest.raises(PasswordMustChange):
        there.authenticate(ANNE.username, anne.password)
