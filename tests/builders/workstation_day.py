"""A workstation's day without a reader or a screen: the agent's real rules and requests, the real door and database,
and pages that do what session.js and hand-over.js do, one step at a time."""

import html
import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask
from flask.testing import FlaskClient
from tests.builders import cards as made
from tests.builders.cards import Card
from tests.parts import door
from tests.parts.agent import Agent
from werkzeug.test import TestResponse

from socle.appliance.maintenance import authority
from socle.foundation.clock import SettableClock
from socle.foundation.database import Database
from socle.foundation.home import Home
from socle.foundation.secrets import Keys
from socle.identity.actor import Role, machine
from socle.identity.people.models import Account
from socle.identity.sessions import card_numbers, held_forms, workstations
from socle.web.apps import staff_app
from socle_station.link import Link
from socle_station.station import Station
from socle_station.token import Signature
from socle_station.wording import Fault

BASE = "https://localhost:8443"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
ROOT = made.issuer("AC RACINE ESSAI", key_number=6)
CODE = "1234"
MOST_PAGES = 3


@dataclass
class Person:
    """Somebody with a card; `text` is what they typed and did not save."""

    name: str
    card: Card
    account_id: int
    key: bytes
    text: str = ""


@dataclass
class Page:
    """One window: a form of whom, or the sign-in page; what is typed in it."""

    owner: str | None = None
    proof: str = ""
    text: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    ticket: str = ""


class Day:
    """Everything that happens at one workstation."""

    def __init__(self, database: Database, clock: SettableClock, folder: Path) -> None:
        self.database, self.clock = database, clock
        self.counts = Counter[str]()
        self._tools = door.tools(database, clock, folder)
        self._keys = self._tools.of(Keys)
        authority.prepare(self._keys, "Test", ["localhost"], clock.now())
        self._tools.of(Home).cards_path.mkdir()
        (self._tools.of(Home).cards_path / "root.pem").write_bytes(ROOT.pem)
        self.paul, self.claire = (
            self._person("Paul Lemoine", made.RPPS, 1),
            self._person("Claire Roussel", made.OTHER_RPPS, 7),
        )
        self.people = {person.name: person for person in (self.paul, self.claire)}
        self.connected, self.readers = True, dict[str, Person]()
        self.proven: Person | None = None
        """Whose card is in, with its code given since."""
        self.unpaid: Person | None = None
        """Whose card went while the server could not be told."""
        self.pages: list[Page] = []
        self.saved: list[tuple[str, str]] = []
        self.seen: list[str] = []
        self._app = self._new_app()
        self._client: FlaskClient = self._app.test_client()
        self._client.environ_base["HTTP_USER_AGENT"] = BROWSER
        self._enrol()

    def _person(self, name: str, number: str, key: int) -> Person:
        username = name.lower().replace(" ", ".")
        account = door.add_person(self.database, username, name, Role.PRACTITIONER)
        with self.database.writing() as session:
            card_numbers.give(session, machine("test"), session.get_one(Account, account.id), number)
        return Person(name, made.card(ROOT, f"8{number}", key=made.rsa_key(key)), account.id, self._keys.read("forms"))

    def _new_app(self) -> Flask:
        return door.with_trial_page(staff_app(self._tools))

    def _enrol(self) -> None:
        with self.database.writing() as session:
            _station, code = workstations.add(session, machine("test"), "Salle 2")
        agent = Agent(self._app.test_client(), self.clock)
        assert agent.enrol(code).status_code == 200
        self._key: Ed25519PrivateKey = agent.key
        self._number = agent.number
        self.start_agent()

    # The agent

    def start_agent(self) -> None:
        """Start the agent (anew): its window is one it does not know of."""
        pin = authority.fingerprint(self._keys)
        link = Link(self, BASE, self._number, self._key, pin, now=lambda: self.clock.now().timestamp())
        self._window = False
        self.proven = None
        self.station = Station(link, self, self, self, lambda: self.clock.now().timestamp())
        for reader in self.readers:
            self.station.inserted(reader)

    def send(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        """Carry a request of the agent's to the door (its `Wire`)."""
        if not self.connected:
            raise Fault("STATION-SERVER-UNREACHABLE", server=BASE)
        answer = self._app.test_client().open(path, method=method, data=body, headers=dict(headers), base_url=BASE)
        if path == "/station/card-out" and answer.status_code == 200:
            self.unpaid = None
        return answer.status_code, answer.data

    def sign(self, reader: str, code: str, text: bytes) -> Signature:
        """Sign as the card in that reader does (its `Cards`)."""
        if reader not in self.readers:
            raise Fault("READER-UNPLUGGED")
        if code != CODE:
            raise Fault("CARD-CODE-WRONG", left="")
        card = self.readers[reader].card
        return Signature(card.der, (), card.mechanism, card.sign(text))

    def is_open(self) -> bool:
        """Tell whether the agent's window is there (its `Window`)."""
        return self._window and bool(self.pages)

    def open(self, ticket: str) -> None:
        """Open a window that goes in with a ticket, soon."""
        self._window = True
        idle = [page for page in self.pages if page.owner is None and not page.ticket]
        if len(self.pages) >= MOST_PAGES and idle:
            self.pages.remove(idle[0])  # somebody closes a window that only waits
        self.pages.append(Page(ticket=ticket))

    def line(self, key: str, **details: object) -> None:
        """Show a line (its `Face`)."""
        self.counts[key] += 1
        if key == "opened":
            self.proven = self.people[str(details["holder"])]

    def fault(self, fault: Fault) -> None:
        """Show a fault."""
        self.seen.append(fault.code)

    def ask_code(self, key: str, reader: str) -> None:
        """Ask for a code."""

    # What people do

    def put_in(self, person: Person, reader: str) -> None:
        """Put somebody's card into a reader."""
        self.readers[reader] = person
        self.station.inserted(reader)

    def take_out(self, reader: str) -> None:
        """Take the card out of a reader."""
        person = self.readers.pop(reader)
        if self.proven is person:
            self.proven, self.unpaid = None, person
        self.station.removed(reader)

    def type_code(self, code: str = CODE) -> None:
        """Type a code at the agent's window."""
        self.station.code_typed(code)

    def lock(self) -> None:
        """Ask the agent to lock, the card staying in: its code has to be typed again."""
        if self.proven is not None:
            self.proven, self.unpaid = None, self.proven
        self.station.lock()

    def write(self, page: Page, text: str) -> None:
        """Type into a page's form."""
        if page.owner is not None:
            page.text += text
            self.people[page.owner].text = page.text

    def save(self, page: Page) -> None:
        """Send a page's form."""
        if page.owner is None or not self.connected or not page.text:
            return
        owner = page.owner
        data = {"_csrf": page.proof, "note": page.text}
        headers = {"Referer": f"{BASE}/trial", "Sec-Fetch-Site": "same-origin"}
        answer = self._client.post("/trial", data=data, headers=headers, base_url=BASE)
        saved = self._app.extensions["saved"]
        if answer.status_code == 200:
            self.saved.append(saved[-1])
            self.counts["saved"] += 1
            assert saved[-1] == (owner, page.text), "saved as somebody else's"
            self.people[owner].text = page.text = ""
        elif answer.status_code == 303:
            self._go(page, answer.headers["Location"])
        else:  # another person's form: kept for its author, says the error page
            assert answer.status_code == 403, answer.status_code
            self._go(page, "/trial")

    def wipe_cookies(self) -> None:
        """Run a cleaner over the browser."""
        for cookie in list(self._client._cookies or {}):
            self._client.delete_cookie(cookie[2], domain=cookie[0], path=cookie[1])

    def restart_server(self) -> None:
        """Stop the door and start it again on the same database."""
        self._app = self._new_app()
        self._client.application = self._app

    def wait(self, seconds: float) -> None:
        """Let time pass, all at once."""
        self.clock.advance(timedelta(seconds=seconds))

    # What pages do by themselves

    def look(self, page: Page) -> None:
        """Let a page do its next request."""
        if not self.connected:
            return
        if page.ticket:
            ticket, page.ticket = page.ticket, ""
            self._hand_over(page, {"ticket": ticket})
            if page.owner is None and not page.fields:
                page.fields = {"next": "/trial"}
        elif page.owner is None:
            self._hand_over(page, page.fields)
        else:
            headers = {"X-CSRF-Token": page.proof, "X-Background": "1", "X-Seconds-Since-Input": "0"}
            answer = self._client.get("/session/state", headers=headers, base_url=BASE)
            if answer.get_json()["state"] != "open":
                self._leave(page)

    def _hand_over(self, page: Page, fields: Mapping[str, str]) -> None:
        headers = {"Accept": "application/json", "Sec-Fetch-Site": "same-origin"}
        answer = self._client.post("/station/hand-over", data=dict(fields), headers=headers, base_url=BASE)
        go = answer.get_json().get("go")
        if go:
            self._go(page, go if "/trial" in go else "/trial")

    def _leave(self, page: Page) -> None:
        address = "/sign-in?next=/trial"
        if page.text:
            sent = {"page": "/trial", "action": "/trial", "fields": [["note", page.text]]}
            answer = self._client.post(
                "/session/hold",
                data=json.dumps(sent),
                headers={"Content-Type": "application/json", "Accept": "application/json", "X-CSRF-Token": page.proof},
                base_url=BASE,
            )
            assert answer.status_code == 200, "the text was not held"
            address = answer.get_json()["sign_in"]
            self.counts["held"] += 1
        self._go(page, address)

    def _go(self, page: Page, address: str) -> None:
        path = address.removeprefix(BASE)
        answer = self._client.get(path, headers={"Sec-Fetch-Dest": "document"}, base_url=BASE)
        for _ in range(4):
            if answer.status_code not in {302, 303}:
                break
            path = answer.headers["Location"].removeprefix(BASE)
            answer = self._client.get(path, headers={"Sec-Fetch-Dest": "document"}, base_url=BASE)
        self._show(page, path, answer)

    def _show(self, page: Page, path: str, answer: TestResponse) -> None:
        who = re.search(r'<p id="who">(.*?)</p>', answer.text)
        page.text, page.proof, page.owner, page.fields = "", "", None, {}
        if who is None:
            asked = parse_qs(urlsplit(path).query)
            page.fields = {name: asked[name][0] for name in ("next", "held") if name in asked} or {"next": "/trial"}
            return
        page.owner = html.unescape(who[1])
        proof = re.search(r'name="csrf-token" content="([^"]*)"', answer.text)
        page.proof = html.unescape(proof[1]) if proof else ""
        self.check_owner(page.owner)
        kept = door.held(answer.text)
        if kept:
            self.counts["given back"] += 1
            page.text = dict(kept["fields"]).get("note", "")
            assert page.text.startswith(f"{page.owner}:"), "somebody else's text came back"

    # What has to hold

    def check_owner(self, name: str) -> None:
        """See that a page is shown as nobody but whose card is proven (or went while nobody could be told)."""
        allowed = {person.name for person in (self.proven, self.unpaid) if person is not None}
        assert name in allowed, f"a page of {name}, while {sorted(allowed)} may be there"

    def check_texts(self) -> None:
        """See that whatever somebody typed and did not save is on a page of theirs, or kept for them alone."""
        with self.database.reading() as session:
            for person in self.people.values():
                kept = held_forms.waiting(session, person.key, "staff", person.account_id)
                opened = [
                    held_forms.open_again(session, person.key, "staff", person.account_id, one.id) for one in kept
                ]
                texts = [dict(one.typed.fields).get("note", "") for one in opened if one is not None]
                assert all(text.startswith(f"{person.name}:") for text in texts), "kept for somebody else"
                shown = [page.text for page in self.pages if page.owner == person.name]
                assert not person.text or person.text in [*texts, *shown], f"{person.name} lost a text"

    def settle(self) -> None:
        """Let everything that happens by itself happen, with the network up."""
        self.connected = True
        for _ in range(4):
            self.wait(1.1)
            self.station.turn()
            for page in list(self.pages):
                self.look(page)
        if self.proven is None:
            open_pages = [page.owner for page in self.pages if page.owner is not None]
            assert not open_pages, f"open without a card: {open_pages}"
