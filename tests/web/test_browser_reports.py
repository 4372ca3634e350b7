"""Reports of what breaks in pages, as the doors take them: nothing of a patient, bounded, shown to the maintainer."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from tests.parts import door

from socle.appliance.supervision.browsers import known
from socle.appliance.supervision.browsers.faults import LARGEST
from socle.appliance.supervision.browsers.models import BrowserFault, KnownBrowser
from socle.foundation.clock import SettableClock
from socle.foundation.database import Database
from socle.foundation.toolbox import Toolbox
from socle.identity.actor import Role
from socle.identity.sessions import sessions
from socle.web.apps import maintainer_app, staff_app
from socle.web.kit.browser_reports import template

BASE = "https://localhost:8443"
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{}.0.0.0 Safari/537.36"
)
BROKEN = {"kind": "script", "name": "TypeError", "message": "null is not an object", "file": "agenda/agenda.js"}


@pytest.fixture
def tools(database: Database, clock: SettableClock, tmp_path: Path) -> Toolbox:
    return door.tools(database, clock, tmp_path)


@pytest.fixture
def staff(tools: Toolbox) -> Flask:
    return door.with_trial_page(staff_app(tools))


def send(browser: FlaskClient, *faults: dict[str, Any], page: str = "/agenda", chrome: int = 156) -> int:
    sent = {"page": page, "faults": faults}
    agent = {"User-Agent": CHROME.format(chrome), "X-Background": "1"}
    return browser.post("/browser-reports", base_url=BASE, headers=agent, json=sent).status_code


def kept(database: Database) -> list[BrowserFault]:
    with database.reading() as session:
        return list(session.scalars(select(BrowserFault).order_by(BrowserFault.id)))


def signed_in(app: Flask, username: str) -> FlaskClient:
    browser = app.test_client()
    browser.environ_base["HTTP_ACCEPT_LANGUAGE"] = "fr"
    entered = browser.post("/sign-in", base_url=BASE, data={"username": username, "password": door.PASSWORD})
    assert entered.status_code == 303
    return browser


def test_a_visitors_page_may_report_and_only_route_templates_are_kept(staff: Flask, database: Database) -> None:
    request = {"kind": "request", "name": "POST", "target": "/patients/12/edit?q=DUPONT", "status": 503}
    assert (
        send(staff.test_client(), {**BROKEN, "line": 12, "column": 5}, request, page="/patients/4711?q=DUPONT") == 204
    )
    script, failed = kept(database)
    assert (script.route, script.what) == ("/patients/<int:patient_id>", "TypeError: null is not an object")
    assert script.place == "agenda/agenda.js:12:5"
    assert failed.what == "POST /patients/<int:patient_id>/edit: 503"
    with database.reading() as session:
        browser = session.scalars(select(KnownBrowser)).one()
    assert browser.browser == "Chrome 156 · Windows"
    assert re.fullmatch(r"\d+\.\d+\.\d+ \([0-9a-f]{6}\)", browser.socle)


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        ("/agenda", "/agenda"),
        ("/session/lock", "/session/lock"),
        ("/patients/DUPONT", "?"),
        ("/" + "x" * 5000, "?"),
        ("//elsewhere/agenda", "?"),
        ("elsewhere", "?"),
        ("", ""),
    ],
)
def test_templates(staff: Flask, path: str, rule: str) -> None:
    with staff.test_request_context("/", base_url=BASE):
        assert template(path) == rule


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[",
        b"[]",
        b'{"faults": [{"kind": "patient"}]}',
        b'{"faults": [{"kind": "script", "name": "DUPONT", "born": "1952"}]}',
        msgspec.json.encode({"faults": [BROKEN] * 11}),
        msgspec.json.encode({"faults": [{**BROKEN, "message": "x" * 301}]}),
        msgspec.json.encode({"faults": [{**BROKEN, "times": 100_000}]}),
        b'{"page": "' + b"/" * LARGEST + b'"}',
        b"[" * 15_000,
        b"\xff",
    ],
)
def test_what_is_no_report_is_refused(staff: Flask, database: Database, body: bytes) -> None:
    answer = staff.test_client().post("/browser-reports", base_url=BASE, data=body, content_type="application/json")
    assert (answer.status_code, answer.get_json()["code"]) == (400, "BROWSER-REPORT-WRONG")
    assert kept(database) == []


def test_too_many_reports_are_refused(staff: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known, "MOST_IN_AN_HOUR", 2)
    browser = staff.test_client()
    assert [send(browser, BROKEN) for _ in range(3)] == [204, 204, 429]


def test_another_site_cannot_report(staff: Flask, database: Database) -> None:
    foreign = {"Origin": "https://elsewhere.example"}
    sent = {"faults": [BROKEN]}
    assert staff.test_client().post("/browser-reports", base_url=BASE, headers=foreign, json=sent).status_code == 403
    assert kept(database) == []


def test_a_browser_is_known_by_its_cookie_only_if_this_server_made_it(staff: Flask, database: Database) -> None:
    door.add_person(database, "paul.lemoine", "Paul Lemoine", Role.PRACTITIONER)
    browser = signed_in(staff, "paul.lemoine")
    send(browser, BROKEN)
    send(browser, BROKEN, chrome=157)
    for number in range(5):  # invented cookies are one browser: its address and kind
        liar = staff.test_client()
        liar.set_cookie("__Host-socle-browser", f"{number}" * 50, domain="localhost", secure=True)
        send(liar, BROKEN, chrome=150 + number)
    with database.reading() as session:
        assert len(session.scalars(select(KnownBrowser)).all()) == 2


def test_a_report_is_no_sign_that_somebody_is_there(staff: Flask, database: Database, clock: SettableClock) -> None:
    door.add_person(database, "paul.lemoine", "Paul Lemoine", Role.PRACTITIONER)
    browser = signed_in(staff, "paul.lemoine")
    with database.reading() as session:
        before = sessions.live(session)[0].last_input_at
    for _ in range(9):
        clock.advance(timedelta(minutes=1))
        assert browser.post("/browser-reports", base_url=BASE, json={"faults": [BROKEN]}).status_code == 204
        browser.get("/browser-check/clock", base_url=BASE)
    with database.reading() as session:
        assert sessions.live(session)[0].last_input_at == before


@pytest.fixture
def maintainer(database: Database, tools: Toolbox) -> FlaskClient:
    door.add_person(database, "max.weber", "Max Weber", Role.MAINTAINER)
    return signed_in(maintainer_app(tools), "max.weber")


def test_the_maintainer_reads_what_breaks_since_when_and_after_which_update(
    staff: Flask, maintainer: FlaskClient, clock: SettableClock
) -> None:
    assert "Aucune page n’a signalé de panne" in maintainer.get("/browsers", base_url=BASE).text
    browser = staff.test_client()
    send(browser, chrome=155)
    clock.advance(timedelta(days=8))
    signed = maintainer.post("/sign-in", base_url=BASE, data={"username": "max.weber", "password": door.PASSWORD})
    assert signed.status_code == 303
    for _ in range(3):
        send(browser, BROKEN, chrome=156)
    page = maintainer.get("/browsers", base_url=BASE).text
    assert "Depuis le mar. 1 déc. 2026, 9 h" in page.replace("\N{NO-BREAK SPACE}", " ").replace(
        "\N{NARROW NO-BREAK SPACE}", " "
    )
    assert "après la mise à jour de Chrome 155 · Windows à Chrome 156 · Windows" in page
    assert "3 fois" in page.replace("\N{NO-BREAK SPACE}", " ")
    checks = maintainer.get("/checks", base_url=BASE).text
    assert "BROWSER-BROKEN" in checks
    assert "Chrome 155 · Windows avant, Chrome 156 · Windows maintenant" in checks
    one = maintainer.get("/browsers/1", base_url=BASE).text
    assert "Chrome 155 · Windows · Socle" in one
    token = re.search(r'name="_csrf" value="([^"]+)"', one)
    assert token
    assert maintainer.post("/browsers/1/settle", base_url=BASE, data={"_csrf": token[1]}).status_code == 303
    assert "BROWSER-BROKEN" not in maintainer.get("/checks", base_url=BASE).text
    assert maintainer.get("/browsers/99", base_url=BASE).status_code == 404
