"""Passkeys in the real Chromium, with the authenticator that its own developer tools emulate."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from tests.parts import door

from socle.foundation.clock import SettableClock
from socle.foundation.database import Database
from socle.foundation.secrets import Keys
from socle.identity.actor import Role
from socle.identity.sessions import sessions
from socle.web.apps import staff_app

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.parametrize("engine", ["sqlcipher"], indirect=True)]


@dataclass
class Practice:
    """A served staff door."""

    address: str
    database: Database

    def factor(self) -> str:
        """Return what proved the person who came in last."""
        with self.database.reading() as session:
            return sessions.live(session)[0].factor


@pytest.fixture
def practice(database: Database, clock: SettableClock, tmp_path: Path) -> Iterator[Practice]:
    door.add_person(database, "paul.lemoine", "Paul Lemoine", Role.PRACTITIONER)
    tools = door.tools(database, clock, tmp_path)
    with door.served(staff_app(tools), tools.of(Keys)) as address:
        yield Practice(address, database)


def authenticator(page: Page, **changed: Any) -> Callable[..., Any]:
    """Plug an authenticator in; return what sends orders to it."""
    talk = page.context.new_cdp_session(page)
    talk.send("WebAuthn.enable")
    kind = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
        **changed,
    }
    number = talk.send("WebAuthn.addVirtualAuthenticator", {"options": kind})["authenticatorId"]
    return lambda order, **more: talk.send(f"WebAuthn.{order}", {"authenticatorId": number, **more})


def enter(page: Page, practice: Practice) -> None:
    page.goto(f"{practice.address}/sign-in")
    page.get_by_label("Identifiant").fill("paul.lemoine")
    page.get_by_label("Mot de passe").fill(door.PASSWORD)
    page.get_by_role("button", name="Se connecter", exact=True).click()


def set_up(page: Page, practice: Practice) -> None:
    enter(page, practice)
    page.goto(f"{practice.address}/account/factors")
    page.get_by_role("link", name="Créer une clé d’accès").click()
    page.get_by_label("Votre mot de passe").fill(door.PASSWORD)
    page.get_by_role("button", name="Continuer").click()
    page.get_by_label("Nom de l’appareil").fill("Clé bleue")
    page.get_by_role("button", name="Créer la clé d’accès").click()
    expect(page.locator(".code-list li")).to_have_count(10)


def leave(page: Page, practice: Practice) -> None:
    page.goto(f"{practice.address}/account")
    page.evaluate("document.querySelector('form[action=\"/session/sign-out\"]').submit()")
    expect(page.locator("[data-why]")).to_be_visible()


def test_on_a_telephone_each_date_stands_on_one_line(page: Page, practice: Practice) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    authenticator(page)
    set_up(page, practice)
    page.goto(f"{practice.address}/account/factors")
    frame = page.get_by_role("region", name="Clés d’accès")
    assert frame.evaluate("each => each.scrollWidth <= each.clientWidth")
    date = frame.locator("time").first.bounding_box()
    assert date is not None
    assert date["height"] < 30


def test_set_up_then_in_with_a_touch_and_no_password(page: Page, practice: Practice) -> None:
    authenticator(page)
    set_up(page, practice)
    page.goto(f"{practice.address}/account/factors")
    expect(page.get_by_role("cell", name="Clé bleue")).to_be_visible()
    leave(page, practice)
    assert not Axe().run(page).response["violations"]
    page.get_by_role("button", name="Se connecter avec une clé d’accès").click()
    expect(page).not_to_have_url(f"{practice.address}/sign-in")
    page.goto(f"{practice.address}/account")
    expect(page.locator("h1")).to_have_text("Mon compte")
    assert practice.factor() == "passkey"


def test_after_the_password_the_key_is_the_second_factor(page: Page, practice: Practice) -> None:
    authenticator(page, transport="usb")
    set_up(page, practice)
    leave(page, practice)
    enter(page, practice)
    expect(page.locator("[data-step=second]")).to_be_visible()
    assert not Axe().run(page).response["violations"]
    page.get_by_role("button", name="Utiliser ma clé d’accès").click()
    page.wait_for_url(f"{practice.address}/")
    assert practice.factor() == "password+passkey"


def test_a_device_that_does_not_know_its_holder_opens_nothing(page: Page, practice: Practice) -> None:
    order = authenticator(page)
    set_up(page, practice)
    leave(page, practice)
    order("setUserVerified", isUserVerified=False)
    page.get_by_role("button", name="Se connecter avec une clé d’accès").click()
    expect(page.get_by_text("L’appareil n’a pas répondu")).to_be_visible(timeout=90_000)
    page.goto(f"{practice.address}/account")
    expect(page.locator("[data-why]")).to_be_visible()


def test_the_same_device_is_not_set_up_twice(page: Page, practice: Practice) -> None:
    authenticator(page)
    set_up(page, practice)
    page.goto(f"{practice.address}/account/factors/passkeys/new")
    page.get_by_label("Votre mot de passe").fill(door.PASSWORD)
    page.get_by_role("button", name="Continuer").click()
    page.get_by_role("button", name="Créer la clé d’accès").click()
    expect(page.get_by_text("a déjà une clé d’accès pour vous ici")).to_be_visible()
