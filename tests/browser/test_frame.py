"""The frame and the components as a person meets them: keys, dialogs, three sizes, two languages, axe, weight."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from tests.parts import chromium, door

from socle.foundation.clock import SettableClock
from socle.foundation.database import Database
from socle.foundation.secrets import Keys
from socle.identity.actor import Role
from socle.web.apps import staff_app

pytestmark = [pytest.mark.real, pytest.mark.slow]
SIZES = [chromium.DESKTOP, chromium.TABLET, chromium.PHONE]
FIRST_VISIT, RETURN_VISIT = 250_000, 30_000
"""Goal P13: octets of one staff page on the wire, compressed, all its files included."""


@pytest.fixture
def address(database: Database, clock: SettableClock, tmp_path: Path) -> Iterator[str]:
    door.add_person(database, "paul.lemoine", "Paul Lemoine", Role.PRACTITIONER)
    tools = door.tools(database, clock, tmp_path)
    with door.served(staff_app(tools), tools.of(Keys)) as address:
        yield address


def arrive(page: Page, address: str, path: str = "/components") -> list[str]:
    """Sign in and open the page; return what the console complains of from then on."""
    page.goto(f"{address}/sign-in")
    page.locator("#username").fill("paul.lemoine")
    page.locator("#password").fill(door.PASSWORD)
    page.locator("#password").press("Enter")
    expect(page.locator(".frame")).to_be_visible()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type != "log" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{address}{path}")
    return complaints


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", ["fr-FR", "en-GB"])
def test_every_component_passes_axe_and_fits(
    address: str, open_page: Callable[..., Page], size: tuple[int, int], language: str
) -> None:
    page = open_page(size, locale=language)
    complaints = arrive(page, address)
    found = Axe().run(page).response["violations"]
    assert not [(each["id"], [node["html"] for node in each["nodes"]]) for each in found]
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    assert complaints == []


def test_the_keys_search_go_and_help(address: str, page: Page) -> None:
    complaints = arrive(page, address)
    page.keyboard.press("/")
    expect(page.locator("[data-search]")).to_be_focused()
    page.keyboard.type("g a")
    assert page.url.endswith("/components"), "letters typed in a field are text, not keys"
    page.locator("h1").first.click()
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    expect(page.locator("#keys [data-closes]")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()
    page.keyboard.press("g")
    page.keyboard.press("p")
    expect(page).to_have_url(re.compile("/patients$"))
    assert complaints == []


def test_what_cannot_be_undone_asks_and_gives_the_focus_back(address: str, page: Page) -> None:
    arrive(page, address)
    opener = page.locator("[data-opens=ask-example]")
    opener.focus()
    page.keyboard.press("Enter")
    dialog = page.locator("#ask-example")
    expect(dialog.locator("[data-closes]")).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()


def test_the_menu_closes_and_ctrl_l_locks(address: str, page: Page) -> None:
    arrive(page, address)
    menu = page.locator("details.menu")
    menu.locator("summary").click()
    expect(menu.locator(".menu-list")).to_be_visible()
    page.keyboard.press("Escape")
    expect(menu.locator(".menu-list")).to_be_hidden()
    page.keyboard.press("Control+l")
    expect(page.locator("[data-why]")).to_be_visible()
    assert "/sign-in?next=/components" in page.url.replace("%2F", "/")


def test_a_stopped_server_is_said_and_its_return_too(address: str, page: Page) -> None:
    arrive(page, address)
    expect(page.locator("#offline")).to_be_hidden()
    page.route("**/session/state", lambda route: route.abort())
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("#offline")).to_be_visible()
    page.unroute("**/session/state")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("#offline")).to_be_hidden()


def test_a_page_is_light_and_lighter_the_second_time(address: str, page: Page) -> None:
    arrive(page, address)
    weights = [_weigh(page, f"{address}/components", fresh=fresh) for fresh in (True, False)]
    print(f"first visit {weights[0]} octets, return {weights[1]}")
    assert weights[0] <= FIRST_VISIT
    assert weights[1] <= RETURN_VISIT


def _weigh(page: Page, url: str, *, fresh: bool) -> int:
    """Return the octets that came over the wire for one page."""
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    if fresh:
        network.send("Network.clearBrowserCache")
    octets: list[int] = []
    network.on("Network.loadingFinished", lambda event: octets.append(int(event["encodedDataLength"])))
    page.goto(url, wait_until="networkidle")
    network.detach()
    assert octets
    return sum(octets)


def test_printed_it_is_only_the_page(address: str, page: Page) -> None:
    arrive(page, address)
    page.emulate_media(media="print")
    for part in (".rail", ".top", ".page-actions", ".pages"):
        expect(page.locator(part).first).to_be_hidden()
    expect(page.locator("h1").first).to_be_visible()
