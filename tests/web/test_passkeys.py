"""Passkeys at the pages: set up, used after the password and instead of it, and every answer that must not open."""

import html
import json
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from tests.builders.authenticator import Authenticator
from tests.parts import door
from werkzeug.test import TestResponse

from socle.foundation.clock import SettableClock
from socle.foundation.database import Database
from socle.foundation.settings import AccessSettings, RoleAccess, Settings
from socle.identity.actor import Role
from socle.identity.people.directories.embedded import EmbeddedDirectory, EmbeddedPerson
from socle.identity.people.directory import DirectoryPerson, DirectoryUnreachable
from socle.identity.people.models import Account
from socle.identity.sessions.models import SignedInSession
from socle.web.apps import staff_app

BASE = "https://localhost:8443"
CREATE = "/account/factors/passkeys/new"


class Person:
    """Somebody with a browser and an authenticator."""

    def __init__(self, app: Flask, username: str) -> None:
        self.client: FlaskClient = app.test_client()
        self.client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
        self.username, self.device = username, Authenticator()

    def get(self, path: str) -> TestResponse:
        return self.client.get(path, base_url=BASE)

    def post(self, path: str, page: str = "", **fields: object) -> TestResponse:
        found = re.search(r'name="_csrf" value="(.*?)"', self.get(page).text) if page else None
        token = html.unescape(found[1]) if found else ""
        return self.client.post(path, base_url=BASE, data={"_csrf": token, **fields})

    def sign_in(self) -> TestResponse:
        return self.post("/sign-in", username=self.username, password=door.PASSWORD)

    def begin(self) -> tuple[dict[str, Any], str]:
        """Give the password once more; return the question for a new key, and its proof."""
        page = html.unescape(self.post(CREATE, CREATE, password=door.PASSWORD).text)
        proof = re.search(r'name="_proof" value="(.*?)"', page)
        assert proof, page
        return question(page), proof[1]

    def set_up(self, name: str = "Blue key") -> TestResponse:
        self.sign_in()
        asked, proof = self.begin()
        fields = {"_proof": proof, "_credential": self.device.make(asked), "name": name}
        return self.post("/account/factors/passkeys", "/account", **fields)

    def sign_out(self) -> None:
        self.post("/session/sign-out")

    def is_in(self) -> bool:
        return self.get("/account").status_code == 200

    def after_password(self, **more: str) -> TestResponse:
        """Answer the page of the second factor."""
        asked = question(html.unescape(self.get("/sign-in/second").text))
        return self.post("/sign-in/second", **{"with": "passkey", "_credential": self.device.sign(asked), **more})

    def ask_for_passkey(self) -> dict[str, Any]:
        """Ask for a question without any password."""
        answer = self.post("/sign-in/passkey/question")
        assert answer.status_code == 200
        asked: dict[str, Any] = answer.get_json()
        return asked

    def without_password(self) -> TestResponse:
        return self.post("/sign-in/passkey", _credential=self.device.sign(self.ask_for_passkey()))


def question(page: str) -> dict[str, Any]:
    found = re.search(r'data-question="(\{.*?\})" data-ask', page)
    assert found, page
    asked: dict[str, Any] = json.loads(found[1])
    return asked


@pytest.fixture
def access() -> AccessSettings:
    return AccessSettings()


@pytest.fixture
def app(database: Database, clock: SettableClock, tmp_path: Path, access: AccessSettings) -> Flask:
    tools = door.tools(database, clock, tmp_path)
    tools.provide(Settings, lambda: Settings(access=access))
    return staff_app(tools)


@pytest.fixture
def arrive(app: Flask, database: Database) -> Callable[..., Person]:
    def one(username: str = "paul.lemoine", *roles: Role) -> Person:
        door.add_person(database, username, username.title().replace(".", " "), *(roles or (Role.PRACTITIONER,)))
        with database.writing() as session:
            session.execute(update(Account).values(language="en"))
        return Person(app, username)

    return one


@pytest.fixture
def paul(arrive: Callable[..., Person]) -> Person:
    return arrive()


def factors(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(SignedInSession.factor).order_by(SignedInSession.id)))


def test_a_passkey_is_set_up_with_recovery_codes_and_counts_after_the_password(
    paul: Person, database: Database
) -> None:
    made = paul.set_up()
    assert len(re.findall(r"<code>[a-z2-9]{5}-[a-z2-9]{5}</code>", made.text)) == 10
    assert "Blue key" in paul.get("/account/factors").text
    paul.sign_out()
    assert paul.sign_in().location == "/sign-in/second"
    paul.device.verified = False  # after the password, holding the key is enough
    assert paul.after_password().location == "/"
    assert paul.is_in()
    assert factors(database)[-1] == "password+passkey"


def test_the_second_factor_used_last_comes_first_in_this_browser_then_anywhere(
    paul: Person, app: Flask, clock: SettableClock
) -> None:
    def first(person: Person) -> str:
        person.sign_out()
        assert person.sign_in().location == "/sign-in/second"
        page = person.get("/sign-in/second").text
        passkey, code = page.index('data-passkey="get"'), page.index('id="code"')
        assert page.count("btn-primary") == 1
        assert page.index("btn-primary") < max(passkey, code)
        assert page.count('name="remember"') == 1
        return "passkey" if passkey < code else "code"

    other = Person(app, paul.username)
    other.device = paul.device
    paul.set_up()
    begin, scan = "/account/factors/totp/new", "/account/factors/totp/scan"
    paul.post(begin, begin, password=door.PASSWORD)
    clock.advance(timedelta(minutes=5))
    found = re.search(r"secret=([A-Z2-7]+)", html.unescape(paul.get(scan).text))
    assert found
    telephone = pyotp.TOTP(found[1])
    assert paul.post(scan, scan, code=telephone.at(clock.now())).status_code == 200
    assert first(paul) == "code"  # set up last
    clock.advance(timedelta(minutes=5))
    assert paul.after_password().location == "/"
    assert first(paul) == "passkey"
    assert first(other) == "passkey"  # never used here: where it was used last
    clock.advance(timedelta(minutes=5))
    assert other.post("/sign-in/second", code=telephone.at(clock.now())).location == "/"
    assert first(other) == "code"
    assert first(paul) == "passkey"  # each browser by itself
    again = paul.post("/sign-in/second", code="000000").text
    assert again.index('id="code"') < again.index('data-passkey="get"')  # a wrong code is typed again


def test_a_passkey_opens_without_a_password(paul: Person, app: Flask, database: Database) -> None:
    assert "data-passkey" not in paul.get("/sign-in").text  # nobody has one yet
    paul.set_up()
    elsewhere = Person(app, "")
    elsewhere.device = paul.device
    assert 'data-ask="/sign-in/passkey/question"' in elsewhere.get("/sign-in").text
    answer = elsewhere.without_password()
    assert (answer.status_code, answer.location) == (303, "/")
    assert elsewhere.is_in()
    assert factors(database)[-1] == "passkey"


def test_without_a_password_the_device_must_know_its_holder(paul: Person, app: Flask) -> None:
    paul.set_up()
    thief = Person(app, "")
    thief.device = paul.device
    thief.device.verified = False
    answer = thief.without_password()
    assert answer.status_code == 403
    assert "PASSKEY-NOT-VERIFIED" in answer.text
    assert not thief.is_in()


@pytest.mark.parametrize(
    "wrong",
    [{"origin": "https://localhost.example:8443"}, {"origin": "https://localhost:9999"}, {"host": "elsewhere.test"}],
)
def test_an_answer_made_for_another_page_is_refused(paul: Person, app: Flask, wrong: dict[str, str]) -> None:
    paul.set_up()
    thief = Person(app, "")
    thief.device = paul.device
    for name, value in wrong.items():
        setattr(thief.device, name, value)
    answer = thief.without_password()
    assert "PASSKEY-REFUSED" in answer.text
    assert not thief.is_in()


def test_an_answer_opens_once_and_in_its_own_browser(paul: Person, app: Flask) -> None:
    paul.set_up()
    other, thief = Person(app, ""), Person(app, "")
    asked = other.ask_for_passkey()
    stolen = paul.device.sign(asked)
    thief.ask_for_passkey()
    assert "PASSKEY-REFUSED" in thief.post("/sign-in/passkey", _credential=stolen).text
    assert other.post("/sign-in/passkey", _credential=stolen).status_code == 303
    other.sign_out()
    assert "SIGN-IN-STEP-OVER" in other.post("/sign-in/passkey", _credential=stolen).text
    assert not other.is_in()


def test_a_copied_key_is_noticed(paul: Person, app: Flask) -> None:
    paul.device.count = 5
    paul.set_up()
    copy = paul.device.copy()
    paul.sign_out()
    for _ in range(3):
        assert paul.without_password().status_code == 303
        paul.sign_out()
    thief = Person(app, "")
    thief.device = copy
    answer = thief.without_password()
    assert "PASSKEY-COPIED" in answer.text
    assert not thief.is_in()


def test_a_key_nobody_enrolled_opens_nothing(paul: Person, app: Flask) -> None:
    paul.set_up()
    thief = Person(app, "")
    assert "PASSKEY-UNKNOWN" in thief.without_password().text
    thief.device.number = paul.device.number  # the right name, another key
    assert "PASSKEY-REFUSED" in thief.without_password().text


@pytest.mark.parametrize(
    "nonsense", ["", "{}", "[]", "null", "\0", '{"id": "a"}', "x" * 30_000, '{"id": 1, "rawId": 2}']
)
def test_nonsense_is_refused(paul: Person, nonsense: str) -> None:
    paul.set_up()
    paul.sign_out()
    paul.ask_for_passkey()
    answer = paul.post("/sign-in/passkey", _credential=nonsense)
    assert answer.status_code == 403
    assert "PASSKEY-REFUSED" in answer.text


def test_anothers_passkey_does_not_count_after_my_password(paul: Person, arrive: Callable[..., Person]) -> None:
    claire = arrive("claire.roussel")
    paul.set_up()
    claire.set_up()
    paul.sign_out()
    paul.sign_in()
    paul.device = claire.device
    assert "PASSKEY-UNKNOWN" in paul.after_password().text
    assert not paul.is_in()


def test_the_question_lists_my_keys_and_a_key_is_set_up_once(paul: Person) -> None:
    paul.set_up()
    asked, proof = paul.begin()
    assert [each["id"] for each in asked["excludeCredentials"]]
    fields = {"_proof": proof, "_credential": paul.device.make(asked), "name": "again"}
    assert "PASSKEY-KNOWN" in paul.post("/account/factors/passkeys", "/account", **fields).text
    fields["_proof"] = proof[:-2]
    assert "SIGN-IN-STEP-OVER" in paul.post("/account/factors/passkeys", "/account", **fields).text


def test_the_proof_of_my_password_is_of_no_use_to_another(paul: Person, arrive: Callable[..., Person]) -> None:
    claire = arrive("claire.roussel")
    paul.sign_in()
    claire.sign_in()
    asked, proof = paul.begin()
    fields = {"_proof": proof, "_credential": claire.device.make(asked), "name": ""}
    assert "SIGN-IN-STEP-OVER" in claire.post("/account/factors/passkeys", "/account", **fields).text


def test_setting_up_and_removing_ask_for_the_password(paul: Person) -> None:
    paul.sign_in()
    refused = paul.post(CREATE, CREATE, password="not this one").text
    assert "SIGN-IN-WRONG" in refused
    assert "This is not your password." in refused
    paul.set_up()
    found = re.search(r'href="(/account/factors/passkeys/\d+/remove)"', paul.get("/account/factors").text)
    assert found
    assert "SIGN-IN-WRONG" in paul.post(found[1], found[1], password="not this one").text
    assert paul.post(found[1], found[1], password=door.PASSWORD).status_code == 303
    assert "FACTOR-NONE" in paul.post(found[1], found[1], password=door.PASSWORD).text
    paul.sign_out()
    assert "PASSKEY-UNKNOWN" in paul.without_password().text
    assert paul.sign_in().location == "/"


def test_opened_by_a_number_the_page_says_why_not(paul: Person) -> None:
    paul.client.environ_base["REMOTE_ADDR"] = "127.0.0.1"
    base = "https://127.0.0.1:8443"
    paul.client.post("/sign-in", base_url=base, data={"username": paul.username, "password": door.PASSWORD})
    page = paul.client.get("/account/factors", base_url=base)
    assert "it was opened by a number" in page.text
    refused = paul.client.get(CREATE, base_url=base)
    assert refused.status_code == 409
    assert "PASSKEY-NEEDS-NAME" in refused.text


def test_somebody_who_left_the_directory_is_out_at_once(paul: Person, database: Database) -> None:
    """The directory has no part in a passkey, and the accounts are compared with it only now and then."""
    paul.set_up()
    paul.sign_out()
    with database.writing() as session:
        session.execute(update(EmbeddedPerson).values(active=False))
    assert "ACCOUNT-DISABLED" in paul.without_password().text
    with database.writing() as session:
        session.execute(update(EmbeddedPerson).values(active=True, key="somebody else of that name"))
    assert "ACCOUNT-DISABLED" in paul.without_password().text
    assert not paul.is_in()


class Silent(EmbeddedDirectory):
    """A directory that does not answer."""

    def find(self, username: str) -> DirectoryPerson | None:
        raise DirectoryUnreachable


def test_while_the_directory_is_away_a_passkey_still_opens(
    paul: Person, database: Database, clock: SettableClock, tmp_path: Path
) -> None:
    paul.set_up()
    without = door.tools(database, clock, tmp_path, Silent(database, door.QUICK))
    other = Person(staff_app(without), "")
    other.device = paul.device
    assert other.without_password().location == "/"
    assert other.is_in()


class TestRequired:
    @pytest.fixture
    def access(self) -> AccessSettings:
        return AccessSettings(practitioner=RoleAccess(second_factor="required"))

    def test_a_passkey_is_set_up_in_the_middle_of_a_sign_in(self, paul: Person, database: Database) -> None:
        assert paul.sign_in().location == "/sign-in/set-up"
        page = html.unescape(paul.get("/sign-in/set-up?with=passkey").text)
        answer = paul.device.make(question(page))
        done = paul.post("/sign-in/set-up", **{"with": "passkey", "_credential": answer, "name": "Telephone"})
        assert "Keep these recovery codes" in done.text
        assert paul.post("/sign-in/go-on").location == "/"
        assert factors(database) == ["password+passkey"]

    def test_the_last_one_stays(self, paul: Person) -> None:
        paul.sign_in()
        page = html.unescape(paul.get("/sign-in/set-up?with=passkey").text)
        paul.post("/sign-in/set-up", **{"with": "passkey", "_credential": paul.device.make(question(page))})
        paul.post("/sign-in/go-on")
        found = re.search(r'href="(/account/factors/passkeys/\d+/remove)"', paul.get("/account/factors").text)
        assert found
        assert "FACTOR-REQUIRED" in paul.post(found[1], found[1], password=door.PASSWORD).text
        assert found[1] in paul.get("/account/factors").text


class TestNotAdmitted:
    @pytest.fixture
    def access(self) -> AccessSettings:
        return AccessSettings(practitioner=RoleAccess(factors=("totp",)))

    def test_a_role_without_passkeys_has_none(self, paul: Person) -> None:
        paul.sign_in()
        assert "FACTOR-NOT-ALLOWED" in paul.post(CREATE, CREATE, password=door.PASSWORD).text
