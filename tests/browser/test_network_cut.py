"""A page that the server cannot be asked about: it covers itself when its time is over, and keeps what is typed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import update
from tests.parts import chromium, door

from socle.foundation.clock import SettableClock
from socle.foundation.database import Database
from socle.foundation.secrets import Keys
from socle.identity.actor import Role
from socle.identity.sessions import sessions
from socle.identity.sessions.models import SignedInSession
from socle.web.apps import staff_app

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.parametrize("engine", ["sqlcipher"], indirect=True)]
TYPED = "Douleur à l'épaule droite, <amplitude> 90°"
SEEN = """document.title + [...document.querySelectorAll('#who, textarea')]
  .filter((each) => each.checkVisibility({visibilityProperty: true})).length"""


@dataclass
class Practice:
    """A served staff door."""

    address: str
    database: Database
    clock: SettableClock


@pytest.fixture
def practice(database: Database, clock: SettableClock, tmp_path: Path) -> Iterator[Practice]:
    door.add_person(database, "paul.lemoine", "Paul Lemoine", Role.PRACTITIONER)
    tools = door.tools(database, clock, tmp_path)
    with door.served(door.with_trial_page(staff_app(tools)), tools.of(Keys)) as address:
        yield Practice(address, database, clock)


def arrive(page: Page, practice: Practice) -> None:
    page.goto(f"{practice.address}/trial")
    page.get_by_label("Identifiant").fill("paul.lemoine")
    page.get_by_label("Mot de passe").fill(door.PASSWORD)
    page.get_by_role("button", name="Se connecter").click()
    expect(page.locator("#who")).to_be_visible()
    page.wait_for_load_state("load")


def write(page: Page) -> None:
    page.get_by_label("Note").fill(TYPED)
    for _ in range(2):  # the first answer may be older than what happened on the server
        with page.expect_response("**/session/state"):
            pass


def cut(page: Page) -> None:
    page.context.set_offline(True)
    expect(page.locator("#offline")).to_be_visible()
    expect(page.get_by_label("Note")).to_be_visible()


def is_covered(page: Page) -> None:
    expect(page.locator("#covered")).to_be_visible()
    expect(page.get_by_label("Note")).to_be_hidden()
    assert page.evaluate(SEEN) == "Socle0"


def come_back(page: Page) -> None:
    page.context.set_offline(False)
    page.clock.fast_forward(6_000)


def test_left_alone_it_covers_itself_and_comes_back_as_it_was(page: Page, practice: Practice) -> None:
    page.clock.install()
    arrive(page, practice)
    write(page)
    cut(page)
    page.clock.fast_forward(500_000)
    expect(page.get_by_label("Note")).to_be_visible()
    page.mouse.move(300, 310)  # somebody is there: ten more minutes
    page.clock.fast_forward(550_000)
    expect(page.get_by_label("Note")).to_be_visible()
    page.clock.fast_forward(60_000)
    is_covered(page)
    page.keyboard.type("ga")  # no key leads away from here: what is typed would be gone
    come_back(page)
    expect(page.get_by_label("Note")).to_have_value(TYPED)
    expect(page.locator("#covered")).to_be_hidden()
    assert page.title() != "Socle"


def test_what_is_over_meanwhile_asks_to_sign_in_and_the_text_is_kept(page: Page, practice: Practice) -> None:
    page.clock.install()
    arrive(page, practice)
    write(page)
    cut(page)
    page.clock.fast_forward(601_000)
    is_covered(page)
    practice.clock.advance(timedelta(seconds=601))
    come_back(page)
    expect(page.locator("[data-why=idle]")).to_be_visible()
    expect(page.get_by_text("Votre saisie est conservée")).to_be_visible()


def test_a_page_opened_with_a_card_covers_itself_after_a_minute_whoever_moves(page: Page, practice: Practice) -> None:
    page.clock.install()
    arrive(page, practice)
    with practice.database.writing() as session:
        session.execute(update(SignedInSession).values(factor="card"))
    write(page)
    cut(page)
    page.clock.fast_forward(30_000)
    expect(page.get_by_label("Note")).to_be_visible()
    page.mouse.move(300, 310)
    page.clock.fast_forward(31_000)
    is_covered(page)


@pytest.mark.parametrize(("name", "why"), [("Verrouiller", "locked_by_person"), ("Se déconnecter", "signed_out")])
def test_a_lock_that_cannot_be_told_covers_and_is_told_later(
    page: Page, practice: Practice, name: str, why: str
) -> None:
    page.clock.install()
    arrive(page, practice)
    write(page)
    cut(page)
    if name == "Se déconnecter":
        page.locator(".menu > summary").click()
    page.get_by_role("button", name=name).click()
    is_covered(page)
    come_back(page)
    expect(page.locator(f"[data-why={why}]")).to_be_visible()
    arrive(page, practice)
    page.goto(f"{practice.address}/account")
    page.get_by_role("link", name="Saisi jusqu’au").click()
    expect(page.get_by_label("Note")).to_have_value(TYPED)


def test_a_lock_in_the_middle_of_a_cut_loses_nothing(page: Page, practice: Practice) -> None:
    """The server says that the session is locked, and is gone when the page wants to hand over its text."""
    arrive(page, practice)
    write(page)
    page.route("**/session/hold", lambda route: route.abort())
    with practice.database.writing() as session:
        found = sessions.live(session)[0]
        sessions.lock(session, found.actor, found.id)
    is_covered(page)
    page.unroute("**/session/hold")
    expect(page.get_by_text("Votre saisie est conservée")).to_be_visible(timeout=20_000)


@pytest.mark.parametrize("size", [chromium.DESKTOP, chromium.TABLET, chromium.PHONE])
def test_the_cover_fits(open_page: Callable[..., Page], practice: Practice, size: tuple[int, int]) -> None:
    page = open_page(size)
    page.clock.install()
    arrive(page, practice)
    write(page)
    cut(page)
    page.clock.fast_forward(601_000)
    is_covered(page)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
