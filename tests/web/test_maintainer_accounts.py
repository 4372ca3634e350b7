"""The pages of accounts at both doors: who may do what, and what each page says."""

import html
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from tests.parts import door
from werkzeug.test import TestResponse

from socle.foundation.clock import SettableClock
from socle.foundation.database import Database
from socle.identity.actor import Role, machine
from socle.identity.audit.models import AuditEntry
from socle.identity.people import accounts
from socle.identity.people.directories.embedded import EmbeddedDirectory
from socle.identity.people.directory import (
    AccountDisabled,
    Capability,
    Directory,
    PasswordMustChange,
    WrongCredentials,
)
from socle.identity.people.models import Account
from socle.identity.sessions.models import SignedInSession
from socle.web.apps import maintainer_app, staff_app

BASE = "https://localhost:8444"
SignIn = Callable[..., FlaskClient]


class ManagedElsewhere(EmbeddedDirectory):
    """A directory whose people Socle may not change."""

    capabilities = frozenset({Capability.OWN_PASSWORD})


@pytest.fixture
def directory(request: pytest.FixtureRequest, database: Database) -> EmbeddedDirectory:
    kind: type[EmbeddedDirectory] = getattr(request, "param", EmbeddedDirectory)
    return kind(database, door.QUICK)


@pytest.fixture
def app(database: Database, clock: SettableClock, directory: Directory, tmp_path: Path) -> Flask:
    return maintainer_app(door.tools(database, clock, tmp_path, directory))


@pytest.fixture
def sign_in(app: Flask, database: Database) -> SignIn:
    def enter(username: str, password: str = door.PASSWORD) -> FlaskClient:
        with database.writing() as session:
            session.execute(update(Account).values(language="en"))
        client = app.test_client()
        client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
        answer = client.post("/sign-in", base_url=BASE, data={"username": username, "password": password})
        assert answer.status_code == 303, html.unescape(answer.text)
        return client

    return enter


@pytest.fixture
def chief(database: Database, sign_in: SignIn) -> FlaskClient:
    door.add_person(database, "nathalie", "Nathalie Perrin", Role.ADMINISTRATOR)
    return sign_in("nathalie")


@pytest.fixture
def maintainer(database: Database, sign_in: SignIn) -> FlaskClient:
    door.add_person(database, "karim", "Karim Haddad", Role.MAINTAINER)
    return sign_in("karim")


@pytest.fixture
def claire(database: Database) -> Account:
    return door.add_person(database, "claire", "Claire Roussel", Role.SECRETARY)


def get(client: FlaskClient, path: str) -> str:
    answer = client.get(path, base_url=BASE)
    assert answer.status_code == 200
    return html.unescape(answer.text)


def post(client: FlaskClient, path: str, page: str = "/accounts/new", /, **fields: object) -> TestResponse:
    found = re.search(r'name="_csrf" value="(.*?)"', client.get(page, base_url=BASE).text)
    assert found is not None
    return client.post(path, base_url=BASE, data={"_csrf": html.unescape(found[1]), **fields})


NEW: dict[str, object] = {
    "username": "luc.neuf",
    "given_name": "Luc",
    "family_name": "Neuf",
    "email": "",
    "roles": ["secretary"],
}


def test_the_list_shows_everybody_and_the_emergency_account(
    database: Database, chief: FlaskClient, claire: Account
) -> None:
    with database.writing() as session:
        accounts.make_break_glass(session, machine("test"))
    page = get(chief, "/accounts")
    for words in ("Nathalie Perrin", "Claire Roussel", "claire", "Secretary", "Administrateur de secours", "Emergency"):
        assert words in page
    assert "Add an account" in page


def test_a_use_of_the_emergency_account_is_shown_for_a_month(
    database: Database, chief: FlaskClient, clock: SettableClock
) -> None:
    with database.writing() as session:
        accounts.make_break_glass(session, machine("test"))
    words = "The emergency administrator signed in on"
    assert words not in get(chief, "/accounts")
    emergency = update(Account).where(Account.username == accounts.BREAK_GLASS)
    with database.writing() as session:
        session.execute(emergency.values(last_sign_in_at=clock.now() - timedelta(days=29)))
    assert words in get(chief, "/accounts")
    with database.writing() as session:
        session.execute(emergency.values(last_sign_in_at=clock.now() - timedelta(days=31)))
    assert words not in get(chief, "/accounts")


def test_names_are_shown_as_they_are(database: Database, chief: FlaskClient) -> None:
    door.add_person(database, "odd", "<script>alert(1)</script> {{ 7*7 }}", Role.SECRETARY)
    answer = chief.get("/accounts", base_url=BASE)
    assert "<script>alert" not in answer.text
    assert "{{ 7*7 }}" in html.unescape(answer.text)


def test_an_administrator_adds_somebody_who_then_chooses_a_password(
    chief: FlaskClient, directory: EmbeddedDirectory
) -> None:
    answer = post(chief, "/accounts/new", **NEW)
    assert answer.status_code == 200
    assert "no-store" in answer.headers["Cache-Control"]
    found = re.search(r"[a-z2-9]{6}-[a-z2-9]{6}-[a-z2-9]{6}", answer.text)
    assert found is not None
    with pytest.raises(PasswordMustChange):
        directory.authenticate("luc.neuf", found[0])
    assert found[0] not in get(chief, "/accounts")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"username": ""}, "The user name is needed."),
        ({"given_name": "  "}, "The given name is needed."),
        ({"family_name": "x" * 101}, "At most 100 characters"),
        ({"family_name": "a\0b"}, "At most 100 characters"),
        ({"email": "nowhere"}, "An address has an @ in it."),
        ({"roles": []}, "Choose at least one role."),
        ({"roles": ["king"]}, "Choose at least one role."),
        ({"username": "1 x"}, "A user name has 2 to 64 letters"),
        ({"username": "CLAIRE"}, "is taken"),
    ],
)
def test_a_form_that_cannot_be_says_why_and_keeps_what_was_typed(
    chief: FlaskClient, claire: Account, changed: dict[str, object], words: str
) -> None:
    answer = post(chief, "/accounts/new", **{**NEW, "given_name": "Lucienne", **changed})
    assert answer.status_code == 400
    page = html.unescape(answer.text)
    assert words in page
    assert "given_name" in changed or 'value="Lucienne"' in page


def test_a_maintainer_opens_the_clinic_to_nobody(
    maintainer: FlaskClient, claire: Account, directory: EmbeddedDirectory
) -> None:
    form = get(maintainer, "/accounts/new")
    assert 'value="maintainer"' in form
    assert 'value="secretary"' not in form
    page = get(maintainer, f"/accounts/{claire.id}")
    assert "Make a new password" not in page
    assert "Save the roles" not in page
    assert "An administrator of the practice disables the accounts of people who work with patients" in page
    assert "Disable the account" not in page
    own = f"/accounts/{claire.id}"
    for path in ("/accounts/new", f"{own}/reset-password", f"{own}/roles", f"{own}/disable", f"{own}/enable"):
        answer = post(maintainer, path, **{**NEW, "roles": ["maintainer", "secretary"]})
        assert answer.status_code == 403
        assert "ACCOUNT-ADMINISTRATOR-NEEDED" in answer.text
    assert directory.authenticate("claire", door.PASSWORD).roles == {Role.SECRETARY}


def test_disabling_ends_the_sessions_and_can_be_undone(
    database: Database, maintainer: FlaskClient, directory: EmbeddedDirectory, sign_in: SignIn
) -> None:
    gone = door.add_person(database, "marc", "Marc Parti", Role.MAINTAINER)
    his = sign_in("marc")
    answer = post(maintainer, f"/accounts/{gone.id}/disable")
    assert answer.status_code == 303
    page = get(maintainer, answer.headers["Location"])
    assert "The account is disabled and its sessions are ended." in page
    assert f'action="/accounts/{gone.id}/enable"' in page
    assert his.get("/accounts", base_url=BASE).status_code == 303
    with pytest.raises(AccountDisabled):
        directory.authenticate("marc", door.PASSWORD)
    assert post(maintainer, f"/accounts/{gone.id}/enable").status_code == 303
    assert directory.authenticate("marc", door.PASSWORD).active
    with database.reading() as session:
        entries = session.scalars(select(AuditEntry).where(AuditEntry.action.startswith("account."))).all()
        told = [(entry.action, entry.actor) for entry in entries]
    assert ("account.disable", "Karim Haddad") in told
    assert ("account.enable", "Karim Haddad") in told


def test_a_new_password_is_shown_once_and_the_old_one_is_dead(
    database: Database, chief: FlaskClient, claire: Account, directory: EmbeddedDirectory
) -> None:
    answer = post(chief, f"/accounts/{claire.id}/reset-password")
    found = re.search(r"[a-z2-9]{6}-[a-z2-9]{6}-[a-z2-9]{6}", answer.text)
    assert found is not None
    with pytest.raises(WrongCredentials):
        directory.authenticate("claire", door.PASSWORD)
    with pytest.raises(PasswordMustChange):
        directory.authenticate("claire", found[0])


def test_changed_roles_end_the_sessions(database: Database, chief: FlaskClient, sign_in: SignIn) -> None:
    other = door.add_person(database, "paul", "Paul Lemoine", Role.MAINTAINER)
    his = sign_in("paul")
    assert post(chief, f"/accounts/{other.id}/roles", roles=["maintainer"]).status_code == 303
    assert his.get("/accounts", base_url=BASE).status_code == 200
    assert post(chief, f"/accounts/{other.id}/roles", roles=["practitioner", "maintainer"]).status_code == 303
    assert his.get("/accounts", base_url=BASE).status_code == 303
    with database.reading() as session:
        assert accounts.get(session, other.id).role_set() == {Role.PRACTITIONER, Role.MAINTAINER}
        ended = select(SignedInSession.end_reason).where(SignedInSession.account_id == other.id)
        assert session.scalars(ended).all() == ["roles_changed"]
    assert post(chief, f"/accounts/{other.id}/roles").status_code == 400


def test_the_last_administrator_cannot_shut_the_door_behind_them(database: Database, chief: FlaskClient) -> None:
    with database.reading() as session:
        own = accounts.find(session, "nathalie")
    assert own is not None
    for path in (f"/accounts/{own.id}/disable", f"/accounts/{own.id}/roles"):
        answer = post(chief, path, roles=["secretary"])
        assert answer.status_code == 409
        assert "ACCOUNT-LAST-ADMINISTRATOR" in answer.text


def test_a_person_is_renamed_and_stays_the_same(
    database: Database, chief: FlaskClient, claire: Account, sign_in: SignIn, directory: EmbeddedDirectory
) -> None:
    own = f"/accounts/{claire.id}"
    assert f'href="{own}/rename"' in get(chief, own)
    assert 'value="claire"' in get(chief, f"{own}/rename")
    names = {"username": "Claire.Durand", "given_name": "Claire", "family_name": "Durand", "email": "c@cabinet.test"}
    answer = post(chief, f"{own}/rename", f"{own}/rename", **names)
    assert answer.status_code == 303
    assert "Claire Durand" in get(chief, answer.headers["Location"])
    assert directory.authenticate("claire.durand", door.PASSWORD).key == claire.directory_key
    with database.reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "account.rename")).one()
    assert (entry.subject_id, entry.fields) == (claire.id, ["display_name", "email", "username"])
    for changed, words in (({"username": "nathalie"}, "is taken"), ({"family_name": ""}, "The family name is needed.")):
        refused = post(chief, f"{own}/rename", f"{own}/rename", **{**names, **changed})
        assert refused.status_code == 400
        assert words in html.unescape(refused.text)
        assert 'value="Claire"' in refused.text


def test_a_maintainer_renames_maintainers_only(maintainer: FlaskClient, claire: Account, database: Database) -> None:
    paul = door.add_person(database, "paul", "Paul Lemoine", Role.MAINTAINER)
    names = {"username": "paul", "given_name": "Paul", "family_name": "Durand"}
    assert "Save the names" not in get(maintainer, f"/accounts/{claire.id}/rename")
    assert post(maintainer, f"/accounts/{claire.id}/rename", **{**names, "username": "claire"}).status_code == 403
    assert post(maintainer, f"/accounts/{paul.id}/rename", **names).status_code == 303


def test_the_staff_door_has_the_same_pages_for_administrators_only(
    database: Database, clock: SettableClock, directory: Directory, tmp_path: Path
) -> None:
    app = staff_app(door.tools(database, clock, tmp_path, directory))
    chief = door.add_person(database, "nathalie", "Nathalie Perrin", Role.ADMINISTRATOR)
    claire = door.add_person(database, "claire", "Claire Roussel", Role.SECRETARY)
    with database.writing() as session:
        session.execute(update(Account).values(language="en"))
    seen = {}
    for who in (chief, claire):
        client = app.test_client()
        client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
        client.post("/sign-in", base_url=BASE, data={"username": who.username, "password": door.PASSWORD})
        seen[who.username] = client
    own = f"/accounts/{claire.id}"
    assert 'href="/accounts"' in get(seen["nathalie"], "/")
    names = {"username": "claire.d", "given_name": "Claire", "family_name": "Durand"}
    assert post(seen["nathalie"], f"{own}/rename", **names).status_code == 303
    assert post(seen["nathalie"], f"{own}/roles", own, roles=["practitioner"]).status_code == 303
    assert 'href="/accounts"' not in seen["claire"].get("/account", base_url=BASE).text
    assert seen["claire"].get("/accounts", base_url=BASE).status_code in {303, 403}


@pytest.mark.parametrize("directory", [ManagedElsewhere], indirect=True)
def test_a_directory_managed_elsewhere_says_where_to_go(database: Database, app: Flask, sign_in: SignIn) -> None:
    door.add_person(database, "nathalie", "Nathalie Perrin", Role.ADMINISTRATOR)
    other = door.add_person(database, "paul", "Paul Lemoine", Role.SECRETARY)
    chief = sign_in("nathalie")
    for path in ("/accounts", f"/accounts/{other.id}", f"/accounts/{other.id}/rename"):
        assert "Changes are made with that directory's own tools" in get(chief, path)


def test_nobody_has_that_number(chief: FlaskClient) -> None:
    for number in ("999999", "9223372036854775807", "99999999999999999999999"):
        assert chief.get(f"/accounts/{number}", base_url=BASE).status_code == 404


@pytest.mark.parametrize("directory", [ManagedElsewhere], indirect=True)
def test_people_of_a_directory_managed_elsewhere_are_only_shown(
    database: Database, app: Flask, sign_in: SignIn
) -> None:
    door.add_person(database, "nathalie", "Nathalie Perrin", Role.ADMINISTRATOR)
    other = door.add_person(database, "paul", "Paul Lemoine", Role.SECRETARY)
    chief = sign_in("nathalie")
    listed, page = get(chief, "/accounts"), get(chief, f"/accounts/{other.id}")
    assert "Add an account" not in listed
    assert "managed in the practice's own directory" in listed
    assert "Make a new password" not in page
    assert "Save the roles" not in page
    own = f"/accounts/{other.id}"
    for path in ("/accounts/new", f"{own}/reset-password", f"{own}/roles"):
        answer = post(chief, path, own, **{**NEW, "roles": ["maintainer"]})
        assert answer.status_code == 403
        assert "DIRECTORY-READ-ONLY" in answer.text
    assert post(chief, f"{own}/disable", own).status_code == 303


def test_a_stranger_sees_nothing(app: Flask, claire: Account) -> None:
    visitor = app.test_client()
    for path in ("/accounts", "/accounts/new", f"/accounts/{claire.id}"):
        assert visitor.get(path, base_url=BASE).status_code == 303
    assert visitor.post(f"/accounts/{claire.id}/disable", base_url=BASE).status_code in {303, 400, 403}
