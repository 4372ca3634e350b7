"""What breaks in real pages reaches the server, without a name or a number of a patient, and not without end."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, Request, expect
from sqlalchemy import select
from tests.parts import door

from socle.appliance.supervision.browsers.models import BrowserFault, BrowserVersion
from socle.foundation.clock import SettableClock
from socle.foundation.database import Database
from socle.foundation.secrets import Keys
from socle.identity.actor import Role
from socle.web.apps import staff_app

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.parametrize("engine", ["sqlcipher"], indirect=True)]
SCRIPT = "text/javascript"


@dataclass
class Practice:
    """A served staff door and what its pages sent."""

    address: str
    database: Database
    page: Page
    sent: list[str]

    def faults(self, fewest: int = 1) -> dict[str, BrowserFault]:
        """Wait until so many kinds of faults are kept; return them by what they are."""
        deadline = time.monotonic() + 20
        while True:
            with self.database.reading() as session:
                found = {one.what: one for one in session.scalars(select(BrowserFault))}
            if len(found) >= fewest:
                return found
            assert time.monotonic() < deadline, sorted(found)
            self.page.wait_for_timeout(100)


@pytest.fixture
def practice(database: Database, clock: SettableClock, tmp_path: Path, page: Page) -> Iterator[Practice]:
    door.add_person(database, "paul.lemoine", "Paul Lemoine", Role.PRACTITIONER)
    tools = door.tools(database, clock, tmp_path)
    with door.served(door.with_trial_page(staff_app(tools)), tools.of(Keys)) as address:
        served = Practice(address, database, page, [])

        def note(request: Request) -> None:
            if request.url.endswith("/browser-reports"):
                served.sent.append(request.post_data or "")

        page.on("request", note)
        yield served


def arrive(page: Page, practice: Practice) -> None:
    page.goto(f"{practice.address}/trial")
    page.get_by_label("Identifiant").fill("paul.lemoine")
    page.get_by_label("Mot de passe").fill(door.PASSWORD)
    page.get_by_role("button", name="Se connecter").click()
    expect(page.locator("#who")).to_be_visible()


def test_every_kind_of_fault_of_a_signed_in_page(page: Page, practice: Practice) -> None:
    arrive(page, practice)
    broken = "const e = undefined;\n  e.value;"
    page.route("**/js/keys.js", lambda route: route.fulfill(body=broken, content_type=SCRIPT))
    page.route("**/js/search.js", lambda route: route.abort())
    page.route("**/patients/4711**", lambda route: route.fulfill(status=503, body="no"))
    page.route("**/patients/4712**", lambda route: route.abort())
    page.goto(f"{practice.address}/trial?q=Dupont")
    page.evaluate(
        """() => {
          setTimeout(() => { throw new RangeError("Dupont 1952 is out of range"); });
          Promise.reject(new TypeError("Unexpected token 'D', Dupont"));
          Promise.reject("Dupont");
          const script = document.createElement("script");
          script.textContent = "1";
          document.body.append(script);
          fetch("/patients/4711?q=Dupont").catch(() => 0);
          fetch("/patients/4712?q=Dupont").catch(() => 0);
          htmx.ajax("GET", "/patients/4711/edit?q=Dupont", {target: "#who", swap: "none"});
        }"""
    )
    found = practice.faults(9)
    assert set(found) == {
        "TypeError: Cannot read properties of undefined (reading …)",
        "js/search.js",
        "RangeError: … is out of range",
        "TypeError: Unexpected token …",
        "Error:",
        "script-src-elem: inline",
        "GET /patients/<int:patient_id>: 503",
        "GET /patients/<int:patient_id>: no answer",
        "GET /patients/<int:patient_id>/edit: 503",
    }
    assert found["TypeError: Cannot read properties of undefined (reading …)"].place == "js/keys.js:2:5"
    assert {one.route for one in found.values()} == {"/trial"}
    everything = "".join(practice.sent)
    for secret in ("Dupont", "1952", "4711", "q="):
        assert secret not in everything


def test_the_sign_in_page_reports_too(page: Page, practice: Practice) -> None:
    page.route("**/css/sign-in.css", lambda route: route.abort())
    page.goto(f"{practice.address}/sign-in")
    assert practice.faults()["css/sign-in.css"].route == "/sign-in"


def test_a_thousand_errors_are_a_few_reports(page: Page, practice: Practice) -> None:
    arrive(page, practice)
    page.evaluate(
        """() => {
          for (let i = 0; i < 500; i++) setTimeout(() => { throw new TypeError("e is not iterable"); });
          for (let i = 0; i < 500; i++) fetch(`/session/state?${i}`, {signal: AbortSignal.abort()}).catch(() => 0);
          setTimeout(() => { for (let i = 0; i < 500; i++) document.dispatchEvent(
            new SecurityPolicyViolationEvent("securitypolicyviolation", {
              effectiveDirective: `${String.fromCharCode(97 + i % 26)}x${String.fromCharCode(97 + i / 26)}-src`,
              blockedURI: "inline", documentURI: "", disposition: "enforce", originalPolicy: "", statusCode: 200,
              violatedDirective: ""})); }, 500);
        }"""
    )
    found = practice.faults(1)
    deadline = time.monotonic() + 5
    while found["TypeError: … is not iterable"].count < 500 and time.monotonic() < deadline:
        page.wait_for_timeout(200)
        found = practice.faults(1)
    page.wait_for_timeout(3000)
    assert len([one for one in practice.sent if '"times"' in one]) == 1
    assert len(practice.faults()) <= 10
    assert not any("session" in what for what in found)  # what a page gives up by itself is no failure


def test_a_version_is_said_once(page: Page, practice: Practice) -> None:
    with page.expect_response("**/browser-reports"):
        page.goto(f"{practice.address}/sign-in")
    for _ in range(3):
        page.goto(f"{practice.address}/sign-in")
        page.wait_for_load_state("networkidle")
    assert len(practice.sent) == 1
    with practice.database.reading() as session:
        assert len(session.scalars(select(BrowserVersion)).all()) == 1


def test_leaving_a_page_is_no_fault(page: Page, practice: Practice) -> None:
    arrive(page, practice)
    page.route("**/healthz", lambda route: None)  # never answered
    for _ in range(3):
        page.evaluate("void fetch('/healthz')")
        page.goto(f"{practice.address}/trial")
    page.wait_for_timeout(2500)
    with practice.database.reading() as session:
        assert session.scalars(select(BrowserFault.what)).all() == []


def test_what_failed_while_the_server_was_away_is_said_when_it_is_back(page: Page, practice: Practice) -> None:
    arrive(page, practice)
    page.wait_for_load_state("networkidle")
    page.clock.install()
    page.reload()
    page.context.set_offline(True)
    page.evaluate("fetch('/agenda').catch(() => 0)")
    page.wait_for_timeout(300)
    page.clock.run_for(3_000)
    page.context.set_offline(False)
    page.clock.run_for(61_000)
    assert practice.faults()["GET /agenda: no answer"].count == 1
