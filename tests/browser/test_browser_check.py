"""The browser check in a real browser: what it sees of blocked, changed and added things, and that it says so."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from tests.parts import chromium, door

from socle.foundation.clock import SettableClock
from socle.foundation.database import Database
from socle.foundation.secrets import Keys
from socle.web.apps import staff_app

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.parametrize("engine", ["sqlcipher"], indirect=True)]


@dataclass
class Practice:
    """A served staff door whose clock is this machine's."""

    address: str
    clock: SettableClock


@pytest.fixture
def practice(database: Database, clock: SettableClock, tmp_path: Path) -> Iterator[Practice]:
    clock.set(datetime.now(UTC))
    tools = door.tools(database, clock, tmp_path)
    with door.served(staff_app(tools), tools.of(Keys)) as address:
        yield Practice(address, clock)


def checked(page: Page, practice: Practice) -> dict[str, str]:
    """Open the check, wait for its verdict and return each line's state."""
    page.goto(f"{practice.address}/browser-check")
    expect(page.locator(".check[data-done]")).to_be_visible(timeout=20_000)
    return states(page)


def states(page: Page) -> dict[str, str]:
    lines = page.locator("[data-check]").all()
    return {line.get_attribute("data-check") or "": line.get_attribute("data-state") or "" for line in lines}


def test_a_fresh_browser_is_fit_and_gets_a_code(page: Page, practice: Practice) -> None:
    found = checked(page, practice)
    # The test's browser was told to pass over the certificate, as somebody who clicks the warning away does.
    assert {name: state for name, state in found.items() if state != "green"} == {"secure": "amber"}
    expect(page.get_by_text("ne connaît pas l’autorité du cabinet")).to_be_visible()
    expect(page.locator("[data-code]")).to_have_text(a_code())


def a_code() -> re.Pattern[str]:
    return re.compile(r"^[A-Z]{2}-\d{4}$")


def test_looking_again_keeps_the_code(page: Page, practice: Practice) -> None:
    checked(page, practice)
    code = page.locator("[data-code]").inner_text()
    with page.expect_response("**/browser-check/report"):
        page.get_by_role("button", name="Contrôler de nouveau").click()
    expect(page.locator("[data-code]")).to_have_text(code)


def test_without_javascript(open_page: Callable[..., Page], practice: Practice) -> None:
    page = open_page(java_script_enabled=False)
    page.goto(f"{practice.address}/sign-in")
    page.get_by_role("link", name="Vérifier ce navigateur").click()
    expect(page.locator("[data-check=script][data-state=red]")).to_be_visible()
    expect(page.locator("[data-check=cookies][data-state=green]")).to_be_visible()
    page.get_by_role("button", name="Obtenir un code").click()
    expect(page.locator("[data-code]")).to_have_text(a_code())


def test_a_blocked_and_a_changed_part_are_named(page: Page, practice: Practice) -> None:
    page.route("**/icons.svg", lambda route: route.abort())
    page.route("**/js/session.js", lambda route: route.fulfill(body="// rewritten", content_type="text/javascript"))
    assert checked(page, practice)["requests"] == "red"
    expect(page.locator("[data-check=requests]")).to_contain_text("vendor/icons.svg")
    expect(page.locator("[data-check=requests]")).to_contain_text("js/session.js")


def test_a_report_that_cannot_be_sent_is_said(page: Page, practice: Practice) -> None:
    page.route("**/browser-check/report", lambda route: route.abort())
    checked(page, practice)
    expect(page.get_by_text("BROWSER-CHECK-NOT-SENT")).to_be_visible()
    expect(page.locator("[data-check=cookies][data-state=green]")).to_be_visible()  # what the server saw by itself


def test_what_an_extension_adds_is_seen(page: Page, practice: Practice) -> None:
    page.add_init_script(
        """document.addEventListener("DOMContentLoaded", () => {
          document.documentElement.setAttribute("data-lt-installed", "true");
          document.documentElement.append(document.createElement("grammarly-desktop-integration"));
          const script = document.createElement("script");
          script.textContent = "window.added = 1";
          document.body.append(script);
        })"""
    )
    found = checked(page, practice)
    assert (found["extensions"], found["policy"]) == ("amber", "amber")
    expect(page.locator("[data-check=extensions]")).to_contain_text("grammarly-desktop-integration")
    expect(page.locator("[data-check=extensions]")).to_contain_text("data-lt-installed")
    expect(page.locator("[data-check=policy]")).to_contain_text("script-src-elem inline")
    assert page.evaluate("window.added") is None


def test_a_replaced_function_is_seen(page: Page, practice: Practice) -> None:
    page.add_init_script("const own = window.fetch; window.fetch = (...all) => own(...all)")
    assert checked(page, practice)["extensions"] == "red"


def test_refused_storage(page: Page, practice: Practice) -> None:
    page.add_init_script("Storage.prototype.setItem = () => { throw new DOMException('no', 'SecurityError') }")
    assert checked(page, practice)["storage"] == "amber"


def test_a_clock_that_is_wrong_and_another_time_zone(open_page: Callable[..., Page], practice: Practice) -> None:
    practice.clock.advance(timedelta(minutes=42))
    page = open_page(timezone_id="Indian/Reunion")
    found = checked(page, practice)
    assert (found["clock"], found["zone"]) == ("red", "amber")
    expect(page.locator("[data-check=clock]")).to_contain_text("retarde de 42 min")


def test_printing_is_tried(page: Page, practice: Practice) -> None:
    checked(page, practice)
    with page.expect_response("**/browser-check/report") as answered:
        page.get_by_role("button", name="Imprimer cette page").click()
    assert '"printed":true' in (answered.value.request.post_data or "")
    page.emulate_media(media="print")
    expect(page.get_by_role("button", name="Imprimer cette page")).to_be_hidden()
    expect(page.locator("[data-check=printing]")).to_be_visible()


@pytest.mark.parametrize("size", [chromium.DESKTOP, chromium.TABLET, chromium.PHONE])
def test_it_fits_and_is_accessible(open_page: Callable[..., Page], practice: Practice, size: tuple[int, int]) -> None:
    page = open_page(size)
    page.route("**/icons.svg", lambda route: route.abort())
    checked(page, practice)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert [each["id"] for each in Axe().run(page).response["violations"]] == []
