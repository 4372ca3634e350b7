"""What a person meets at the door, in a real browser: reasons, locks, two people, typed text that survives."""

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Error, Page, expect
from sqlalchemy import func, select
from tests.parts import chromium, door

from socle.foundation.clock import SettableClock
from socle.foundation.database import Database
from socle.foundation.secrets import Keys
from socle.identity.actor import Actor, Role
from socle.identity.sessions import sessions
from socle.identity.sessions.models import HeldForm
from socle.identity.sessions.reasons import Why
from socle.web.apps import staff_app

# What a browser does does not depend on the database: one is enough here.
pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.parametrize("engine", ["sqlcipher"], indirect=True)]
EVERYTHING_SEEN = "[...document.querySelectorAll('textarea')].map(each => each.value).join() + document.body.innerText"
TYPED = "Douleur à l'épaule droite, <amplitude> 90°\nrevoir dans 8 jours"


@dataclass
class Practice:
    """A served staff door, with its database and its clock."""

    address: str
    app: Flask
    database: Database
    clock: SettableClock


@pytest.fixture
def practice(database: Database, clock: SettableClock, tmp_path: Path) -> Iterator[Practice]:
    door.add_person(database, "paul.lemoine", "Paul Lemoine", Role.PRACTITIONER)
    door.add_person(database, "claire.roussel", "Claire Roussel", Role.SECRETARY)
    tools = door.tools(database, clock, tmp_path)
    app = door.with_trial_page(staff_app(tools))
    with door.served(app, tools.of(Keys)) as address:
        yield Practice(address, app, database, clock)


def enter(page: Page, username: str, password: str = door.PASSWORD) -> None:
    page.get_by_label("Identifiant").fill(username)
    page.get_by_label("Mot de passe").fill(password)
    page.get_by_role("button", name="Se connecter").click()


def arrive(page: Page, practice: Practice, username: str = "paul.lemoine") -> None:
    page.goto(f"{practice.address}/trial")
    expect(page.locator("[data-why]")).to_be_visible()
    with page.expect_response("**/session/state"):  # what a test does to the session comes after the first answer
        enter(page, username)
    expect(page.locator("#who")).to_be_visible()
    page.wait_for_load_state("load")


def look_now(page: Page) -> None:
    """Make the page ask about its session at once, as it does every 20 s and when its tab is looked at again."""
    with contextlib.suppress(Error):  # a page that is leaving already
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def test_idle_lock_while_typing_then_the_text_is_back(page: Page, practice: Practice) -> None:
    arrive(page, practice)
    page.get_by_label("Note").fill(TYPED)
    practice.clock.advance(timedelta(minutes=30))  # the page is left alone, its person called away
    page.evaluate("document.body.dataset.left = '1'")
    practice.clock.advance(timedelta(seconds=1))
    look_now(page)
    expect(page.locator("[data-why=idle]")).to_be_visible()
    expect(page.get_by_text("Paul Lemoine")).to_be_visible()
    expect(page.get_by_text("Votre saisie est conservée")).to_be_visible()
    expect(page.get_by_label("Identifiant")).to_have_value("paul.lemoine")
    enter(page, "paul.lemoine")
    expect(page.get_by_label("Note")).to_have_value(TYPED)
    expect(page.get_by_text("Votre saisie a été conservée")).to_be_visible()
    page.get_by_role("button", name="Enregistrer").click()
    page.wait_for_load_state()
    assert practice.app.extensions["saved"] == [("Paul Lemoine", TYPED.replace("\n", "\r\n"))]


def test_a_form_sent_after_the_lock_is_not_lost(page: Page, practice: Practice) -> None:
    arrive(page, practice)
    page.get_by_label("Note").fill(TYPED)
    practice.clock.advance(timedelta(hours=13))
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.locator("[data-why=absolute_limit]")).to_be_visible()
    assert practice.app.extensions["saved"] == []
    enter(page, "paul.lemoine")
    expect(page.get_by_label("Note")).to_have_value(TYPED)


def test_the_second_person_on_the_same_browser_sees_nothing_of_the_first(page: Page, practice: Practice) -> None:
    arrive(page, practice)
    page.get_by_label("Note").fill("SECRET DU PREMIER")
    page.get_by_role("button", name="Verrouiller").click()
    expect(page.locator("[data-why=locked_by_person]")).to_be_visible()
    page.get_by_role("link", name="Ce n’est pas vous").click()
    expect(page.locator("[data-why=another_person]")).to_be_visible()
    assert "Lemoine" not in page.content()
    enter(page, "claire.roussel")
    page.wait_for_load_state()
    page.goto(f"{practice.address}/trial")
    expect(page.locator("#who")).to_have_text("Claire Roussel")
    assert "SECRET" not in page.content()
    for _ in range(5):  # the back button, as far as it goes
        page.go_back()
        page.wait_for_load_state()
        look_now(page)
        assert "SECRET" not in page.evaluate(
            "[...document.querySelectorAll('textarea')].map(t => t.value).join() + document.body.innerText"
        )
        assert page.locator("#who").all_inner_texts() in ([], ["Claire Roussel"])


def test_the_first_person_finds_the_text_again_afterwards(page: Page, practice: Practice) -> None:
    arrive(page, practice)
    page.get_by_label("Note").fill(TYPED)
    page.get_by_role("button", name="Verrouiller").click()
    page.get_by_role("link", name="Ce n’est pas vous").click()
    enter(page, "claire.roussel")
    page.wait_for_load_state()
    page.goto(f"{practice.address}/sign-in?switch=1")
    enter(page, "paul.lemoine")
    page.wait_for_load_state()
    page.goto(f"{practice.address}/account")
    page.get_by_role("link", name="Saisi jusqu’au").click()
    expect(page.get_by_label("Note")).to_have_value(TYPED)


def test_a_tab_of_the_first_person_leaves_when_another_signs_in(page: Page, practice: Practice) -> None:
    arrive(page, practice)
    page.get_by_label("Note").fill("SECRET DU PREMIER")
    other = page.context.new_page()
    other.goto(f"{practice.address}/sign-in?switch=1")
    enter(other, "claire.roussel")
    other.wait_for_load_state()
    look_now(page)
    expect(page.locator("#who")).to_have_text("Claire Roussel")
    assert "SECRET" not in page.content()


def newest_kept(practice: Practice) -> int:
    with practice.database.reading() as session:
        return session.scalar(select(func.max(HeldForm.id))) or 0


def wait_for_kept(page: Page, practice: Practice, before: int) -> None:
    """Wait until the server has what a page that is gone already sent it."""
    until = time.monotonic() + 30
    while newest_kept(practice) <= before:
        assert time.monotonic() < until, "nothing was kept"
        page.wait_for_timeout(50)


@pytest.mark.parametrize("way", ["link", "back", "reload"])
def test_what_was_typed_in_a_page_that_was_left_is_offered_there(page: Page, practice: Practice, way: str) -> None:
    arrive(page, practice)
    page.goto(f"{practice.address}/account")
    page.goto(f"{practice.address}/trial")
    page.get_by_label("Note").fill(TYPED)
    page.get_by_label("Mot de passe").fill("never kept")
    if way == "link":
        page.get_by_role("link", name="Patients", exact=True).click()
        page.wait_for_url("**/patients")
        wait_for_kept(page, practice, 0)
        page.goto(f"{practice.address}/account")
        expect(page.get_by_role("link", name="Saisi jusqu’au")).to_be_visible()
    elif way == "back":
        page.go_back()
        wait_for_kept(page, practice, 0)
    if way == "reload":
        page.reload()
    else:
        page.goto(f"{practice.address}/trial")
    expect(page.get_by_label("Note")).to_have_value("")
    page.get_by_role("link", name="La reprendre").click()
    expect(page.get_by_label("Note")).to_have_value(TYPED)
    expect(page.get_by_label("Mot de passe")).to_have_value("")
    page.get_by_label("Note").fill(f"{TYPED} fin")
    before = newest_kept(practice)
    page.goto(f"{practice.address}/account")
    wait_for_kept(page, practice, before)
    page.goto(f"{practice.address}/trial")  # left again: one text is kept, the newer
    page.get_by_role("link", name="La reprendre").click()
    expect(page.get_by_label("Note")).to_have_value(f"{TYPED} fin")
    page.get_by_role("button", name="Enregistrer").click()
    page.wait_for_load_state()
    assert len(practice.app.extensions["saved"]) == 1
    page.goto(f"{practice.address}/account")
    expect(page.get_by_role("link", name="Saisi jusqu’au")).to_have_count(0)


def test_what_was_typed_and_left_is_offered_to_nobody_else(page: Page, practice: Practice) -> None:
    arrive(page, practice)
    page.get_by_label("Note").fill("SECRET DU PREMIER")
    page.goto(f"{practice.address}/sign-in?switch=1")
    enter(page, "claire.roussel")
    page.wait_for_load_state()
    with page.expect_response("**/session/kept") as asked:
        page.goto(f"{practice.address}/trial")
    assert asked.value.json() == {"go": None}
    expect(page.get_by_role("link", name="La reprendre")).to_have_count(0)


def test_a_form_that_was_sent_is_not_offered(page: Page, practice: Practice) -> None:
    arrive(page, practice)
    page.get_by_label("Note").fill(TYPED)
    page.get_by_role("button", name="Enregistrer").click()
    page.wait_for_load_state()
    with page.expect_response("**/session/kept") as asked:
        page.goto(f"{practice.address}/trial")
    assert asked.value.json() == {"go": None}


def test_revoked_says_by_whom(page: Page, practice: Practice) -> None:
    arrive(page, practice)
    maintainer = door.add_person(practice.database, "max.weber", "Max Weber", Role.MAINTAINER)
    with practice.database.writing() as session:
        number = sessions.live(session)[0].id
        sessions.end(session, Actor(maintainer.id, "Max Weber"), number, Why.REVOKED)
    look_now(page)
    expect(page.locator("[data-why=revoked]")).to_contain_text("Max Weber a mis fin à cette session")


def test_a_cleaner_that_wipes_the_cookies_is_named(page: Page, practice: Practice) -> None:
    arrive(page, practice)
    page.context.clear_cookies()
    with contextlib.suppress(Error):  # the page may have asked, and be on its way to the same place by itself
        page.goto(f"{practice.address}/trial")
    expect(page.locator("[data-why=cookie_gone]")).to_contain_text("outil de nettoyage")


def test_the_door_is_reached_by_keyboard_alone(page: Page, practice: Practice) -> None:
    page.goto(f"{practice.address}/trial")
    expect(page.get_by_label("Identifiant")).to_be_focused()
    page.keyboard.type("paul.lemoine")
    page.keyboard.press("Tab")
    page.keyboard.type(door.PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("#who")).to_have_text("Paul Lemoine")


def test_the_lock_key_locks(page: Page, practice: Practice) -> None:
    arrive(page, practice)
    page.keyboard.press("Control+l")
    expect(page.locator("[data-why=locked_by_person]")).to_be_visible()


@pytest.mark.parametrize("size", [chromium.DESKTOP, chromium.TABLET, chromium.PHONE])
def test_the_longest_names_fit(open_page: Callable[..., Page], practice: Practice, size: tuple[int, int]) -> None:
    long_name = "Marie-Antoinette-Joséphine de La Rochefoucauld-Montmorency-Beauharnais épouse Vandenbroucke"
    door.add_person(practice.database, "marie-antoinette.de-la-rochefoucauld-montmorency", long_name, Role.SECRETARY)
    page = open_page(size)
    arrive(page, practice, "marie-antoinette.de-la-rochefoucauld-montmorency")
    practice.clock.advance(timedelta(hours=1))
    expect(page.locator("[data-why=idle]")).to_be_visible()
    expect(page.get_by_text("Rochefoucauld")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
