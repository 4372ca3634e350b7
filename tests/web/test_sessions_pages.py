"""One's own sessions and everybody's, and what counts as somebody being there, on both databases."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from tests.parts import door
from werkzeug.test import TestResponse

from socle.foundation.clock import SettableClock
from socle.foundation.database import Database, now
from socle.identity.actor import Role
from socle.identity.people.models import Account
from socle.identity.sessions import sessions
from socle.identity.sessions.models import SignedInSession, Workstation
from socle.web.apps import maintainer_app, staff_app

BASE = "https://localhost:8443"
CLICKED = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-User": "?1"}


@pytest.fixture
def paul(database: Database) -> Account:
    return door.add_person(database, "paul.lemoine", "Paul Lemoine", Role.PRACTITIONER)


@pytest.fixture
def staff(database: Database, clock: SettableClock, tmp_path: Path, paul: Account) -> Flask:
    return door.with_trial_page(staff_app(door.tools(database, clock, tmp_path)))


def signed_in(app: Flask, username: str = "paul.lemoine") -> FlaskClient:
    browser = app.test_client()
    browser.environ_base["HTTP_ACCEPT_LANGUAGE"] = "fr"
    entered = browser.post("/sign-in", base_url=BASE, data={"username": username, "password": door.PASSWORD})
    assert entered.status_code == 303
    return browser


def post(browser: FlaskClient, path: str, **fields: str) -> TestResponse:
    found = re.search(r'name="_csrf" value="([^"]+)"', browser.get("/account", base_url=BASE).text)
    assert found
    return browser.post(path, base_url=BASE, data={"_csrf": found[1], **fields})


def newest(database: Database, account: Account) -> int:
    with database.reading() as session:
        return sessions.live(session, account.id)[0].id


def test_my_sessions_say_where_how_and_since_when(staff: Flask) -> None:
    first = signed_in(staff)
    signed_in(staff)
    page = first.get("/account", base_url=BASE).text
    assert "Mes sessions" in page
    assert page.count(">mot de passe<") == 2
    assert "celle-ci" in page
    assert page.count('class="badge is-green"') == 2


def test_i_lock_and_end_my_other_sessions(staff: Flask, database: Database, paul: Account) -> None:
    here, there, elsewhere = (signed_in(staff) for _ in range(3))
    number = newest(database, paul)
    assert post(here, f"/account/sessions/{number}/lock").status_code == 303
    assert 'data-why="locked_by_person"' in elsewhere.get("/sign-in", base_url=BASE).text
    assert there.get("/trial", base_url=BASE).status_code == 200
    assert post(here, "/account/sessions/end-others").status_code == 303
    for browser in (there, elsewhere):
        assert 'data-why="revoked_by_self"' in browser.get("/sign-in", base_url=BASE).text
    assert here.get("/trial", base_url=BASE).status_code == 200


@pytest.mark.parametrize("verb", ["lock", "end"])
def test_somebody_elses_session_is_not_mine(staff: Flask, database: Database, paul: Account, verb: str) -> None:
    claire = door.add_person(database, "claire.roussel", "Claire Roussel", Role.SECRETARY)
    hers, mine = signed_in(staff, "claire.roussel"), signed_in(staff)
    answer = post(mine, f"/account/sessions/{newest(database, claire)}/{verb}")
    assert answer.status_code == 404
    assert "SESSION-NOT-YOURS" in answer.text
    assert hers.get("/trial", base_url=BASE).status_code == 200
    assert post(mine, f"/account/sessions/999999/{verb}").status_code == 404


def test_the_maintainer_reads_the_factor_of_each(
    staff: Flask, database: Database, clock: SettableClock, tmp_path: Path
) -> None:
    signed_in(staff)
    door.add_person(database, "max.weber", "Max Weber", Role.MAINTAINER)
    maintainer = signed_in(maintainer_app(door.tools(database, clock, tmp_path)), "max.weber")
    page = maintainer.get("/sessions", base_url=BASE).text
    assert page.count(">mot de passe<") == 2
    assert "Paul Lemoine" in page


def test_a_session_at_a_named_workstation_shows_the_name(staff: Flask, database: Database, paul: Account) -> None:
    browser = signed_in(staff)
    with database.writing() as session:
        station = Workstation(name="Salle de soins 2", named_at=now(session), system="", address="")
        session.add(station)
        session.flush()
        session.execute(update(SignedInSession).values(workstation_id=station.id))
    assert "<strong>Salle de soins 2</strong>" in browser.get("/account", base_url=BASE).text


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/trial", {"X-Background": "1"}),
        ("/session/state", {}),
        ("/trial", {"Sec-Fetch-Mode": "cors"}),  # a script's request: real input is told of by session.state
        ("/trial", {"Sec-Fetch-Mode": "same-origin", "HX-Request": "true"}),  # htmx asking again every second
        ("/trial", {"Sec-Fetch-Mode": "navigate"}),  # a page that something reloads
        ("/session/state", {"X-Seconds-Since-Input": "5000"}),  # input of long ago
    ],
)
def test_what_a_page_does_by_itself_keeps_no_session_open(
    staff: Flask, clock: SettableClock, path: str, headers: dict[str, str]
) -> None:
    browser = signed_in(staff)
    for _ in range(11):
        clock.advance(timedelta(minutes=1))
        browser.get(path, base_url=BASE, headers=headers)
    assert 'data-why="idle"' in browser.get("/sign-in", base_url=BASE).text


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/trial", CLICKED),
        ("/trial", {}),  # a browser too old to say
        ("/session/state", {"X-Seconds-Since-Input": "3", "X-Background": "1"}),
    ],
)
def test_real_input_keeps_it_open_until_the_absolute_limit(
    staff: Flask, clock: SettableClock, path: str, headers: dict[str, str]
) -> None:
    browser = signed_in(staff)
    for _ in range(12 * 60 // 9 - 1):
        clock.advance(timedelta(minutes=9))
        assert browser.get(path, base_url=BASE, headers=headers).status_code == 200
    clock.advance(timedelta(minutes=9))
    browser.get(path, base_url=BASE, headers=headers)
    assert 'data-why="absolute_limit"' in browser.get("/sign-in", base_url=BASE).text


def test_a_page_asks_again_within_a_second(staff: Flask) -> None:
    state = signed_in(staff).get("/session/state", base_url=BASE).get_json()
    assert state["ask_again_ms"] < 1000


def test_the_browser_forgets_what_was_seen_when_the_person_changes(staff: Flask, database: Database) -> None:
    door.add_person(database, "claire.roussel", "Claire Roussel", Role.SECRETARY)
    browser = signed_in(staff)
    forgets = '"cache"'
    assert post(browser, "/session/lock").headers.get("Clear-Site-Data") is None  # the same person comes back
    again = browser.post("/sign-in", base_url=BASE, data={"username": "paul.lemoine", "password": door.PASSWORD})
    assert again.headers.get("Clear-Site-Data") is None
    assert post(browser, "/session/lock", switch="1").headers["Clear-Site-Data"] == forgets
    other = browser.post("/sign-in", base_url=BASE, data={"username": "claire.roussel", "password": door.PASSWORD})
    assert other.headers["Clear-Site-Data"] == forgets
    assert post(browser, "/session/sign-out").headers["Clear-Site-Data"] == forgets
