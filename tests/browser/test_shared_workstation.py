"""Two people, one browser: nothing of the first is left for the second, and what ends elsewhere ends here at once.

A Chromium of its own for each test, with the memory behind the back button that Playwright switches off elsewhere.
"""

import base64
import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask import Blueprint, Flask, render_template_string
from flask.typing import ResponseReturnValue
from playwright.sync_api import Browser, BrowserContext, Error, Page, expect
from tests.conftest import FIGURE
from tests.parts import chromium, door, required

from socle.appliance.maintenance.certificate_files import SERVER_CERTIFICATE
from socle.foundation.clock import SettableClock
from socle.foundation.database import Database
from socle.foundation.secrets import Keys
from socle.identity.actor import Actor, Role
from socle.identity.sessions import sessions
from socle.identity.sessions.reasons import Why
from socle.web.apps import staff_app
from socle.web.kit.permissions import SIGNED_IN, allow

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.parametrize("engine", ["sqlcipher"], indirect=True)]
SECRET = "ZQXSECRETDUPREMIER"
PLAIN = {"Accept-Encoding": "identity"}
"""So that a page kept on the disk could be read there."""
FILE = """{% extends "kit/layout.html" %}{% block title %}Fiche{% endblock %}{% block main %}
<p id="file">ZQXSECRETDUPREMIER</p>
<form class="form" method="post" action="/trial" data-keep>{{ ui.csrf_field() }}
{{ ui.field("surname", "Nom") }}{{ ui.text_area("note", "Note") }}{{ ui.button("Enregistrer") }}</form>{% endblock %}"""
SEEN = """[...document.querySelectorAll('input:not([type=hidden]), textarea')].map(each => each.value).join()
  + document.documentElement.innerText"""


@dataclass
class Practice:
    """A served staff door."""

    address: str
    database: Database
    clock: SettableClock
    known_key: str
    """The SHA-256 of the server's public key: told of it, Chromium trusts the server, and keeps files on the disk."""


@pytest.fixture
def practice(database: Database, clock: SettableClock, tmp_path: Path) -> Iterator[Practice]:
    door.add_person(database, "paul.lemoine", "Paul Lemoine", Role.PRACTITIONER)
    door.add_person(database, "claire.roussel", "Claire Roussel", Role.SECRETARY)
    tools = door.tools(database, clock, tmp_path)
    app = door.with_trial_page(staff_app(tools))
    _add_file(app)
    with door.served(app, tools.of(Keys)) as address:
        yield Practice(address, database, clock, _known_key(tools.of(Keys)))


def _known_key(keys: Keys) -> str:
    certificate = x509.load_pem_x509_certificate(keys.read(SERVER_CERTIFICATE))
    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(key).digest()).decode()


def _add_file(app: Flask) -> None:
    room = Blueprint("file", __name__)

    @room.get("/file")
    @allow(*SIGNED_IN)
    def show() -> ResponseReturnValue:
        return render_template_string(FILE)

    app.register_blueprint(room)


@contextmanager
def workstation(browser: Browser, practice: Practice, folder: Path) -> Iterator[BrowserContext]:
    context = browser.browser_type.launch_persistent_context(
        str(folder),
        executable_path=required.program("chromium", "chromium"),
        args=[*chromium.FLAGS, f"--ignore-certificate-errors-spki-list={practice.known_key}"],
        headless=True,
        locale="fr-FR",
        extra_http_headers=PLAIN,
        ignore_default_args=["--disable-back-forward-cache"],
    )
    try:
        yield context
    finally:
        context.close()


def enter(page: Page, username: str) -> None:
    page.get_by_label("Identifiant").fill(username)
    page.get_by_label("Mot de passe").fill(door.PASSWORD)
    page.get_by_role("button", name="Se connecter").click()
    expect(page.locator("[data-signed-in]")).to_be_visible()


def arrive(page: Page, practice: Practice, username: str, path: str = "/file") -> None:
    page.goto(f"{practice.address}{path}")
    enter(page, username)
    page.wait_for_url(f"**{path}")
    page.wait_for_load_state("load")


def seen(page: Page) -> str:
    """Return everything a person sees and could send, whatever the page is doing."""
    for _ in range(50):
        try:
            return str(page.evaluate(SEEN))
        except Error:  # it is on its way to another page
            page.wait_for_timeout(50)
    raise AssertionError("the page never came to rest")


def back(page: Page) -> str:
    """Press the back button, and return what is seen then."""
    page.evaluate("void setTimeout(() => history.back())")
    page.wait_for_timeout(200)
    first = seen(page)
    page.wait_for_timeout(600)
    return first + seen(page)


def sign_out(page: Page) -> None:
    page.locator(".menu > summary").click()
    page.get_by_role("button", name="Se déconnecter").click()
    expect(page.locator("[data-why=signed_out]")).to_be_visible()


def change_person(page: Page) -> None:
    page.locator(".menu > summary").click()
    page.get_by_role("button", name="Changer d’utilisateur").click()
    expect(page.locator("[data-why=another_person]")).to_be_visible()


@pytest.mark.parametrize("leave", [sign_out, change_person])
def test_the_back_button_shows_nothing_of_the_first(
    browser: Browser, practice: Practice, tmp_path: Path, leave: Callable[[Page], None]
) -> None:
    with workstation(browser, practice, tmp_path / "profile") as context:
        page = context.new_page()
        arrive(page, practice, "paul.lemoine")
        expect(page.locator("#file")).to_have_text(SECRET)
        page.get_by_label("Nom").fill(SECRET)
        page.get_by_label("Note").fill(SECRET)
        leave(page)
        for _ in range(2):  # before anybody signs in again…
            assert SECRET not in back(page)
        page.goto(f"{practice.address}/sign-in?switch=1")
        enter(page, "claire.roussel")
        page.goto(f"{practice.address}/trial")
        expect(page.locator("#who")).to_have_text("Claire Roussel")
        for _ in range(8):  # …and afterwards, as far as it goes
            shown = back(page)
            if page.url.endswith("/file"):  # the same address, asked for anew, is hers: nothing typed is left in it
                assert page.get_by_label("Nom").input_value() == page.get_by_label("Note").input_value() == ""
                assert "Paul" not in shown
            else:
                assert SECRET not in shown


def test_no_page_comes_back_from_the_memory_behind_the_back_button(
    browser: Browser, practice: Practice, tmp_path: Path
) -> None:
    with workstation(browser, practice, tmp_path / "profile") as context:
        page = context.new_page()
        restored: list[str] = []
        page.expose_function("restored", lambda path: restored.append(path))  # noqa: PLW0108 - a built-in has no signature
        page.add_init_script("addEventListener('pageshow', (event) => event.persisted && restored(location.pathname))")
        arrive(page, practice, "paul.lemoine")
        change_person(page)
        enter(page, "claire.roussel")
        for _ in range(6):
            back(page)
        assert "/file" not in restored


@pytest.mark.parametrize("leave", [None, sign_out])
def test_nothing_of_a_page_is_left_on_the_disk(
    browser: Browser, practice: Practice, tmp_path: Path, leave: Callable[[Page], None] | None
) -> None:
    profile = tmp_path / "profile"
    with workstation(browser, practice, profile) as context:
        page = context.new_page()
        arrive(page, practice, "paul.lemoine")
        expect(page.locator("#file")).to_have_text(SECRET)
        page.get_by_label("Nom").fill(SECRET)
        page.goto(f"{practice.address}/trial")
        page.goto(f"{practice.address}/file")
        page.wait_for_timeout(1000)
        if leave:
            leave(page)
            page.wait_for_timeout(500)
    # Not what it keeps to open its tabs again: typed text may be there, and is emptied before anybody sees it (above).
    files = [path for path in profile.rglob("*") if path.is_file() and "Sessions" not in path.parts]
    contents = {path.relative_to(profile): path.read_bytes() for path in files}
    assert any(b"socle.css" in content for content in contents.values())  # it does keep what it may
    found = [str(path) for path, content in contents.items() if SECRET.encode() in content or _wide(content)]
    assert found == []


def _wide(content: bytes) -> bool:
    return SECRET.encode("utf-16-le") in content


def test_typed_names_are_not_offered_to_the_next(browser: Browser, practice: Practice, tmp_path: Path) -> None:
    """Chromium keeps what is typed in fields that do not say "off" (Web Data, table autofill)."""
    profile = tmp_path / "profile"
    with workstation(browser, practice, profile) as context:
        page = context.new_page()
        arrive(page, practice, "paul.lemoine")
        assert page.get_by_label("Nom").get_attribute("autocomplete") == "off"
        for path in ("/patients/new", "/account", "/agenda"):
            page.goto(f"{practice.address}{path}")
            open_fields = page.evaluate(
                """[...document.querySelectorAll("input:not([type=hidden], [type=checkbox], [type=radio])")]
                  .filter((field) => !(field.getAttribute("autocomplete") || field.form?.getAttribute("autocomplete")))
                  .map((field) => field.name)"""
            )
            assert open_fields == [], path


def test_ended_elsewhere_ends_here_within_a_second(
    browser: Browser, practice: Practice, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    maintainer = door.add_person(practice.database, "max.weber", "Max Weber", Role.MAINTAINER)
    actor = Actor(maintainer.id, "Max Weber")
    with workstation(browser, practice, tmp_path / "profile") as context:
        page = context.new_page()
        for series in ("first", "second, as the machine was busy"):
            taken = [_seconds_on_screen(page, practice, actor, number) for number in range(5)]
            middle, worst = median(taken), max(taken)
            told = f"gone from the screen, 5 runs ({series}): median {middle:.2f} s, worst {worst:.2f} s"
            record_property(FIGURE, told)
            if worst < 1.5:
                return
    raise AssertionError(told)


def _seconds_on_screen(page: Page, practice: Practice, actor: Actor, number: int) -> float:
    """End or lock, from elsewhere, the session of a page with text; return how long the text could still be seen."""
    page.goto(f"{practice.address}/sign-in?switch=1&next=/file")
    enter(page, "paul.lemoine")
    page.goto(f"{practice.address}/file")
    page.get_by_label("Note").fill(f"{SECRET} {number}")
    page.wait_for_timeout(300 + 137 * number)
    with practice.database.writing() as session:
        own = sessions.live(session)[0].id
        if number % 2:
            sessions.lock(session, actor, own, Why.LOCKED_BY_SOMEONE)
        else:
            sessions.end(session, actor, own, Why.REVOKED)
    began = time.monotonic()
    while SECRET in seen(page) and time.monotonic() < began + 20:
        page.wait_for_timeout(10)
    taken = time.monotonic() - began
    expect(page.locator("[data-why]")).to_be_visible()
    expect(page.get_by_text("Votre saisie est conservée")).to_be_visible()
    return taken


def test_a_page_that_only_asks_does_not_keep_its_session_open(
    browser: Browser, practice: Practice, tmp_path: Path
) -> None:
    with workstation(browser, practice, tmp_path / "profile") as context:
        page = context.new_page()
        arrive(page, practice, "paul.lemoine")
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url) if "/session/state" in request.url else None)
        for _ in range(9):
            practice.clock.advance(timedelta(minutes=1))
            page.wait_for_timeout(800)
        assert len(asked) >= 5
        expect(page.locator("#file")).to_be_visible()
        practice.clock.advance(timedelta(minutes=1, seconds=1))
        expect(page.locator("[data-why=idle]")).to_be_visible()


def test_real_movements_keep_it_open(browser: Browser, practice: Practice, tmp_path: Path) -> None:
    with workstation(browser, practice, tmp_path / "profile") as context:
        page = context.new_page()
        arrive(page, practice, "paul.lemoine")
        for number in range(13):
            practice.clock.advance(timedelta(minutes=1))
            page.mouse.move(200 + number, 300)
            page.wait_for_timeout(900)
        expect(page.locator("#file")).to_be_visible()
