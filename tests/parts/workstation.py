"""A served practice with one enrolled workstation: the agent in its terminal, its window, the cards of two people."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask
from playwright.sync_api import Browser, Page
from sqlalchemy import func, select
from tests.builders import cards as made
from tests.parts import door
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
from socle.identity.sessions import card_numbers, workstations
from socle.web.apps import staff_app

ROOT = made.issuer("AC RACINE ESSAI", key_number=6)
PAUL, CLAIRE = made.card(ROOT), made.card(ROOT, f"8{made.OTHER_RPPS}", key=made.rsa_key(7))


@dataclass
class Practice:
    """A served practice with one enrolled workstation."""

    address: str
    app: Flask
    database: Database
    tools: Toolbox
    agent: Agent
    browser: Browser
    server: ExitStack

    @contextmanager
    def away(self) -> Iterator[None]:
        """Take the server off the network for the block."""
        self.server.close()
        try:
            yield
        finally:
            port = urlsplit(self.address).port or 0
            self.server.enter_context(door.served(self.app, self.tools.of(Keys), port))

    def opened(self) -> int:
        """Return how often a card opened a session, or went on with one."""
        with self.database.reading() as session:
            wanted = select(func.count()).where(AuditEntry.action.in_(("session.open", "session.unlock")))
            return session.scalar(wanted) or 0

    def come_in(self, card: Plugged, code: str = "1234") -> None:
        """Put a card in and type its code when it is asked for."""
        card.put_in()
        self.agent.wait_for("Code de la carte")
        self.agent.forget()
        self.agent.type(code)

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


def wait_until(done: Callable[[], bool], seconds: float = 30) -> None:
    """Wait for something, for so long at most."""
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, "it never came about"
        time.sleep(0.1)


@contextmanager
def served(database: Database, folder: Path, browser: Browser) -> Iterator[Practice]:
    """Serve the practice, enrol the workstation, and leave nothing running."""
    tools = door.tools(database, SystemClock(), folder)
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
    agent = Agent(folder / "station")
    with ExitStack() as server:
        address = server.enter_context(door.served(app, tools.of(Keys)))
        with database.writing() as session:
            _station, code = workstations.add(session, machine("test"), "Salle 2")
        words = (
            "--code",
            code,
            "--fingerprint",
            authority.shown_fingerprint(tools.of(Keys)),
            "--no-trust",
            "--no-autostart",
        )
        done = agent.command("enrol", address, *words)
        assert done.returncode == 0, done.stderr
        assert "Salle 2" in done.stdout
        try:
            yield Practice(address, app, database, tools, agent, browser, server)
        finally:
            agent.kill()
