"""Signing in at a door whose people are in a real OpenLDAP, on a day it works and on a day it does not."""

import html
import re
import shutil
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from ldap3 import MODIFY_ADD, MODIFY_DELETE, Connection, Server
from sqlalchemy import select, update
from tests.builders import people
from tests.builders.people import ANNE, CLAIRE, GUEST, NEW, PAUL
from tests.conftest import AUDIT_KEY, DATABASE_KEY
from tests.parts import door, slapd
from tests.parts.certificates import Authority
from werkzeug.test import TestResponse

from socle.foundation.clock import SettableClock
from socle.foundation.database import Database
from socle.foundation.engines import embedded_engine
from socle.identity.actor import machine
from socle.identity.audit.models import AuditEntry
from socle.identity.people import accounts
from socle.identity.people.directories.ldap import LdapDirectory
from socle.identity.people.models import Account
from socle.jobs import directory_sync
from socle.jobs.schedule import run_due
from socle.web.apps import maintainer_app, staff_app

pytestmark = pytest.mark.real
BASE = "https://localhost:8443"
FRESH = "Wm5#dpV8xJt3"


@pytest.fixture
def server() -> Iterator[slapd.Slapd]:
    with slapd.folder() as folder:
        authority = Authority(folder, "practice")
        one = slapd.Slapd(folder / "server", authority.sign("localhost"))
        one.load(people.entries())
        shutil.copyfile(authority.file, one.folder / "authority.pem")
        with one:
            yield one


@pytest.fixture
def directory(server: slapd.Slapd) -> Iterator[LdapDirectory]:
    settings = people.settings(server.tls_url(), certificate_file=str(server.folder / "authority.pem"))
    with closing(LdapDirectory(settings, people.SERVICE_PASSWORD.encode())) as made:
        yield made


@pytest.fixture
def embedded(sqlcipher_template: Path, tmp_path: Path, clock: SettableClock) -> Iterator[Database]:
    shutil.copyfile(sqlcipher_template, tmp_path / "practice.db")
    engine = embedded_engine(tmp_path / "practice.db", DATABASE_KEY)
    yield Database(engine, clock, {"audit_key": AUDIT_KEY})
    engine.dispose()


@pytest.fixture
def staff(embedded: Database, directory: LdapDirectory, clock: SettableClock, tmp_path: Path) -> FlaskClient:
    return staff_app(door.tools(embedded, clock, tmp_path, directory)).test_client()


@pytest.fixture
def maintenance(embedded: Database, directory: LdapDirectory, clock: SettableClock, tmp_path: Path) -> FlaskClient:
    return maintainer_app(door.tools(embedded, clock, tmp_path, directory)).test_client()


def enter(client: FlaskClient, username: str, password: str, path: str = "/sign-in", **more: str) -> TestResponse:
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client.post(path, base_url=BASE, data={"username": username, "password": password, **more})


def test_the_first_sign_in_makes_the_account(staff: FlaskClient, embedded: Database) -> None:
    assert enter(staff, " Claire.ROUSSEL ", CLAIRE.password).status_code == 303
    with embedded.reading() as session:
        account = accounts.find(session, CLAIRE.username)
        assert account is not None
        assert (account.display_name, account.role_set()) == (CLAIRE.display_name, CLAIRE.roles)
        assert "account.create" in session.scalars(select(AuditEntry.action)).all()


def test_wrong_names_and_passwords_say_the_same(staff: FlaskClient) -> None:
    for username, password in ((CLAIRE.username, "wrong"), ("nobody", "wrong"), ("*)(uid=*", "x"), ("claire*", "x")):
        answer = enter(staff, username, password)
        assert answer.status_code == 403
        assert "SIGN-IN-WRONG" in answer.text


def test_somebody_without_a_role_is_told_so(staff: FlaskClient) -> None:
    assert "SIGN-IN-WRONG-DOOR" in enter(staff, GUEST.username, GUEST.password).text


def test_a_reset_password_is_changed_at_the_door(staff: FlaskClient) -> None:
    assert "Choose a new password" in enter(staff, NEW.username, NEW.password).text
    weak = enter(staff, NEW.username, NEW.password, "/sign-in/new-password", new_password="x", new_password_again="x")
    assert "PASSWORD-TOO-WEAK" in weak.text
    again = {"new_password": FRESH, "new_password_again": FRESH}
    assert enter(staff, NEW.username, NEW.password, "/sign-in/new-password", **again).status_code == 303


def as_root(server: slapd.Slapd, *changes: tuple[str, dict[str, Any]]) -> None:
    """Change entries as the directory's own administrator would."""
    connection = Connection(Server(server.socket_url), f"cn=root,{slapd.SUFFIX}", server.root_password, auto_bind=True)
    for dn, changed in changes:
        assert connection.modify(dn, changed), connection.result  # type: ignore[no-untyped-call]
    connection.unbind()


def test_whoever_left_the_directory_is_out_at_the_next_comparison(
    server: slapd.Slapd, directory: LdapDirectory, embedded: Database, clock: SettableClock, tmp_path: Path
) -> None:
    tools = door.tools(embedded, clock, tmp_path, directory)
    clients = {}
    for person in (CLAIRE, ANNE, PAUL):
        clients[person] = staff_app(tools).test_client()
        assert enter(clients[person], person.username, person.password).status_code == 303
    run_due(tools, [directory_sync.JOB])
    clock.advance(timedelta(hours=1))
    for client in clients.values():  # busy people: nobody is locked
        client.post("/session/state", base_url=BASE)
    locked = {"pwdAccountLockedTime": [(MODIFY_ADD, ["000001010000Z"])]}
    as_root(server, (people.dn(CLAIRE), locked))
    assert run_due(tools, [directory_sync.JOB]) == ["directory-sync"]
    page = html.unescape(clients[CLAIRE].get("/sign-in", base_url=BASE).text)
    assert "No longer in the directory" in page
    assert "SIGN-IN-WRONG" in enter(clients[CLAIRE], CLAIRE.username, CLAIRE.password).text
    with embedded.reading() as session:
        assert [one.username for one in accounts.listed(session) if one.active] == [ANNE.username, PAUL.username]
    as_root(server, (people.dn(CLAIRE), {"pwdAccountLockedTime": [(MODIFY_DELETE, [])]}))
    clock.advance(timedelta(hours=2))
    assert enter(clients[CLAIRE], CLAIRE.username, CLAIRE.password).status_code == 303


def test_an_administrator_says_that_many_left(
    server: slapd.Slapd, directory: LdapDirectory, embedded: Database, clock: SettableClock, tmp_path: Path
) -> None:
    tools = door.tools(embedded, clock, tmp_path, directory)
    chief = maintainer_app(tools).test_client()
    assert enter(chief, PAUL.username, PAUL.password).status_code == 303
    for person in (CLAIRE, ANNE):
        staff = staff_app(tools).test_client()
        assert enter(staff, person.username, person.password).status_code == 303
    with embedded.writing() as session:
        session.execute(update(Account).values(language="en"))
    clock.advance(timedelta(minutes=5))
    locked = {"pwdAccountLockedTime": [(MODIFY_ADD, ["000001010000Z"])]}
    as_root(server, (people.dn(CLAIRE), dict(locked)), (people.dn(ANNE), dict(locked)))
    page = html.unescape(chief.get("/accounts", base_url=BASE).text)
    assert "missing from the directory" not in page
    assert post(chief, "/accounts/leavers/compare", page).headers["Location"] == "/accounts/leavers"
    assert "2 people are missing from the directory" in html.unescape(chief.get("/accounts", base_url=BASE).text)
    page = html.unescape(chief.get("/accounts/leavers", base_url=BASE).text)
    for words in ("Claire Roussel", "Anne Martin", "The directory listed 8 people", "Close these accounts"):
        assert words in page
    numbers = re.search(r'name="accounts" value="(.*?)"', page)
    assert numbers is not None
    # A list that nobody saw closes nobody.
    assert post(chief, "/accounts/leavers/close", page, accounts="x,-1").headers["Location"] == "/accounts/leavers"
    done = post(chief, "/accounts/leavers/close", page, accounts=numbers[1])
    assert done.headers["Location"] == "/accounts"
    assert "Left the directory" in html.unescape(chief.get("/accounts", base_url=BASE).text)
    assert "Nobody is missing" in html.unescape(chief.get("/accounts/leavers", base_url=BASE).text)
    assert "No longer in the directory" in html.unescape(staff.get("/sign-in", base_url=BASE).text)


def post(client: FlaskClient, path: str, page: str, **fields: str) -> TestResponse:
    found = re.search(r'name="_csrf" value="(.*?)"', page)
    assert found is not None
    answer = client.post(path, base_url=BASE, data={"_csrf": html.unescape(found[1]), **fields})
    assert answer.status_code == 303
    return answer


def test_a_silent_directory_is_told_and_the_emergency_administrator_comes_in(
    server: slapd.Slapd, maintenance: FlaskClient, embedded: Database
) -> None:
    with embedded.writing() as session:
        password = accounts.make_break_glass(session, machine("test"))
    assert password is not None
    server.stop()
    answer = enter(maintenance, CLAIRE.username, CLAIRE.password)
    assert answer.status_code == 503
    page = html.unescape(answer.text)
    assert "directory of accounts does not answer" in page
    assert "DIRECTORY-UNREACHABLE" in page
    assert enter(maintenance, accounts.BREAK_GLASS, "wrong").status_code == 503
    assert enter(maintenance, accounts.BREAK_GLASS, password).status_code == 303
    listed = html.unescape(maintenance.get("/accounts", base_url=BASE).text)
    assert "L’administrateur de secours s’est connecté le" in listed
    assert "DIRECTORY-UNREACHABLE" in listed
    with embedded.reading() as session:
        entries = session.scalars(select(AuditEntry).where(AuditEntry.action == "session.open")).all()
        assert [entry.actor for entry in entries] == [accounts.BREAK_GLASS_NAME]
