"""The whole way, on real parts: pcscd and a card, OpenSC, the agent in its terminal, the server, Chromium's window."""

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import Engine, func, select
from tests.builders import cards as made
from tests.conftest import AUDIT_KEY
from tests.parts import door, smart_card
from tests.parts.smart_card import Plugged
from tests.parts.station import Agent

from socle.appliance.maintenance import authority
from socle.foundation.clock import SystemClock
from socle.foundation.database import Database
from socle.foundation.home import Home
from socle.foundation.secrets import Keys
from socle.foundation.toolbox import Toolbox
from socle.identity.actor import Role, machine
from socle.identity.audit.models import AuditEntry
from socle.identity.people.models import Account
from socle.identity.sessions import card_numbers, sessions, workstations
from socle.web.apps import staff_app

pytestmark = [
    pytest.mark.real,
    pytest.mark.slow,
    pytest.mark.xdist_group("pcscd"),
    pytest.mark.parametrize("engine", ["sqlcipher"], indirect=True),
]
ROOT = made.issuer("AC RACINE ESSAI", key_number=6)
PAUL, CLAIRE = made.card(ROOT), made.card(ROOT, f"8{made.OTHER_RPPS}", key=made.rsa_key(7))
TYPED = "Douleur à l'épaule droite, <amplitude> 90°\nrevoir dans 8 jours"
RUNS = 20


@dataclass
class Practice:
    """A served practice with one enrolled workstation."""

    address: str
    app: Flask
    database: Database
    tools: Toolbox
    agent: Agent
    browser: Browser

    def opened(self) -> int:
        """Return how often a card opened a session, or went on with one."""
        with self.database.reading() as session:
            wanted = select(func.count()).where(AuditEntry.action.in_(("session.open", "session.unlock")))
            return session.scalar(wanted) or 0

    @contextmanager
    def window(self) -> Iterator[Page]:
        """Look at the window that the agent opened."""
        address = f"http://127.0.0.1:{self.agent.debugging_port}"
        deadline = time.monotonic() + 30
        while True:
            try:
                seen = self.browser.browser_type.connect_over_cdp(address)
                break
            except Exception:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
        try:
            yield next(page for page in seen.contexts[0].pages if not page.url.startswith("devtools"))
        finally:
            seen.close()


@pytest.fixture
def practice(engine: Engine, tmp_path: Path, readers: smart_card.Readers, browser: Browser) -> Iterator[Practice]:
    database = Database(engine, SystemClock(), {"audit_key": AUDIT_KEY})
    tools = door.tools(database, SystemClock(), tmp_path)
    for username, name, number in (
        ("paul.lemoine", "Paul Lemoine", made.RPPS),
        ("claire.roussel", "Claire Roussel", made.OTHER_RPPS),
    ):
        account = door.add_person(database, username, name, Role.PRACTITIONER)
        with database.writing() as session:
            card_numbers.give(session, machine("test"), session.get_one(Account, account.id), number)
    tools.of(Home).cards_path.mkdir()
    (tools.of(Home).cards_path / "root.pem").write_bytes(ROOT.pem)
    app = door.with_trial_page(staff_app(tools))
    agent = Agent(tmp_path / "station")
    with door.served(app, tools.of(Keys)) as address:
        with database.writing() as session:
            _station, code = workstations.add(session, machine("test"), "Salle 2")
        words = ("--code", code, "--fingerprint", authority.shown_fingerprint(tools.of(Keys)), "--no-trust")
        done = agent.command("enrol", address, *words)
        assert done.returncode == 0, done.stderr
        assert "Salle 2" in done.stdout
        try:
            yield Practice(address, app, database, tools, agent, browser)
        finally:
            agent.kill()


@pytest.fixture
def paul(readers: smart_card.Readers) -> Iterator[Plugged]:
    card = Plugged(PAUL)
    yield card
    card.take_out()


@pytest.fixture
def claire(readers: smart_card.Readers) -> Iterator[Plugged]:
    card = Plugged(CLAIRE, code="4321")
    yield card
    card.take_out()


def wait_until(done: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, "it never came about"
        time.sleep(0.1)


def come_in(practice: Practice, card: Plugged, code: str = "1234") -> None:
    card.put_in()
    practice.agent.wait_for("Code de la carte")
    practice.agent.forget()
    practice.agent.type(code)


def write_note(page: Page, practice: Practice) -> None:
    page.goto(f"{practice.address}/trial")
    expect(page.locator("#who")).to_have_text("Paul Lemoine")
    page.get_by_label("Note").fill(TYPED)


def test_a_card_opens_locks_and_unlocks_in_place_without_losing_a_character(practice: Practice, paul: Plugged) -> None:
    practice.agent.start()
    practice.agent.wait_for("insérez votre carte")
    come_in(practice, paul)
    practice.agent.wait_for("Bonjour Paul Lemoine")
    assert "1234" not in practice.agent.said
    with practice.window() as page:
        page.wait_for_url(f"{practice.address}/", timeout=30_000)
        write_note(page, practice)
        paul.take_out()
        expect(page.locator("[data-why=card_removed]")).to_be_visible()
        expect(page.get_by_text("Votre saisie est conservée")).to_be_visible()
        practice.agent.wait_for("Carte retirée")
        come_in(practice, paul)
        expect(page.get_by_label("Note")).to_have_value(TYPED, timeout=20_000)
        assert len(page.context.pages) == 1
        with practice.database.reading() as session:
            assert [each.locked_at for each in sessions.live(session)] == [None]
        page.get_by_role("button", name="Enregistrer").click()
        page.wait_for_load_state()
    assert practice.app.extensions["saved"] == [("Paul Lemoine", TYPED.replace("\n", "\r\n"))]
    assert practice.agent.stop() == 0
    with practice.database.reading() as session:
        assert sessions.live(session)[0].lock_reason == "card_removed"


def test_taking_the_card_out_covers_the_page_within_a_second(
    practice: Practice, paul: Plugged, capsys: pytest.CaptureFixture[str]
) -> None:
    practice.agent.start()
    taken = []
    for run in range(RUNS):
        come_in(practice, paul)
        practice.agent.wait_for("Bonjour")
        with practice.window() as page:
            if run == 0:
                page.wait_for_url(f"{practice.address}/", timeout=30_000)
                write_note(page, practice)
            expect(page.get_by_label("Note")).to_have_value(TYPED, timeout=20_000)
            page.wait_for_load_state("load")
            locked = page.evaluate_handle(
                """() => { window.covered = new Promise((done) => {
                  const look = () => document.documentElement.classList.contains('is-locked') && done(Date.now());
                  new MutationObserver(look).observe(document.documentElement, {attributes: true});
                  window.addEventListener('pagehide', () => done(Date.now()));
                }); }"""
            )
            locked.dispose()
            before = time.time()
            paul.take_out()
            at = page.evaluate("() => window.covered")
            taken.append(at / 1000 - before)
            expect(page.locator("[data-why=card_removed]")).to_be_visible()
    with capsys.disabled():
        print(
            f"\ncard out → page covered, {RUNS} runs: median {statistics.median(taken):.3f} s, worst {max(taken):.3f} s"
        )
    assert max(taken) < 1.0


def test_another_card_opens_its_own_session_and_the_first_stays_locked(
    practice: Practice, paul: Plugged, claire: Plugged
) -> None:
    practice.agent.start()
    come_in(practice, paul)
    practice.agent.wait_for("Bonjour Paul")
    with practice.window() as page:
        page.wait_for_url(f"{practice.address}/", timeout=30_000)
        write_note(page, practice)
        paul.take_out()
        expect(page.locator("[data-why=card_removed]")).to_be_visible()
        come_in(practice, claire, "4321")
        practice.agent.wait_for("Bonjour Claire Roussel")
        page.wait_for_url(f"{practice.address}/", timeout=20_000)
        page.goto(f"{practice.address}/trial")
        expect(page.locator("#who")).to_have_text("Claire Roussel")
        assert TYPED not in page.content()
        expect(page.get_by_label("Note")).to_have_value("")
        claire.take_out()
        expect(page.locator("[data-why=card_removed]")).to_be_visible()
        come_in(practice, paul)
        practice.agent.wait_for("Bonjour Paul")
        page.wait_for_url(f"{practice.address}/", timeout=20_000)
        page.goto(f"{practice.address}/account")
        page.get_by_role("link", name="Saisi jusqu’au").click()
        expect(page.get_by_label("Note")).to_have_value(TYPED)


def test_wiped_cookies_are_made_good_while_the_card_is_in(practice: Practice, paul: Plugged) -> None:
    practice.agent.start()
    come_in(practice, paul)
    practice.agent.wait_for("Bonjour")
    with practice.window() as page:
        page.wait_for_url(f"{practice.address}/", timeout=30_000)
        page.context.clear_cookies()
        page.goto(f"{practice.address}/trial")
        expect(page.locator("[data-why=cookie_gone]")).to_be_visible()
        practice.agent.wait_for("elle se rouvre")
        # A Chromium without a screen takes no second window: the agent begins its browser anew.
        wait_until(lambda: practice.opened() == 2)
    with practice.window() as page:
        page.wait_for_url(f"{practice.address}/", timeout=30_000)
        page.goto(f"{practice.address}/trial")
        expect(page.locator("#who")).to_have_text("Paul Lemoine")
    assert practice.agent.said.count("Code de la carte") == 0
    with practice.database.reading() as session:
        assert len(sessions.live(session)) == 1


def test_an_agent_killed_before_the_card_is_taken_out_locks_when_it_comes_back(
    practice: Practice, paul: Plugged
) -> None:
    practice.agent.start()
    come_in(practice, paul)
    practice.agent.wait_for("Bonjour")
    with practice.window() as page:
        page.wait_for_url(f"{practice.address}/", timeout=30_000)
    practice.agent.kill()
    paul.take_out()
    practice.agent.start()
    practice.agent.wait_for("insérez votre carte")

    def is_locked() -> bool:
        with practice.database.reading() as session:
            return sessions.live(session)[0].locked_at is not None

    wait_until(is_locked)
