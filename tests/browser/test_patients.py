"""Patients in the real Chromium: found as one types, warned of a duplicate, edited by two, a lock in between."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from tests.builders.patients import ANNE, anne, person
from tests.parts import chromium, door

from socle.foundation.clock import SettableClock
from socle.foundation.database import Database
from socle.foundation.secrets import Keys
from socle.identity.actor import Actor, Role
from socle.practice.patients import registry
from socle.web.apps import staff_app

pytestmark = [pytest.mark.real, pytest.mark.slow]
PATIENCE_MS = 20_000
"""A loaded machine is slow, not wrong."""


@pytest.fixture
def address(database: Database, clock: SettableClock, tmp_path: Path) -> Iterator[str]:
    door.add_person(database, "claire", "Claire Roussel", Role.SECRETARY)
    tools = door.tools(database, clock, tmp_path)
    with door.served(staff_app(tools), tools.of(Keys)) as address:
        yield address


@pytest.fixture
def desk(address: str, open_page: Callable[..., Page]) -> Iterator[Page]:
    """A signed-in page; at the end it may have met neither a script error nor a refused style."""
    complaints: list[str] = []
    page = open_page()
    page.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda message: complaints.append(message.text) if "Content Security Policy" in message.text else None,
    )
    _sign_in(page, address)
    yield page
    expect.set_options(timeout=5_000)
    assert complaints == []


def _sign_in(page: Page, address: str) -> None:
    page.goto(f"{address}/sign-in?next=/patients")
    page.locator("#username").fill("claire")
    page.locator("#password").fill(door.PASSWORD)
    page.locator("#password").press("Enter")
    page.wait_for_url("**/patients*")


def _violations(page: Page) -> list[str]:
    return [finding["id"] for finding in Axe().run(page).response["violations"]]


def test_a_patient_is_found_opened_and_told_apart(desk: Page, database: Database, actor: Actor, address: str) -> None:
    with database.writing() as session:
        number = registry.create(session, actor, anne(alerts="Allergie à la pénicilline"))
        registry.create(session, actor, person("Durand", "Zoé", "2001-01-01"))
    desk.goto(f"{address}/patients")
    field = desk.get_by_role("searchbox", name="Rechercher un patient")
    expect(field).to_be_focused()
    field.press_sequentially("matrin anne")
    expect(desk.get_by_role("row", name="LE GOFF Anne-Marie")).to_be_visible()
    expect(desk.get_by_role("row", name="DURAND")).to_have_count(0)
    expect(desk.get_by_role("status").filter(has_text="s’en approchent")).to_be_visible()
    assert _violations(desk) == []
    desk.goto(f"{address}/patients/new")
    desk.get_by_role("heading", name="Nouveau patient").click()
    desk.keyboard.press("/")
    desk.keyboard.type("12/03/1980")
    link = desk.locator("#search-results a", has_text="LE GOFF")
    expect(link).to_be_visible()
    desk.keyboard.press("ArrowDown")
    expect(link).to_be_focused()
    desk.keyboard.press("Enter")
    desk.wait_for_url(f"**/patients/{number}")
    expect(desk).to_have_title("Mme LE GOFF Anne-Marie (née Martin) · Cabinet")
    expect(desk.locator(".person")).to_contain_text("Allergie à la pénicilline")
    for size in (chromium.DESKTOP, (1024, 768), (390, 844)):
        desk.set_viewport_size({"width": size[0], "height": size[1]})
        desk.mouse.wheel(0, 3000)
        expect(desk.locator(".person h1")).to_be_in_viewport()
        assert desk.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert _violations(desk) == []


def test_a_duplicate_is_seen_before_it_is_made(desk: Page, database: Database, actor: Actor, address: str) -> None:
    with database.writing() as session:
        registry.create(session, actor, ANNE)
    desk.goto(f"{address}/patients/new")
    desk.get_by_label("Nom de naissance", exact=True).fill("MARTIN")
    desk.get_by_label("Premier prénom de naissance").fill("Anne Marie")
    desk.get_by_label("Date de naissance").fill("12 mars 1980")
    desk.get_by_label("Numéro de sécurité sociale").fill("280037505612300")
    desk.keyboard.press("Tab")
    beside = desk.locator("#look-alikes")
    expect(beside).to_contain_text("LE GOFF Anne-Marie")
    expect(beside).to_contain_text("La clé de ce numéro est fausse")
    assert _violations(desk) == []
    desk.get_by_role("button", name="Créer le dossier").click()
    expect(desk.get_by_role("alert").filter(has_text="déjà connue")).to_be_visible()
    desk.get_by_role("button", name="Créer quand même un autre dossier").click()
    expect(desk.locator(".person h1")).to_contain_text("MARTIN Anne Marie")


def test_what_was_typed_before_a_lock_meets_what_was_saved_meanwhile(
    desk: Page, database: Database, actor: Actor, address: str
) -> None:
    with database.writing() as session:
        number = registry.create(session, actor, ANNE)
    desk.goto(f"{address}/patients/{number}/edit")
    desk.get_by_label("Alertes").fill("Diabète")
    desk.keyboard.press("Control+l")
    desk.wait_for_url(re.compile("/sign-in"))
    with database.writing() as session:
        registry.edit(session, actor, number, 1, anne(city="Rezé"))
    desk.locator("#password").fill(door.PASSWORD)
    desk.locator("#password").press("Enter")
    desk.wait_for_url(re.compile(f"/patients/{number}/edit(\\?held=|$)"))
    expect(desk.get_by_label("Alertes")).to_have_value("Diabète")
    desk.get_by_role("button", name="Enregistrer").click()
    expect(desk.get_by_role("alert").filter(has_text="« Nantes » est devenu « Rezé »")).to_be_visible()
    expect(desk.get_by_label("Ville")).to_have_value("Rezé")
    assert _violations(desk) == []
    desk.get_by_role("button", name="Enregistrer").click()
    desk.wait_for_url(f"**/patients/{number}")
    expect(desk.locator("#toasts")).to_contain_text("Les modifications sont enregistrées.")
    with database.reading() as session:
        assert registry.find(session, number).details == anne(city="Rezé", alerts="Diabète")
