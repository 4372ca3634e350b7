"""Signing in through a door's pages, on both databases."""

import re
import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from tests.parts import door
from werkzeug.test import TestResponse

from socle.foundation.clock import SettableClock
from socle.foundation.database import Database, DatabaseFull
from socle.identity.actor import Actor, Role, machine
from socle.identity.audit.models import AuditEntry
from socle.identity.people import accounts
from socle.identity.people.directories.embedded import EmbeddedDirectory
from socle.identity.people.directory import Directory, DirectoryPerson, DirectoryUnreachable
from socle.identity.people.models import Account
from socle.identity.sessions import doors, sessions
from socle.identity.sessions.models import SignedInSession
from socle.identity.sessions.reasons import Why
from socle.web.apps import maintainer_app, staff_app

BASE = "https://localhost:8443"
STAFF = doors.STAFF.cookie
HOSTNAME = f"{socket.gethostname()}:8443"


class Silent(EmbeddedDirectory):
    """A directory that is out of reach while told to be."""

    silent = False

    def authenticate(self, username: str, password: str) -> DirectoryPerson:
        if self.silent:
            raise DirectoryUnreachable
        return super().authenticate(username, password)


@pytest.fixture
def directory(database: Database) -> Silent:
    return Silent(database, door.QUICK)


@pytest.fixture
def app(database: Database, clock: SettableClock, directory: Directory, tmp_path: Path) -> Flask:
    return door.with_trial_page(staff_app(door.tools(database, clock, tmp_path, directory)))


@pytest.fixture
def paul(database: Database) -> Account:
    return door.add_person(database, "paul.lemoine", "Paul Lemoine", Role.PRACTITIONER)


@pytest.fixture
def claire(database: Database) -> Account:
    return door.add_person(database, "claire.roussel", "Claire Roussel", Role.SECRETARY)


def browser(app: Flask) -> FlaskClient:
    client = app.test_client()
    client.environ_base["HTTP_USER_AGENT"] = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


@pytest.fixture
def client(app: Flask) -> Iterator[FlaskClient]:
    with browser(app) as client:
        yield client


def enter(
    client: FlaskClient, username: str = "paul.lemoine", password: str = door.PASSWORD, **more: str
) -> TestResponse:
    return client.post("/sign-in", base_url=BASE, data={"username": username, "password": password, **more})


def get(client: FlaskClient, path: str, **headers: str) -> TestResponse:
    return client.get(path, base_url=BASE, headers=headers)


def post(client: FlaskClient, path: str, data: dict[str, str], **headers: str) -> TestResponse:
    return client.post(path, base_url=BASE, data=data, headers=headers)


def why(client: FlaskClient, path: str = "/sign-in") -> str:
    page = get(client, path)
    found = re.search(r'data-why="(\w+)"', page.text)
    assert found, page.text
    return found[1]


def token(page: TestResponse) -> str:
    found = re.search(r'name="_csrf" value="([^"]+)"', page.text)
    assert found, page.text
    return found[1]


def test_right_name_and_password_lead_to_the_page_asked_for(client: FlaskClient, paul: Account) -> None:
    asked = get(client, "/trial?tab=2")
    assert asked.status_code == 303
    assert asked.location == "/sign-in?next=/trial?tab%3D2"
    answer = enter(client, next="/trial?tab=2")
    assert (answer.status_code, answer.location) == (303, "/trial?tab=2")
    assert "Paul Lemoine" in get(client, "/trial").text


def test_the_cookie_is_one_opaque_value_for_this_door_only(client: FlaskClient, paul: Account) -> None:
    answer = enter(client)
    cookies = {cookie.partition("=")[0]: cookie for cookie in answer.headers.getlist("Set-Cookie")}
    assert set(cookies) == {"__Host-socle-staff", "__Host-socle-browser"}
    for cookie in cookies.values():
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
        assert "Domain" not in cookie
        assert "lemoine" not in cookie
    assert "Max-Age" not in cookies["__Host-socle-staff"]


def test_each_sign_in_has_a_new_token(client: FlaskClient, paul: Account) -> None:
    enter(client)
    first = client.get_cookie(STAFF)
    enter(client)
    second = client.get_cookie(STAFF)
    assert first is not None
    assert second is not None
    assert first.value != second.value
    client.set_cookie(STAFF, first.value, secure=True)
    assert get(client, "/trial").status_code == 303


@pytest.mark.parametrize("username", ["paul.lemoine", "nobody.at.all"])
def test_the_error_never_says_which_half_is_wrong(client: FlaskClient, paul: Account, username: str) -> None:
    answer = enter(client, username, "wrong")
    assert answer.status_code == 403
    assert "SIGN-IN-WRONG" in answer.text
    assert "This user name and password do not go together." in answer.text
    assert STAFF not in str(answer.headers)


@pytest.mark.parametrize(
    ("username", "password"),
    [("", "x"), ("x", ""), ("a" * 257, "x"), ("x", "p" * 1025), ("a\0b", "x"), ("x", "\0")],
)
def test_fields_that_cannot_be_right_are_refused_without_asking(
    client: FlaskClient, username: str, password: str
) -> None:
    assert enter(client, username, password).status_code == 400


@pytest.mark.parametrize("odd", ["\ud800", "'; DROP TABLE account; --", "<script>alert(1)</script>", "𝕻𝖆𝖚𝖑", "％00"])
def test_odd_names_are_just_wrong(client: FlaskClient, odd: str) -> None:
    answer = client.post(
        "/sign-in", base_url=BASE, data={"username": odd.encode("utf-8", "surrogatepass"), "password": "x"}
    )
    assert answer.status_code == 403
    assert "<script>alert" not in answer.text


def test_five_failures_then_a_wait_said_in_words(client: FlaskClient, paul: Account, clock: SettableClock) -> None:
    for _ in range(5):
        assert enter(client, password="wrong").status_code == 403
    refused = enter(client)
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "90"
    assert "SIGN-IN-TOO-MANY-ATTEMPTS" in refused.text
    assert "in 2 min" in refused.text
    clock.advance(timedelta(seconds=91))
    assert enter(client).status_code == 303


def test_guesses_elsewhere_do_not_keep_a_doctor_out_of_her_own_browser(
    app: Flask, client: FlaskClient, paul: Account
) -> None:
    enter(client)
    post(client, "/session/sign-out", {"_csrf": token(get(client, "/trial"))})
    stranger = browser(app)
    for _ in range(5):
        enter(stranger, password="guess")
    assert enter(stranger).status_code == 429
    assert enter(client).status_code == 303


def test_failures_are_written_in_the_trail_without_what_was_typed(
    client: FlaskClient, paul: Account, database: Database
) -> None:
    enter(client, "paul.lemoine", "wrong")
    enter(client, "MySecretPassword", "wrong")
    with database.reading() as session:
        rows = session.execute(
            select(AuditEntry.actor, AuditEntry.reason, AuditEntry.workstation).where(
                AuditEntry.action == "session.refused"
            )
        ).all()
    assert [tuple(row) for row in rows] == [("sign-in", "staff SIGN-IN-WRONG 1", "127.0.0.1")] * 2


@pytest.mark.parametrize(
    "target",
    ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", "/\tx", "x", "/sign-in"],
)
def test_only_pages_of_this_server_are_gone_back_to(client: FlaskClient, paul: Account, target: str) -> None:
    assert enter(client, next=target).location == "/"


def test_a_maintainer_is_shown_the_right_door(client: FlaskClient, database: Database) -> None:
    door.add_person(database, "max.weber", "Max Weber", Role.MAINTAINER)
    answer = enter(client, "max.weber")
    assert answer.status_code == 403
    assert "SIGN-IN-WRONG-DOOR" in answer.text
    assert 'href="https://localhost:8444/"' in answer.text
    for _ in range(6):  # a right password at the wrong door is no guess
        assert enter(client, "max.weber").status_code == 403


def test_the_maintainers_door_admits_maintainers_and_administrators(
    database: Database, clock: SettableClock, tmp_path: Path, paul: Account
) -> None:
    app = maintainer_app(door.tools(database, clock, tmp_path))
    door.add_person(database, "max.weber", "Max Weber", Role.MAINTAINER)
    door.add_person(database, "ada.chef", "Ada Chef", Role.ADMINISTRATOR)
    assert enter(browser(app)).status_code == 403
    assert enter(browser(app), "max.weber").status_code == 303
    assert enter(browser(app), "ada.chef").status_code == 303


def test_one_doors_cookie_opens_not_the_other(
    app: Flask, client: FlaskClient, database: Database, clock: SettableClock, tmp_path: Path
) -> None:
    door.add_person(database, "ada.chef", "Ada Chef", Role.ADMINISTRATOR)
    enter(client, "ada.chef")
    staff = client.get_cookie(STAFF)
    assert staff is not None
    other = browser(door.with_trial_page(maintainer_app(door.tools(database, clock, tmp_path))))
    other.set_cookie(doors.MAINTAINER.cookie, staff.value, secure=True)
    assert get(other, "/trial").status_code == 303


# The reasons


def test_a_first_visit(client: FlaskClient) -> None:
    assert why(client) == Why.FIRST_VISIT


def test_idle_then_the_same_session_goes_on(
    client: FlaskClient, paul: Account, clock: SettableClock, database: Database
) -> None:
    enter(client)
    clock.advance(timedelta(minutes=11))
    asked = get(client, "/trial")
    assert asked.status_code == 303
    page = get(client, asked.location)
    assert 'data-why="idle"' in page.text
    assert "for 10 minutes" in page.text
    assert "Paul Lemoine" in page.text
    assert 'value="paul.lemoine"' in page.text
    assert enter(client, next="/trial").location == "/trial"
    with database.reading() as session:
        assert len(sessions.live(session)) == 1


def test_requests_a_page_makes_by_itself_do_not_keep_a_session_open(
    client: FlaskClient, paul: Account, clock: SettableClock
) -> None:
    enter(client)
    for _ in range(11):
        clock.advance(timedelta(minutes=1))
        answer = get(client, "/trial", **{"X-Background": "1"})
    assert answer.status_code == 303
    assert why(client) == Why.IDLE


def test_real_requests_do(client: FlaskClient, paul: Account, clock: SettableClock) -> None:
    enter(client)
    for _ in range(11):
        clock.advance(timedelta(minutes=5))
        assert get(client, "/trial").status_code == 200


def test_input_seen_by_the_page_counts_and_its_question_alone_does_not(
    client: FlaskClient, paul: Account, clock: SettableClock
) -> None:
    enter(client)
    for _ in range(4):
        clock.advance(timedelta(minutes=4))
        state = get(client, "/session/state", **{"X-Seconds-Since-Input": "20"}).json
        assert state is not None
        assert state["state"] == "open"
        assert state["idle_seconds_left"] == 580
    for _ in range(3):
        clock.advance(timedelta(minutes=4))
        state = get(client, "/session/state").json
    assert state == {"state": "locked", "reason": "idle", "sign_in": "/sign-in"}


def test_a_page_cannot_revive_a_locked_session(client: FlaskClient, paul: Account, clock: SettableClock) -> None:
    enter(client)
    clock.advance(timedelta(minutes=11))
    for _ in range(2):
        state = get(client, "/session/state", **{"X-Seconds-Since-Input": "1"}).json
        assert state is not None
        assert state["state"] == "locked"


def test_the_absolute_limit(client: FlaskClient, paul: Account, clock: SettableClock) -> None:
    enter(client)
    for _ in range(145):
        clock.advance(timedelta(minutes=5))
        answer = get(client, "/trial")
    assert answer.status_code == 303
    assert why(client) == Why.ABSOLUTE_LIMIT


def test_revoked_says_by_whom(client: FlaskClient, paul: Account, database: Database) -> None:
    enter(client)
    max_weber = door.add_person(database, "max.weber", "Max Weber", Role.MAINTAINER)
    with database.writing() as session:
        number = sessions.live(session)[0].id
        sessions.end(session, Actor(max_weber.id, "Max Weber"), number, Why.REVOKED)
    assert why(client) == Why.REVOKED
    assert "Max Weber ended this session on" in get(client, "/sign-in").text


def test_revoked_from_the_command_line(client: FlaskClient, paul: Account, database: Database) -> None:
    enter(client)
    with database.writing() as session:
        sessions.end_all(session, machine("command line"), Why.REVOKED)
    assert "command line" in get(client, "/sign-in").text


def test_signed_out(client: FlaskClient, paul: Account) -> None:
    enter(client)
    form = token(get(client, "/trial"))
    assert post(client, "/session/sign-out", {"_csrf": form}).location == "/sign-in"
    assert why(client) == Why.SIGNED_OUT
    assert "paul.lemoine" not in get(client, "/sign-in").text
    assert get(client, "/trial").status_code == 303


def test_locked_by_the_person(client: FlaskClient, paul: Account) -> None:
    enter(client)
    page = get(client, "/trial")
    answer = post(client, "/session/lock", {"_csrf": token(page)}, Referer=f"{BASE}/trial")
    assert answer.location == "/sign-in?next=/trial"
    assert why(client) == Why.LOCKED_BY_PERSON


def test_a_disabled_account(client: FlaskClient, paul: Account, database: Database, directory: Silent) -> None:
    enter(client)
    with database.writing() as session:
        accounts.disable(session, machine("test"), directory, paul.id)
    assert get(client, "/trial").status_code == 303
    assert why(client) == Why.ACCOUNT_DISABLED
    assert "ACCOUNT-DISABLED" in enter(client).text


def test_roles_taken_away(client: FlaskClient, paul: Account, database: Database) -> None:
    enter(client)
    with database.writing() as session:
        session.execute(update(Account).where(Account.id == paul.id).values(roles=["maintainer"]))
    assert why(client) == Why.ROLES_CHANGED


def test_a_browser_that_forgot_its_session(client: FlaskClient, paul: Account) -> None:
    enter(client)
    client.delete_cookie(STAFF)
    assert why(client) == Why.COOKIE_GONE


def test_a_browser_wiped_by_a_cleaner(client: FlaskClient, paul: Account) -> None:
    enter(client)
    client.delete_cookie(STAFF)
    client.delete_cookie(doors.BROWSER_COOKIE)
    assert why(client) == Why.COOKIE_GONE


def test_a_cookie_from_another_server(client: FlaskClient, paul: Account) -> None:
    client.set_cookie(STAFF, "x" * 51, secure=True)
    assert why(client) == Why.COOKIE_FOREIGN
    assert enter(client).status_code == 303


def test_a_session_the_server_lost(client: FlaskClient, paul: Account, database: Database) -> None:
    enter(client)
    with database.writing() as session:
        sessions.end_all(session, machine("test"), Why.SIGNED_OUT)
    with database.writing() as session:
        for row in session.scalars(select(SignedInSession)):
            session.delete(row)
    assert why(client) == Why.SESSION_LOST


# The directory


def test_the_directory_out_of_reach_is_said_and_counts_for_nothing(
    client: FlaskClient, paul: Account, directory: Silent
) -> None:
    directory.silent = True
    for _ in range(7):
        answer = enter(client)
        assert answer.status_code == 503
        assert "DIRECTORY-UNREACHABLE" in answer.text
    directory.silent = False
    assert enter(client).status_code == 303


def test_the_emergency_administrator_signs_in_meanwhile(
    client: FlaskClient, directory: Silent, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounts, "_HASHER", door.QUICK)
    with database.writing() as session:
        password = accounts.make_break_glass(session, machine("test"))
    assert password is not None
    assert enter(client, accounts.BREAK_GLASS, password).status_code == 403  # the directory answers: nothing to break
    directory.silent = True
    assert enter(client, accounts.BREAK_GLASS, "wrong").status_code == 503
    assert enter(client, accounts.BREAK_GLASS, password).status_code == 303
    with database.reading() as session:
        reasons = session.scalars(select(AuditEntry.reason).where(AuditEntry.action == "session.open")).all()
        assert reasons == ["staff break_glass"]
        assert sessions.live(session)[0].factor == "break_glass"


def test_guesses_at_the_emergency_password_are_slowed(
    client: FlaskClient, directory: Silent, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounts, "_HASHER", door.QUICK)
    with database.writing() as session:
        password = accounts.make_break_glass(session, machine("test"))
    assert password is not None
    directory.silent = True
    for _ in range(5):
        assert enter(client, accounts.BREAK_GLASS, "guess").status_code == 503
    assert enter(client, accounts.BREAK_GLASS, password).status_code == 429


def test_a_password_to_change_before_anything_else(client: FlaskClient, database: Database) -> None:
    door.add_person(database, "lea.nouvelle", "Léa Nouvelle", Role.SECRETARY, must_change=True)
    answer = enter(client, "lea.nouvelle")
    assert answer.status_code == 403
    assert 'name="new_password"' in answer.text
    sent = {"username": "lea.nouvelle", "password": door.PASSWORD}

    def change(new: str, again: str) -> TestResponse:
        return post(client, "/sign-in/new-password", {**sent, "new_password": new, "new_password_again": again})

    assert "PASSWORD-TYPED-DIFFERENTLY" in change("one", "two").text
    weak = change("azerty12", "azerty12")
    assert "PASSWORD-TOO-WEAK" in weak.text
    assert "<li>" in weak.text
    done = change("Zq4!mTr8#xWp", "Zq4!mTr8#xWp")
    assert done.status_code == 303
    assert get(client, "/trial").status_code == 200
    assert enter(browser(client.application), "lea.nouvelle").status_code == 403


def test_a_forced_change_ends_the_sessions_elsewhere(app: Flask, database: Database, paul: Account) -> None:
    elsewhere, here = browser(app), browser(app)
    enter(elsewhere)
    with database.writing() as session:
        assert paul.directory_key is not None
        EmbeddedDirectory(database, door.QUICK).set_password(
            session, paul.directory_key, door.PASSWORD, must_change=True
        )
    new = {"new_password": "Zq4!mTr8#xWp", "new_password_again": "Zq4!mTr8#xWp"}
    sent = {"username": paul.username, "password": door.PASSWORD, **new}
    assert post(here, "/sign-in/new-password", sent).status_code == 303
    assert get(here, "/trial").status_code == 200
    assert get(elsewhere, "/trial").status_code == 303
    assert why(elsewhere) == Why.PASSWORD_CHANGED


def test_a_password_changes_with_the_end_of_the_other_sessions_or_not_at_all(
    app: Flask, paul: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere, here = browser(app), browser(app)
    enter(elsewhere)
    enter(here)
    sent = {
        "_csrf": token(get(here, "/account")),
        "password": door.PASSWORD,
        "new_password": "Zq4!mTr8#xWp",
        "new_password_again": "Zq4!mTr8#xWp",
    }

    def full(*_: object, **__: object) -> int:
        raise DatabaseFull

    with monkeypatch.context() as patched:
        patched.setattr(sessions, "end_of_account", full)
        assert post(here, "/account/password", sent).status_code == 503
    assert enter(browser(app)).status_code == 303
    assert get(elsewhere, "/trial").status_code == 200
    assert post(here, "/account/password", sent).status_code == 303
    assert get(here, "/trial").status_code == 200
    assert get(elsewhere, "/trial").status_code == 303


def test_a_password_made_of_the_practices_name_is_refused(client: FlaskClient, database: Database) -> None:
    door.add_person(database, "lea.nouvelle", "Léa Nouvelle", Role.SECRETARY, must_change=True)
    for new, status in (("Cabinet-Zq4!mTr8#", 400), ("Zq4!mTr8#xWp", 303)):  # the practice's name is "Cabinet"
        sent = {"username": "lea.nouvelle", "password": door.PASSWORD, "new_password": new, "new_password_again": new}
        answer = post(client, "/sign-in/new-password", sent)
        assert answer.status_code == status
        assert ("Your own name and the practice&#39;s must not be in it." in answer.text) == (status == 400)


def test_a_user_name_of_a_former_colleague_is_no_guess(client: FlaskClient, database: Database, paul: Account) -> None:
    with database.writing() as session:
        session.execute(update(Account).values(directory_key="the former one"))
    for _ in range(7):
        taken = enter(client)
        assert (taken.status_code, "ACCOUNT-NAME-TAKEN" in taken.text) == (409, True)
    with database.reading() as session:
        told = select(AuditEntry.reason).where(AuditEntry.action == "session.refused")
        assert session.scalars(told).all() == ["staff ACCOUNT-NAME-TAKEN 1"] * 7


# Names of this server


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", '"><i x', "", "127.0.0.1.evil.example"])
def test_another_name_is_refused(client: FlaskClient, host: str) -> None:
    for path in ("/sign-in", "/healthz", "/static/css/socle.css"):
        answer = get(client, path, Host=host)
        assert (answer.status_code, "REQUEST-WRONG-NAME" in answer.text) == (400, True)
    assert "<i x" not in get(client, "/sign-in", Host=host).text


@pytest.mark.parametrize("host", ["LOCALHOST:8443", "192.168.1.12:8443", "[fe80::1]:8443", "socle.local", HOSTNAME])
def test_this_servers_own_names_and_addresses_are_answered(client: FlaskClient, host: str) -> None:
    assert get(client, "/sign-in", Host=host).status_code == 200


# Typed text


def test_typed_text_survives_the_idle_lock(
    client: FlaskClient, paul: Account, clock: SettableClock, app: Flask
) -> None:
    enter(client)
    form = token(get(client, "/trial?tab=2"))
    clock.advance(timedelta(minutes=20))
    sent = {"_csrf": form, "note": "Douleur à l'épaule <droite>", "password": "never kept"}
    answer = post(client, "/trial", sent, Referer=f"{BASE}/trial?tab=2")
    assert answer.status_code == 303
    assert app.extensions["saved"] == []
    page = get(client, answer.location)
    assert "What was typed is kept" in page.text
    number = re.search(r'name="held" value="(\d+)"', page.text)
    assert number is not None
    back = enter(client, next="/trial?tab=2", held=number[1])
    assert back.location == f"/trial?tab=2&held={number[1]}"
    kept = door.held(get(client, back.location).text)
    assert kept["fields"] == [["note", "Douleur à l'épaule <droite>"]]
    assert kept["action"] == "/trial"


def test_another_person_never_gets_it(
    client: FlaskClient, paul: Account, claire: Account, clock: SettableClock
) -> None:
    enter(client)
    form = token(get(client, "/trial"))
    clock.advance(timedelta(minutes=20))
    answer = post(client, "/trial", {"_csrf": form, "note": "secret"}, Referer=f"{BASE}/trial")
    number = answer.location.partition("held=")[2]
    assert number
    other = enter(client, "claire.roussel", next="/trial", held=number)
    assert other.location == "/"  # not even the page the first person was on
    page = get(client, f"/trial?held={number}")
    assert "Claire Roussel" in page.text
    assert "secret" not in page.text
    assert door.held(page.text) == {}


def test_a_form_of_the_person_before_is_not_saved_but_kept_for_them(
    client: FlaskClient, paul: Account, claire: Account, app: Flask
) -> None:
    enter(client)
    form = token(get(client, "/trial"))
    enter(client, "claire.roussel")
    answer = post(client, "/trial", {"_csrf": form, "note": "secret"}, Referer=f"{BASE}/trial")
    assert answer.status_code == 403
    assert "FORM-OF-ANOTHER-PERSON" in answer.text
    assert app.extensions["saved"] == []


def test_a_form_without_our_proof_is_refused(client: FlaskClient, paul: Account, app: Flask) -> None:
    enter(client)
    for forged in ("", "x", "WzEsMV0.forged"):
        answer = post(client, "/trial", {"_csrf": forged, "note": "x"})
        assert answer.status_code == 403
        assert "FORM-OF-ANOTHER-SESSION" in answer.text
    assert app.extensions["saved"] == []


def test_a_page_locked_while_open_hands_over_what_is_typed(
    client: FlaskClient, paul: Account, clock: SettableClock
) -> None:
    enter(client)
    form = token(get(client, "/trial"))
    clock.advance(timedelta(minutes=20))
    typed = {"page": "/trial", "action": "/trial", "fields": [["note", "half a sen"]]}
    answer = client.post("/session/hold", base_url=BASE, json=typed, headers={"X-CSRF-Token": form})
    assert answer.json is not None
    assert answer.json["sign_in"].startswith("/sign-in?next=/trial&held=")
    back = enter(client, next="/trial", held=str(answer.json["held"]))
    assert door.held(get(client, back.location).text)["fields"] == [["note", "half a sen"]]


@pytest.mark.parametrize("sent", [None, [], {"page": 1}, {"page": "/", "action": "/", "fields": "x"}])
def test_only_what_a_page_of_ours_sends_is_held(client: FlaskClient, paul: Account, sent: object) -> None:
    enter(client)
    form = token(get(client, "/trial"))
    answer = client.post("/session/hold", base_url=BASE, json=sent, headers={"X-CSRF-Token": form})
    assert answer.status_code == 400
    stranger = browser(client.application)
    typed = {"page": "/trial", "action": "/trial", "fields": [["note", "x"]]}
    assert stranger.post("/session/hold", base_url=BASE, json=typed).status_code == 400


def test_a_script_gets_401_and_the_way(client: FlaskClient, paul: Account, clock: SettableClock) -> None:
    enter(client)
    clock.advance(timedelta(minutes=20))
    answer = get(
        client, "/trial", Accept="application/json", Referer=f"{BASE}/trial?x=1", **{"Sec-Fetch-Dest": "empty"}
    )
    assert answer.status_code == 401
    assert answer.json is not None
    assert answer.json["code"] == "SESSION-LOCKED"
    assert answer.json["sign_in"] == "/sign-in?next=/trial?x%3D1"
    fragment = get(client, "/trial", **{"HX-Request": "true", "HX-Current-URL": f"{BASE}/trial?x=1"})
    assert fragment.headers["HX-Redirect"] == "/sign-in?next=/trial?x%3D1"


def test_another_site_cannot_sign_anybody_in(client: FlaskClient, paul: Account) -> None:
    sent = {"username": "paul.lemoine", "password": door.PASSWORD}
    assert post(client, "/sign-in", sent, Origin="https://evil.example").status_code == 403
    assert post(client, "/sign-in", sent, **{"Sec-Fetch-Site": "cross-site"}).status_code == 403


def test_two_people_in_one_browser_never_cross(client: FlaskClient, paul: Account, claire: Account) -> None:
    enter(client)
    enter(client, "claire.roussel")
    assert "Claire Roussel" in get(client, "/trial").text
    enter(client)
    assert "Paul Lemoine" in get(client, "/trial").text


def test_the_page_speaks_french_first_and_english_when_asked(client: FlaskClient) -> None:
    asked = client.get("/sign-in?language=en&next=/trial", base_url=BASE)
    assert asked.location == "/sign-in?next=/trial"
    page = client.get("/sign-in", base_url=BASE, headers={"Accept-Language": "fr"})
    assert '<html lang="en"' in page.text
