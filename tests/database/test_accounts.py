"""Accounts follow the directory; changes go through it; every one is in the trail."""

from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from socle.foundation.database import Database
from socle.identity.actor import Actor, Role, machine
from socle.identity.audit.models import AuditEntry
from socle.identity.people import accounts
from socle.identity.people.accounts import IncompletePerson, LastAdministrator, NotYoursToGive
from socle.identity.people.directories.embedded import EmbeddedDirectory, EmbeddedPerson
from socle.identity.people.directory import (
    AccountDisabled,
    DirectoryPerson,
    DirectoryReadOnly,
    NameTaken,
    PasswordMustChange,
    PasswordTooWeak,
    PersonUnknown,
    WrongCredentials,
)
from socle.identity.people.passwords import Hasher

ROOT = machine("command line")
ADMINISTRATOR = Actor(901, "Nathalie Perrin", frozenset({Role.ADMINISTRATOR}))
MAINTAINER = Actor(902, "Karim Haddad", frozenset({Role.MAINTAINER}))
PASSWORD = "Tk7$wq9!Lmz2"
FRESH = "Wm5#dpV8xJt3"
SECRETARY = frozenset({Role.SECRETARY})
CHIEF = frozenset({Role.ADMINISTRATOR, Role.PRACTITIONER})


def person(username: str = "anne.martin", roles: frozenset[Role] = SECRETARY, key: str = "key-1") -> DirectoryPerson:
    """Return somebody as a directory shows them."""
    return DirectoryPerson(key, username, "Anne Martin", "Anne", "Martin", "anne@cabinet.test", roles)


@pytest.fixture
def directory(database: Database) -> EmbeddedDirectory:
    """An embedded directory that is quick to ask."""
    return EmbeddedDirectory(database, Hasher(time_cost=1, memory_kib=64, lanes=1))


def actions(session: Session) -> list[str]:
    """Return what the trail holds, oldest first."""
    return list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


# Keeping up with the directory


def test_the_first_sign_in_makes_an_account(database: Database) -> None:
    with database.writing() as session:
        number = accounts.seen(session, person()).id
    with database.writing() as session:
        account = accounts.seen(session, person())
        assert (account.id, account.username, account.role_set()) == (number, "anne.martin", SECRETARY)
        assert account.active
        assert actions(session) == ["account.create"]


def test_later_ones_bring_it_up_to_date_and_say_which_fields(database: Database) -> None:
    with database.writing() as session:
        accounts.seen(session, person())
    with database.writing() as session:
        account = accounts.seen(session, replace(person("anne.durand", CHIEF), display_name="Anne Durand"))
        assert (account.username, account.display_name, account.role_set()) == ("anne.durand", "Anne Durand", CHIEF)
    with database.reading() as session:
        entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
        assert entry is not None
        assert (entry.action, entry.fields) == ("account.update", ["display_name", "roles", "username"])


def test_a_former_colleagues_name_is_never_given_again(database: Database) -> None:
    with database.writing() as session:
        number = accounts.seen(session, person()).id
    with pytest.raises(NameTaken), database.writing() as session:
        accounts.seen(session, person(key="key-2"))
    with database.writing() as session:
        accounts.seen(session, person("paul", key="key-2"))
    with pytest.raises(NameTaken), database.writing() as session:
        accounts.seen(session, person(key="key-2"))
    with database.writing() as session:
        accounts.link(session, ROOT, number, person(key="key-3"))
    with database.writing() as session:
        assert accounts.seen(session, person(key="key-3")).id == number


def test_nobody_in_the_directory_becomes_the_emergency_administrator(database: Database) -> None:
    with database.writing() as session:
        accounts.make_break_glass(session, ROOT)
    with pytest.raises(NameTaken), database.writing() as session:
        accounts.seen(session, person(accounts.BREAK_GLASS))
    with database.writing() as session:
        account = accounts.find(session, accounts.BREAK_GLASS)
        assert account is not None
        with pytest.raises(PersonUnknown):
            accounts.link(session, ROOT, account.id, person(accounts.BREAK_GLASS))


# Changing, through the directory


def test_a_new_account_signs_in(database: Database, directory: EmbeddedDirectory) -> None:
    with database.writing() as session:
        made = accounts.create(session, ADMINISTRATOR, directory, person(" Anne.Martin "), PASSWORD)
    found = directory.authenticate("anne.martin", PASSWORD)
    with database.writing() as session:
        assert accounts.seen(session, found).id == made.id
        assert actions(session) == ["account.create"]


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        (person(""), IncompletePerson),
        (person("1anne"), IncompletePerson),
        (person("a" * 65), IncompletePerson),
        (person("anne martin"), IncompletePerson),
        (person("anne;drop"), IncompletePerson),
        (person(roles=frozenset()), IncompletePerson),
        (replace(person(), display_name="  "), IncompletePerson),
    ],
)
def test_an_incomplete_account_is_refused(
    database: Database, directory: EmbeddedDirectory, wrong: DirectoryPerson, error: type[Exception]
) -> None:
    with pytest.raises(error), database.writing() as session:
        accounts.create(session, ADMINISTRATOR, directory, wrong, PASSWORD)


def test_a_refused_account_leaves_nothing_behind(database: Database, directory: EmbeddedDirectory) -> None:
    with pytest.raises(PasswordTooWeak), database.writing() as session:
        accounts.create(session, ADMINISTRATOR, directory, person(), "Anne.Martin-Tk7$wq9")
    with database.writing() as session:
        accounts.create(session, ADMINISTRATOR, directory, person(), PASSWORD)
    with pytest.raises(NameTaken), database.writing() as session:
        accounts.create(session, ADMINISTRATOR, directory, person("ANNE.martin"), PASSWORD)
    with database.reading() as session:
        assert len(session.scalars(select(EmbeddedPerson)).all()) == 1
        assert actions(session) == ["account.create"]


def test_a_disabled_account_stays_out_until_it_is_enabled(database: Database, directory: EmbeddedDirectory) -> None:
    with database.writing() as session:
        number = accounts.create(session, ADMINISTRATOR, directory, person(), PASSWORD).id
    with database.writing() as session:
        accounts.disable(session, ADMINISTRATOR, directory, number)
    with pytest.raises(AccountDisabled):
        directory.authenticate("anne.martin", PASSWORD)
    with database.writing() as session:
        assert not accounts.seen(session, replace(person(key=_key(session)), active=True)).active
        accounts.enable(session, ADMINISTRATOR, directory, number)
    assert directory.authenticate("anne.martin", PASSWORD).active
    with database.reading() as session:
        assert actions(session) == ["account.create", "account.disable", "account.enable"]


def _key(session: Session) -> str:
    return session.scalars(select(EmbeddedPerson.key)).one()


def test_roles_change_in_the_account_and_in_the_directory(database: Database, directory: EmbeddedDirectory) -> None:
    with database.writing() as session:
        number = accounts.create(session, ADMINISTRATOR, directory, person(), PASSWORD).id
    with database.writing() as session:
        accounts.set_roles(session, ADMINISTRATOR, directory, number, CHIEF)
    assert directory.authenticate("anne.martin", PASSWORD).roles == CHIEF
    with pytest.raises(IncompletePerson), database.writing() as session:
        accounts.set_roles(session, ADMINISTRATOR, directory, number, [])


def test_the_last_administrator_stays(database: Database, directory: EmbeddedDirectory) -> None:
    with database.writing() as session:
        accounts.make_break_glass(session, ROOT)
        first = accounts.create(session, ROOT, directory, person(roles=CHIEF), PASSWORD).id
    with pytest.raises(LastAdministrator), database.writing() as session:
        accounts.disable(session, ROOT, directory, first)
    with pytest.raises(LastAdministrator), database.writing() as session:
        accounts.set_roles(session, ROOT, directory, first, SECRETARY)
    with database.writing() as session:
        accounts.create(session, ROOT, directory, person("paul", CHIEF), PASSWORD)
    with database.writing() as session:
        accounts.set_roles(session, ROOT, directory, first, SECRETARY)


def test_a_maintainer_opens_the_clinic_to_nobody(database: Database, directory: EmbeddedDirectory) -> None:
    with database.writing() as session:
        number = accounts.create(session, ADMINISTRATOR, directory, person(), PASSWORD).id
    for roles in ({Role.PRACTITIONER}, {Role.SECRETARY, Role.MAINTAINER}, {Role.ADMINISTRATOR}):
        with pytest.raises(NotYoursToGive), database.writing() as session:
            accounts.create(session, MAINTAINER, directory, person("karim", frozenset(roles)), PASSWORD)
    with pytest.raises(NotYoursToGive), database.writing() as session:
        accounts.reset_password(session, MAINTAINER, directory, number)
    with pytest.raises(NotYoursToGive), database.writing() as session:
        accounts.set_roles(session, MAINTAINER, directory, number, {Role.MAINTAINER})
    for change in (accounts.disable, accounts.enable):
        with pytest.raises(NotYoursToGive), database.writing() as session:
            change(session, MAINTAINER, directory, number)
    with database.writing() as session:
        mine = accounts.create(session, MAINTAINER, directory, person("it", frozenset({Role.MAINTAINER})), PASSWORD)
        with pytest.raises(NotYoursToGive):
            accounts.set_roles(session, MAINTAINER, directory, mine.id, {Role.MAINTAINER, Role.SECRETARY})


def test_a_reset_password_works_once_and_asks_for_a_new_one(database: Database, directory: EmbeddedDirectory) -> None:
    with database.writing() as session:
        number = accounts.create(session, ADMINISTRATOR, directory, person(), PASSWORD).id
    with database.writing() as session:
        given = accounts.reset_password(session, ADMINISTRATOR, directory, number)
    with pytest.raises(WrongCredentials):
        directory.authenticate("anne.martin", PASSWORD)
    with pytest.raises(PasswordMustChange):
        directory.authenticate("anne.martin", given)
    accounts.check_new_password(directory, "anne.martin", given, FRESH)
    with database.writing() as session:
        accounts.change_own_password(session, directory, "anne.martin", given, FRESH)
    assert directory.authenticate("anne.martin", FRESH).username == "anne.martin"
    with database.reading() as session:
        assert actions(session) == ["account.create", "account.password_reset", "account.password_change"]


def test_only_who_knows_the_old_password_hears_about_the_new_one(
    database: Database, directory: EmbeddedDirectory
) -> None:
    with database.writing() as session:
        accounts.create(session, ADMINISTRATOR, directory, person(), PASSWORD)
    with pytest.raises(WrongCredentials):
        accounts.check_new_password(directory, "anne.martin", "wrong", "weak")
    for weak in ("weak", "Anne-Martin-Tk7$wq9", PASSWORD):
        with pytest.raises(PasswordTooWeak):
            accounts.check_new_password(directory, "anne.martin", PASSWORD, weak)


def test_a_hash_made_with_old_settings_is_renewed_at_the_next_sign_in(database: Database) -> None:
    old = EmbeddedDirectory(database, Hasher(time_cost=1, memory_kib=64, lanes=1))
    new = EmbeddedDirectory(database, Hasher(time_cost=2, memory_kib=128, lanes=1))
    with database.writing() as session:
        old.create(session, person(), PASSWORD)
    kept = []
    for password in ("wrong", PASSWORD, PASSWORD):
        try:
            new.authenticate("anne.martin", password)
        except WrongCredentials:
            assert password == "wrong"
        with database.reading() as session:
            kept.append(session.scalars(select(EmbeddedPerson.password_hash)).one())
    assert "m=64,t=1" in kept[0]
    assert "m=128,t=2" in kept[1]
    assert kept[1] == kept[2]


# The emergency administrator


def test_the_emergency_password_is_shown_once_and_opens(database: Database) -> None:
    with database.writing() as session:
        password = accounts.make_break_glass(session, ROOT)
        assert accounts.make_break_glass(session, ROOT) is None
    assert password is not None
    with database.reading() as session:
        account = accounts.check_break_glass(session, accounts.BREAK_GLASS.upper(), password)
        assert account is not None
        assert account.role_set() == {Role.ADMINISTRATOR, Role.MAINTAINER}
        assert accounts.is_break_glass(session, accounts.BREAK_GLASS)
        for name, wrong in ((accounts.BREAK_GLASS, "wrong"), (accounts.BREAK_GLASS, ""), ("anne.martin", password)):
            assert accounts.check_break_glass(session, name, wrong) is None
    with database.writing() as session:
        renewed = accounts.make_break_glass(session, ROOT, renew=True)
    assert renewed not in {None, password}
    with database.reading() as session:
        assert accounts.check_break_glass(session, accounts.BREAK_GLASS, password) is None
        assert actions(session) == ["break_glass.password", "break_glass.password"]


def test_the_emergency_administrator_is_not_the_directorys(database: Database, directory: EmbeddedDirectory) -> None:
    with database.writing() as session:
        accounts.make_break_glass(session, ROOT)
    with database.writing() as session:
        account = accounts.find(session, accounts.BREAK_GLASS)
        assert account is not None
        with pytest.raises(DirectoryReadOnly):
            accounts.reset_password(session, ROOT, directory, account.id)
        with pytest.raises(DirectoryReadOnly):
            accounts.set_roles(session, ROOT, directory, account.id, {Role.ADMINISTRATOR})


def test_accounts_are_listed_by_name_in_pages(database: Database) -> None:
    with database.writing() as session:
        for number in range(25):
            accounts.seen(session, person(f"person{number:02}", key=str(number)))
    with database.reading() as session:
        first = accounts.listed(session, most=20)
        rest = accounts.listed(session, after=first[-1].username, most=20)
    assert [account.username for account in first + rest] == [f"person{number:02}" for number in range(25)]


def test_nobody_has_the_number(database: Database) -> None:
    with pytest.raises(PersonUnknown), database.reading() as session:
        accounts.get(session, 4_000_000_000)
