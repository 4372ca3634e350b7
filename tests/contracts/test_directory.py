"""Every kind of directory does what the port says: the same cases on the embedded one and on a real OpenLDAP."""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlalchemy.orm import Session
from tests.builders import people
from tests.builders.people import ANNE, CLAIRE, EVERYBODY, GONE, GUEST, NEW, ODD, PAUL, ZOE, Person
from tests.conftest import DATABASE_KEY
from tests.parts import slapd
from tests.parts.certificates import Authority

from socle.foundation.clock import SettableClock
from socle.foundation.database import Database
from socle.foundation.engines import embedded_engine, postgresql_engine
from socle.identity.actor import Role
from socle.identity.people.directories.embedded import EmbeddedDirectory
from socle.identity.people.directories.ldap import LdapDirectory
from socle.identity.people.directory import (
    AccountDisabled,
    Capability,
    Directory,
    DirectoryPerson,
    DirectoryReadOnly,
    NameTaken,
    PasswordMustChange,
    PersonUnknown,
    WrongCredentials,
)
from socle.identity.people.passwords import Hasher

KINDS = [
    "embedded-sqlcipher",
    *(
        pytest.param(kind, marks=pytest.mark.real)
        for kind in ("embedded-postgresql", "ldapi", "ldaps", "starttls", "managed")
    ),
]
FRESH = "Wm5#dpV8xJt3"
QUICK = Hasher(time_cost=1, memory_kib=64, lanes=1)


@dataclass(frozen=True)
class Stage:
    """A directory with EVERYBODY in it, and the database whose transactions it is handed."""

    directory: Directory
    database: Database

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Open a transaction."""
        with self.database.writing() as session:
            yield session


@pytest.fixture(params=KINDS)
def stage(request: pytest.FixtureRequest, tmp_path: Path, clock: SettableClock) -> Iterator[Stage]:
    """Each kind of directory in turn; the embedded one on both databases."""
    if request.param == "embedded-postgresql":
        engine = postgresql_engine(request.getfixturevalue("postgresql_url"))
    else:
        shutil.copyfile(request.getfixturevalue("sqlcipher_template"), tmp_path / "practice.db")
        engine = embedded_engine(tmp_path / "practice.db", DATABASE_KEY)
    database = Database(engine, clock)
    with _directory(request.param, database) as directory:
        yield Stage(directory, database)
    engine.dispose()


@contextmanager
def _directory(kind: str, database: Database) -> Iterator[Directory]:
    if kind.startswith("embedded"):
        embedded = EmbeddedDirectory(database, QUICK)
        with database.writing() as session:
            for person in EVERYBODY:
                embedded.create(session, _written(person), person.password)
        yield embedded
        return
    if kind == "managed":
        with slapd.folder() as folder, slapd.Slapd(folder / "server", empty=True) as server:
            with closing(people.laid_out(server)) as managed:
                with database.writing() as session:
                    for person in EVERYBODY:
                        managed.create(session, _written(person), person.password)
                yield managed
        return
    with slapd.folder() as folder:
        authority = Authority(folder, "practice")
        server = slapd.Slapd(folder / "server", authority.sign("localhost"))
        server.load(people.entries())
        url = {"ldapi": server.socket_url, "ldaps": server.tls_url(), "starttls": server.plain_url()}[kind]
        settings = people.settings(url, certificate_file=str(authority.file), reset_passwords=kind != "starttls")
        with server, closing(LdapDirectory(settings, people.SERVICE_PASSWORD.encode())) as ldap:
            yield ldap


def _written(person: Person) -> DirectoryPerson:
    return DirectoryPerson(
        key="",
        username=person.username,
        display_name=person.display_name,
        given_name=person.given_name,
        family_name=person.family_name,
        email=person.email,
        roles=person.roles,
        active=person.active,
        must_change_password=person.must_change,
    )


@pytest.mark.parametrize("person", [ANNE, CLAIRE, PAUL, ZOE, ODD, GUEST], ids=lambda person: person.username)
def test_the_right_password_brings_the_person_in(stage: Stage, person: Person) -> None:
    found = stage.directory.authenticate(person.username, person.password)
    assert found == replace(_written(person), key=found.key)
    assert len(found.key) == 36


def test_the_key_stays_the_same_and_is_nobody_elses(stage: Stage) -> None:
    keys = {person.username: person.key for person in stage.directory.people()}
    assert len(set(keys.values())) == len(EVERYBODY)
    assert stage.directory.authenticate(ANNE.username, ANNE.password).key == keys[ANNE.username]


@pytest.mark.parametrize("typed", ["ANNE.MARTIN", "  anne.martin ", "Anne.Martin"])
def test_capitals_and_outer_spaces_of_a_name_do_not_matter(stage: Stage, typed: str) -> None:
    assert stage.directory.authenticate(typed, ANNE.password).username == "anne.martin"


def test_accents_typed_in_two_strokes_are_the_same(stage: Stage) -> None:
    found = stage.directory.authenticate("zoe\u0301.noe\u0308l", ZOE.password.replace("é", "e\u0301"))
    assert found.username == ZOE.username


def test_nothing_tells_a_wrong_password_from_an_unknown_name(stage: Stage) -> None:
    refusals = []
    for username, password in ((ANNE.username, CLAIRE.password), ("anne.martine", ANNE.password)):
        with pytest.raises(WrongCredentials) as refused:
            stage.directory.authenticate(username, password)
        refusals.append((refused.value.code, refused.value.details))
    assert refusals[0] == refusals[1]


@pytest.mark.parametrize("password", ["", "\0", " ", "tk7$wq9!lmz2", "Tk7$wq9!Lmz2 ", "\ud800", "x" * 100_000, "\n"])
def test_no_other_password_opens(stage: Stage, password: str) -> None:
    with pytest.raises(WrongCredentials):
        stage.directory.authenticate(ANNE.username, password)


@pytest.mark.parametrize(
    "name",
    [
        *("*", "anne*", "anne.marti?", "*)(uid=*", "anne.martin)(|(uid=*", "anne.martin)(objectClass=*", "\\2a", ")"),
        *(
            "anne.martin\0",
            "anne.martin\0x",
            "",
            " ",
            "\ud800",
            "a" * 5000,
            "' or '1'='1",
            "uid=anne.martin",
            "\n",
            "é" * 90,
        ),
        *(people.dn(ANNE), "%s", "anne.martin,ou=people"),
    ],
    ids=lambda name: name[:16].encode("unicode_escape").decode(),
)
def test_a_name_stands_for_itself_only(stage: Stage, name: str) -> None:
    assert stage.directory.find(name) is None
    with pytest.raises(WrongCredentials):
        stage.directory.authenticate(name, ANNE.password)


def test_a_disabled_person_stays_out_and_only_they_learn_why(stage: Stage) -> None:
    with pytest.raises(WrongCredentials):
        stage.directory.authenticate(GONE.username, ANNE.password)
    with pytest.raises((AccountDisabled, WrongCredentials)):
        stage.directory.authenticate(GONE.username, GONE.password)
    found = stage.directory.find(GONE.username)
    assert found is not None
    assert not found.active


def test_a_password_given_by_somebody_else_must_be_changed(stage: Stage) -> None:
    with pytest.raises(WrongCredentials):
        stage.directory.authenticate(NEW.username, ANNE.password)
    with pytest.raises(PasswordMustChange):
        stage.directory.authenticate(NEW.username, NEW.password)
    with stage.writing() as session:
        stage.directory.change_own_password(session, NEW.username, NEW.password, FRESH)
    assert stage.directory.authenticate(NEW.username, FRESH).roles == NEW.roles


def test_people_change_their_own_password(stage: Stage) -> None:
    with pytest.raises(WrongCredentials), stage.writing() as session:
        stage.directory.change_own_password(session, ANNE.username, CLAIRE.password, FRESH)
    with pytest.raises(WrongCredentials), stage.writing() as session:
        stage.directory.change_own_password(session, "nobody", CLAIRE.password, FRESH)
    with stage.writing() as session:
        stage.directory.change_own_password(session, ANNE.username, ANNE.password, FRESH)
    assert stage.directory.authenticate(ANNE.username, FRESH).username == ANNE.username
    with pytest.raises(WrongCredentials):
        stage.directory.authenticate(ANNE.username, ANNE.password)


def test_a_reset_password_must_be_changed(stage: Stage) -> None:
    found = stage.directory.find(CLAIRE.username)
    assert found is not None
    if Capability.RESET not in stage.directory.capabilities:
        with pytest.raises(DirectoryReadOnly), stage.writing() as session:
            stage.directory.set_password(session, found.key, FRESH, must_change=True)
        return
    with stage.writing() as session:
        stage.directory.set_password(session, found.key, FRESH, must_change=True)
    with pytest.raises(PasswordMustChange):
        stage.directory.authenticate(CLAIRE.username, FRESH)
    with pytest.raises(WrongCredentials):
        stage.directory.authenticate(CLAIRE.username, CLAIRE.password)
    with pytest.raises(PersonUnknown), stage.writing() as session:
        stage.directory.set_password(session, "0" * 36, FRESH, must_change=True)


def test_people_are_added_and_changed_where_that_is_possible(stage: Stage) -> None:
    added = replace(_written(GUEST), username="Luc.Neuf", roles=frozenset({Role.MAINTAINER}))
    if Capability.PEOPLE not in stage.directory.capabilities:
        with pytest.raises(DirectoryReadOnly), stage.writing() as session:
            stage.directory.create(session, added, FRESH)
        with pytest.raises(DirectoryReadOnly), stage.writing() as session:
            stage.directory.change(session, added.key, roles=added.roles, active=True)
        return
    with stage.writing() as session:
        made = stage.directory.create(session, added, FRESH)
    assert stage.directory.authenticate("luc.neuf", FRESH) == made
    with pytest.raises(NameTaken), stage.writing() as session:
        stage.directory.create(session, replace(added, username="LUC.neuf "), FRESH)
    with stage.writing() as session:
        changed = stage.directory.change(session, made.key, roles=frozenset({Role.SECRETARY}), active=False)
    assert changed == replace(made, roles=frozenset({Role.SECRETARY}), active=False)
    with pytest.raises((AccountDisabled, WrongCredentials)):
        stage.directory.authenticate("luc.neuf", FRESH)
    with pytest.raises(PersonUnknown), stage.writing() as session:
        stage.directory.change(session, "0" * 36, roles=made.roles, active=True)


def test_a_renamed_person_stays_the_same(stage: Stage) -> None:
    before = stage.directory.find(ODD.username)
    assert before is not None
    new = replace(before, username="Jean+Marie.O'Brien", given_name="Jean, Marie", email="jm@cabinet.test")
    new = replace(new, family_name="O'Brien", display_name='Jean, Marie "O\'Brien"')
    if Capability.PEOPLE not in stage.directory.capabilities:
        with pytest.raises(DirectoryReadOnly), stage.writing() as session:
            stage.directory.rename(session, before.key, new)
        return
    with stage.writing() as session:
        renamed = stage.directory.rename(session, before.key, new)
    assert renamed == replace(new, username="jean+marie.o'brien")
    assert stage.directory.authenticate(renamed.username, ODD.password) == renamed
    assert stage.directory.find(ODD.username) is None
    with pytest.raises(NameTaken), stage.writing() as session:
        stage.directory.rename(session, before.key, replace(new, username=ANNE.username))
    with pytest.raises(PersonUnknown), stage.writing() as session:
        stage.directory.rename(session, "0" * 36, new)
    with stage.writing() as session:
        again = stage.directory.rename(session, before.key, replace(renamed, email="", given_name=""))
    assert (again.email, again.given_name, again.roles) == ("", "", ODD.roles)


def test_roles_go_and_come_and_a_group_may_be_empty(stage: Stage) -> None:
    if Capability.PEOPLE not in stage.directory.capabilities:
        return
    keys = {person.username: person.key for person in stage.directory.people()}
    for roles in (frozenset[Role](), frozenset({Role.MAINTAINER}), frozenset(Role), ZOE.roles):
        with stage.writing() as session:
            assert stage.directory.change(session, keys[ZOE.username], roles=roles, active=True).roles == roles
    assert stage.directory.authenticate(ZOE.username, ZOE.password).roles == ZOE.roles


def test_a_reset_opens_no_closed_account(stage: Stage) -> None:
    if Capability.PEOPLE not in stage.directory.capabilities:
        return
    gone = stage.directory.find(GONE.username)
    assert gone is not None
    with stage.writing() as session:
        stage.directory.set_password(session, gone.key, FRESH, must_change=False)
    with pytest.raises((AccountDisabled, WrongCredentials)):
        stage.directory.authenticate(GONE.username, FRESH)
    with stage.writing() as session:
        stage.directory.change(session, gone.key, roles=gone.roles, active=True)
    assert stage.directory.authenticate(GONE.username, FRESH).active


def test_everybody_is_listed_as_they_are_found(stage: Stage) -> None:
    listed = {person.username: person for person in stage.directory.people()}
    assert set(listed) == {person.username for person in EVERYBODY}
    for person in EVERYBODY:
        assert listed[person.username] == stage.directory.find(person.username)
        assert listed[person.username].roles == person.roles


def test_the_export_names_everybody(stage: Stage) -> None:
    text = b"".join(stage.directory.export_ldif()).decode()
    assert text.count("objectClass: inetOrgPerson") + text.count("objectclass: inetOrgPerson") == len(EVERYBODY)
    assert "anne.martin" in text
    assert ANNE.password not in text


def test_a_healthy_directory_says_so(stage: Stage) -> None:
    assert stage.directory.probe().state == "green"


def test_eight_people_sign_in_at_once(stage: Stage) -> None:
    crowd = [ANNE, CLAIRE, PAUL, ZOE] * 8

    def sign_in(person: Person) -> frozenset[Role]:
        return stage.directory.authenticate(person.username, person.password).roles

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(sign_in, crowd)) == [person.roles for person in crowd]
