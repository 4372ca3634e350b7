"""The browser check at both doors, without a script, with bad input, and on the maintainer's page."""

import re
from pathlib import Path

import msgspec
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from tests.parts import door

from socle.appliance.supervision.browsers import check_reports
from socle.appliance.supervision.browsers.facts import LARGEST
from socle.appliance.supervision.browsers.models import BrowserCheck
from socle.foundation.clock import SettableClock
from socle.foundation.database import Database
from socle.foundation.toolbox import Toolbox
from socle.identity.actor import Role
from socle.web.apps import maintainer_app, staff_app

BASE = "https://localhost:8443"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:{0}.0) Gecko/20100101 Firefox/{0}.0"
HEADERS = {"User-Agent": FIREFOX.format(145), "Accept-Language": "fr"}


@pytest.fixture
def tools(database: Database, clock: SettableClock, tmp_path: Path) -> Toolbox:
    return door.tools(database, clock, tmp_path)


@pytest.fixture(params=[staff_app, maintainer_app])
def app(request: pytest.FixtureRequest, tools: Toolbox) -> Flask:
    made: Flask = request.param(tools)
    return made


def codes_kept(database: Database) -> int:
    with database.reading() as session:
        return session.execute(select(func.count()).select_from(BrowserCheck)).scalar_one()


def states(page: str) -> dict[str, str]:
    return dict(re.findall(r'data-check="(\w+)" data-state="(\w+)"', page))


def test_without_a_script_the_page_says_what_the_server_sees_and_gives_a_code(app: Flask, database: Database) -> None:
    browser = app.test_client()
    page = browser.get("/browser-check", base_url=BASE, headers=HEADERS, follow_redirects=True)
    assert states(page.text) | {"script": "red", "cookies": "green", "version": "green"} == states(page.text)
    assert "JavaScript est désactivé" in page.text
    assert codes_kept(database) == 0  # looking writes nothing
    sent = browser.post("/browser-check/report", base_url=BASE, headers=HEADERS)
    code = re.search(r"data-code>([A-Z]{2}-\d{4})<", sent.text)
    assert code
    with database.reading() as session:
        kept = check_reports.by_code(session, code[1])
        assert (kept.seen.browser, kept.state, kept.door) == (
            "Firefox 145 · Windows",
            "red",
            app.extensions["socle-door"].name,
        )


def test_a_browser_without_cookies_is_told_so(app: Flask) -> None:
    browser = app.test_client(use_cookies=False)
    first = browser.get("/browser-check", base_url=BASE, headers=HEADERS)
    assert first.status_code == 303
    page = browser.get(first.location, base_url=BASE, headers=HEADERS)
    assert states(page.text)["cookies"] == "red"
    assert "ne renvoie pas le cookie" in page.text


def test_an_old_browser_is_told_to_update(app: Flask) -> None:
    old = {**HEADERS, "User-Agent": FIREFOX.format(102)}
    page = app.test_client().get("/browser-check?again=1", base_url=BASE, headers=old)
    assert states(page.text)["version"] == "red"
    assert "Firefox 102 · Windows" in page.text


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b"null",
        b'{"patient": "DUPONT"}',
        b'{"script": "yes"}',
        b'{"foreign": ["<script>"]}',
        b'{"foreign": ["' + b"x" * 61 + b'"]}',
        msgspec.json.encode({"missing": ["x"] * 21}),
        b'{"seconds_ahead": NaN}',
        b'{"seconds_ahead": 1e300}',
        b'{"minutes_from_utc": 99999}',
        b"\xff\xfe",
        b"[" * 7000,
        b'{"script": true' + b" " * LARGEST + b"}",
    ],
)
def test_what_is_no_report_is_refused_and_kept_nowhere(app: Flask, database: Database, body: bytes) -> None:
    answer = app.test_client().post(
        "/browser-check/report", base_url=BASE, headers=HEADERS, data=body, content_type="application/json"
    )
    assert (answer.status_code, answer.get_json()["code"]) == (400, "BROWSER-CHECK-WRONG")
    assert codes_kept(database) == 0


def test_beyond_the_limit_the_verdict_is_shown_without_a_code(
    app: Flask, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check_reports, "MOST_OF_AN_ADDRESS", 0)
    sent = app.test_client().post("/browser-check/report", base_url=BASE, headers=HEADERS, json={"script": True})
    assert sent.status_code == 200
    assert "BROWSER-CHECK-TOO-MANY" in sent.text
    assert states(sent.text)["script"] == "green"
    assert codes_kept(database) == 0


def test_another_site_cannot_send_reports(app: Flask, database: Database) -> None:
    foreign = {**HEADERS, "Origin": "https://elsewhere.example"}
    answer = app.test_client().post("/browser-check/report", base_url=BASE, headers=foreign, json={"script": True})
    assert answer.status_code == 403
    assert codes_kept(database) == 0


def test_sign_in_and_error_pages_lead_there(app: Flask) -> None:
    browser = app.test_client()
    for path in ("/sign-in", "/nowhere"):
        assert 'href="/browser-check"' in browser.get(path, base_url=BASE, headers=HEADERS).text


@pytest.fixture
def maintainer(database: Database, tools: Toolbox) -> FlaskClient:
    door.add_person(database, "max.weber", "Max Weber", Role.MAINTAINER)
    browser = maintainer_app(tools).test_client()
    browser.environ_base["HTTP_ACCEPT_LANGUAGE"] = "fr"
    entered = browser.post("/sign-in", base_url=BASE, data={"username": "max.weber", "password": door.PASSWORD})
    assert entered.status_code == 303
    return browser


def test_the_maintainer_types_the_code_and_reads_the_whole_report(maintainer: FlaskClient, tools: Toolbox) -> None:
    person = staff_app(tools).test_client()
    facts = {"script": True, "missing": ["css/socle.css"], "time_zone": "Indian/Reunion", "trusted": False}
    sent = person.post("/browser-check/report", base_url=BASE, headers=HEADERS, json=facts)
    code = re.search(r"data-code>([A-Z]{2}-\d{4})<", sent.text)
    assert code
    listed = maintainer.get("/browsers", base_url=BASE).text
    assert code[1] in listed
    typed = maintainer.get("/browsers", base_url=BASE, query_string={"code": code[1].lower().replace("-", " ")})
    assert typed.location == f"/browsers/checks/{code[1]}"
    report = maintainer.get(typed.location, base_url=BASE).text
    for words in ("css/socle.css", "Indian/Reunion", "Firefox/145.0", "n’arrivent pas"):
        assert words in report


def test_a_code_nobody_gave(maintainer: FlaskClient) -> None:
    answer = maintainer.get("/browsers?code=AA-0000", base_url=BASE)
    assert answer.status_code == 404
    assert "BROWSER-CHECK-UNKNOWN" in answer.text


def test_versions_are_changed_on_the_page(maintainer: FlaskClient, database: Database) -> None:
    token = re.search(r'name="_csrf" value="([^"]+)"', maintainer.get("/browsers", base_url=BASE).text)
    assert token
    wanted = {"_csrf": token[1], "Chrome": "150", "Edge": "x", "Firefox": "146", "Safari": "18"}
    refused = maintainer.post("/browsers/minimums", base_url=BASE, data=wanted)
    assert refused.status_code == 400
    assert 'value="150"' in refused.text  # what was typed is still there
    kept = maintainer.post("/browsers/minimums", base_url=BASE, data={**wanted, "Edge": "141"})
    assert kept.status_code == 303
    page = maintainer.application.test_client().get("/browser-check?again=1", base_url=BASE, headers=HEADERS)
    assert states(page.text)["version"] == "red"  # Firefox 145


def test_nobody_but_the_maintainer_reads_checks(tools: Toolbox) -> None:
    visitor = maintainer_app(tools).test_client()
    assert visitor.get("/browsers", base_url=BASE).status_code == 303
    assert visitor.get("/browsers/checks/AA-0000", base_url=BASE).status_code == 303
