"""One workstation of a practice served to real browsers: the agent's real rules and requests, its window in Chromium.

The card and its reader are the test's own: signatures of a test certificate, no pcscd.
"""

import contextlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from playwright.sync_api import BrowserContext, Error, Page
from tests.builders.cards import Card
from tests.parts.agent import Agent

from socle.foundation.clock import Clock
from socle_station.link import Link
from socle_station.station import Station
from socle_station.token import Signature
from socle_station.wording import Fault

CODE = "1234"
WATCH = """(() => {
  let last = "";
  const shown = (each) => each.checkVisibility({visibilityProperty: true});
  const look = () => {
    if (!document.body) return;
    const values = [...document.querySelectorAll("textarea, input:not([type=hidden])")].filter(shown);
    const owner = document.querySelector(".menu-words b")?.textContent ?? null;
    const text = document.title + values.map((each) => each.value).join(" ") + document.body.innerText;
    const tags = [...new Set(text.match(/ZQ[A-Z](?=[0-9]+:)/g) ?? [])];
    const now = JSON.stringify({owner, tags, path: location.pathname});
    if (now !== last) window.saw(last = now);
  };
  new MutationObserver(look).observe(document, {subtree: true, childList: true, attributes: true});
  setInterval(look, 40);
})()"""
"""Tells the test, at every change, whose page is shown and whose texts are seen on it."""


@dataclass(eq=False)
class Person:
    """Somebody of the practice; what they type begins with their tag, so that it is known anywhere."""

    name: str
    username: str
    tag: str
    card: Card | None
    account_id: int = 0
    texts: dict[str, str] = field(default_factory=dict)
    """What they typed and did not save, by its first word."""


class Desk:
    """A workstation: who sits in front of it by rights, its reader, its agent, its window."""

    def __init__(self, name: str, address: str, app: Flask, clock: Clock, context: BrowserContext) -> None:
        self.name, self.address, self.context = name, address, context
        self._app, self._clock = app, clock
        self.front: Person | None = None
        """Whose session may be shown."""
        self.reader: Person | None = None
        self.counted: Person | None = None
        """Whose card is in, with its code given since."""
        self.connected, self.ticks = True, 0.0
        self.opened = ""
        self.wrong: list[str] = []
        """What a page showed of somebody else, at any moment."""
        self._tags: Mapping[str, str] = {}
        self._window = False
        self.page: Page = context.new_page()

    def enrol(self, code: str, fingerprint: str, people: Mapping[str, Person]) -> None:
        """Become a workstation of the practice, and start the agent."""
        agent = Agent(self._app.test_client(), self._clock, base=self.address)
        assert agent.enrol(code).status_code == 200
        self._tags = {person.name: person.tag for person in people.values()}
        link = Link(self, self.address, agent.number, agent.key, fingerprint, now=lambda: self._clock.now().timestamp())
        self.station = Station(link, self, self, self, lambda: self.ticks)
        self.context.expose_binding("saw", lambda _source, said: self._saw(json.loads(said)))
        self.context.add_init_script(WATCH)

    def _saw(self, said: dict[str, Any]) -> None:
        allowed = {self._tags.get(said["owner"], "")}
        if not set(said["tags"]) <= allowed:
            self.wrong.append(f"{self.name}: {said}")

    # What the agent asks for

    def send(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        """Carry a request of the agent's to the door (its `Wire`)."""
        if not self.connected:
            raise Fault("STATION-SERVER-UNREACHABLE", server=self.address)
        answer = self._app.test_client().open(
            path, method=method, data=body, headers=dict(headers), base_url=self.address
        )
        return answer.status_code, answer.data

    def sign(self, reader: str, code: str, text: bytes) -> Signature:
        """Sign as the card in the reader does (its `Cards`)."""
        if self.reader is None or self.reader.card is None:
            raise Fault("READER-UNPLUGGED")
        card = self.reader.card
        return Signature(card.der, (), card.mechanism, card.sign(text))

    def is_open(self) -> bool:
        """Tell whether the agent's window is there (its `Window`)."""
        return self._window

    def open(self, ticket: str) -> None:
        """Open a window that goes in with that ticket; whoever sits there closes the one without a text."""
        self._window = True
        before, self.page = self.page, self.context.new_page()
        self.page.goto(f"{self.address}/station/enter#{ticket}")
        with contextlib.suppress(Error):  # it is on its way elsewhere: then it holds no text any more
            if text_of(before):
                return
        before.close()

    def line(self, key: str, **details: object) -> None:
        """Take note of a line (its `Face`)."""
        if key == "opened":
            self.opened = str(details["holder"])

    def fault(self, fault: Fault) -> None:
        """Leave a fault unread."""

    def ask_code(self, key: str, reader: str) -> None:
        """Be asked for a code."""

    # What people do

    def put_in(self, person: Person) -> None:
        """Put a card in."""
        self.reader = person
        self.station.inserted("A")

    def take_out(self) -> None:
        """Take the card out; the session of whose it is locks."""
        if self.counted is not None and self.front is self.counted:
            self.front = None
        self.reader = self.counted = None
        self.station.removed("A")

    def type_code(self) -> None:
        """Type the code: it opens the session of whose card is in, if the server can be asked."""
        self.opened = ""
        self.station.code_typed(CODE)
        if self.opened:
            assert self.reader is not None
            assert self.opened == self.reader.name
            self.front = self.counted = self.reader

    def turn(self, seconds: float = 3.1) -> None:
        """Let the agent do what is due after so long."""
        self.ticks += seconds
        self.station.turn()

    def settle(self, until: Callable[[], bool] | None = None, seconds: float = 20) -> None:
        """Wait until every page here is that of whoever is in front by rights, or a sign-in page."""
        deadline = time.monotonic() + seconds
        done = until or self._as_it_should_be
        while not self._quietly(done):
            assert time.monotonic() < deadline, (
                f"{self.name} shows {self.seen()}, in front: {self.front and self.front.name}"
            )
            self.turn(0.25)
            self.page.wait_for_timeout(100)

    def seen(self) -> list[str]:
        """Return where each page is and whose it is."""
        return [f"{page.url} {self._quietly(lambda page=page: owner(page))}" for page in self.context.pages]  # type: ignore[misc]

    def _as_it_should_be(self) -> bool:
        shown = {owner(page) for page in self.context.pages}
        if self.front is None:
            return shown == {None}
        return owner(self.page) == self.front.name and shown <= {None, self.front.name}

    @staticmethod
    def _quietly(look: Callable[[], Any]) -> Any:
        try:
            return look()
        except Error:  # the page is on its way
            return False


def owner(page: Page) -> str | None:
    """Return whose page it is; None for pages of nobody."""
    found = page.evaluate(
        "document.readyState === 'complete' ? document.querySelector('.menu-words b')?.textContent ?? null : ''"
    )
    return None if found is None else str(found)


def text_of(page: Page) -> str:
    """Return what is typed in a page's form."""
    return str(page.evaluate("document.querySelector('form[data-keep] textarea')?.value ?? ''"))
