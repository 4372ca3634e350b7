"""Random days at two workstations in a real Chromium: nobody sees anything of anybody else, nobody loses a character.

The ordinary run is short. A longer one, of other days: SOCLE_BROWSER_DAY_SECONDS=1800; the same day again:
SOCLE_BROWSER_DAY_SEED=<the number printed>.
"""

import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from tests.builders import cards as made
from tests.conftest import AUDIT_KEY, DATABASE_KEY, FIGURE, MONDAY_MORNING
from tests.parts import door
from tests.parts.desk import Desk, Person, owner, text_of

from socle.appliance.maintenance import authority
from socle.foundation.clock import SettableClock
from socle.foundation.database import Database
from socle.foundation.engines import embedded_engine
from socle.foundation.home import Home
from socle.foundation.secrets import Keys
from socle.identity.actor import Actor, Role, machine
from socle.identity.people.models import Account
from socle.identity.sessions import card_numbers, held_forms, sessions, workstations
from socle.identity.sessions.reasons import Why
from socle.web.apps import staff_app

pytestmark = [pytest.mark.real, pytest.mark.slow]
SECONDS = float(os.environ.get("SOCLE_BROWSER_DAY_SECONDS", "60"))
SEED = os.environ.get("SOCLE_BROWSER_DAY_SEED", "")
EVENTS_OF_A_DAY = 45
LETTERS = "abcé<&\"' ;/"
ROOT = made.issuer("AC RACINE ESSAI", key_number=6)
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
BROWSERS = (CHROME, f"{CHROME} Edg/156.0.0.0")
COMING = ("card", "card", "password")
STAYING = (
    *("types", "types", "types", "types", "types", "types", "saves", "takes up"),
    *("locks", "signs out", "card out", "card out", "card"),
    *("changes person", "goes back", "idle", "network cut", "network cut", "ended elsewhere", "ended everywhere"),
    *("cookies wiped",),
)


class Day:
    """A practice, its people, two workstations, and what happens there in the order of `seed`."""

    def __init__(self, folder: Path, template: bytes, browser: Browser, stack: ExitStack, seed: int) -> None:
        self.random, self.counts, self.log = random.Random(seed), Counter[str](), list[str]()
        folder.mkdir()
        (folder / "practice.db").write_bytes(template)
        engine = embedded_engine(folder / "practice.db", DATABASE_KEY)
        stack.callback(engine.dispose)
        self.clock = SettableClock(MONDAY_MORNING)
        self.database = Database(engine, self.clock, {"audit_key": AUDIT_KEY})
        tools = door.tools(self.database, self.clock, folder)
        self._keys = tools.of(Keys)
        self.maintainer = door.add_person(self.database, "max.weber", "Max Weber", Role.MAINTAINER)
        other = made.card(ROOT, f"8{made.OTHER_RPPS}", key=made.rsa_key(7))
        people = (
            Person("Paul Lemoine", "paul.lemoine", "ZQP", made.card(ROOT)),
            Person("Claire Roussel", "claire.roussel", "ZQC", other),
            Person("Anne Petit", "anne.petit", "ZQA", None),
        )
        self.people = {person.name: person for person in people}
        for person, number in zip(people, (made.RPPS, made.OTHER_RPPS, ""), strict=True):
            self._add(person, number)
        tools.of(Home).cards_path.mkdir()
        (tools.of(Home).cards_path / "root.pem").write_bytes(ROOT.pem)
        self._app = door.with_trial_page(staff_app(tools))
        address = stack.enter_context(door.served(self._app, self._keys))
        self.desks = [self._desk(browser, stack, address, number) for number in range(2)]
        self._number = 0

    def _add(self, person: Person, number: str) -> None:
        role = Role.PRACTITIONER if number else Role.SECRETARY
        person.account_id = door.add_person(self.database, person.username, person.name, role).id
        if number:
            with self.database.writing() as session:
                card_numbers.give(session, machine("test"), session.get_one(Account, person.account_id), number)

    def _desk(self, browser: Browser, stack: ExitStack, address: str, number: int) -> Desk:
        context = browser.new_context(ignore_https_errors=True, locale="fr-FR", user_agent=BROWSERS[number])
        stack.callback(context.close)
        desk = Desk(f"Salle {number + 1}", address, self._app, self.clock, context)
        with self.database.writing() as session:
            _station, code = workstations.add(session, machine("test"), desk.name)
        desk.enrol(code, authority.fingerprint(self._keys), self.people)
        desk.page.goto(f"{address}/trial")
        return desk

    # What has to hold

    def check(self) -> None:
        """See that each page is of whoever is in front, showed nothing of others, and that no text is lost."""
        for desk in self.desks:
            desk.settle()
            assert not desk.wrong, f"seen of somebody else: {desk.wrong}"
        shown = [(owner(page), text_of(page)) for desk in self.desks for page in desk.context.pages]
        for person in self.people.values():
            kept = self._kept(person)
            assert all(text.startswith(person.tag) for text in kept), f"kept for {person.name}: {kept}"
            there = [*kept, *(text for name, text in shown if name == person.name)]
            for text in person.texts.values():
                assert text in there, f"{person.name} lost {text!r}; there are {there}"

    def _kept(self, person: Person) -> list[str]:
        key = self._keys.read("forms")
        with self.database.reading() as session:
            waiting = held_forms.waiting(session, key, "staff", person.account_id)
            opened = [held_forms.open_again(session, key, "staff", person.account_id, each.id) for each in waiting]
        return [dict(each.typed.fields).get("note", "") for each in opened if each is not None]

    # What happens

    def happens(self) -> None:
        """Let one thing happen at one workstation."""
        desk = self.random.choice(self.desks)
        event = self.random.choice(COMING if desk.front is None else STAYING)
        self.log.append(f"{desk.name} ({desk.front.name if desk.front else '–'}): {event}")
        if getattr(self, f"_{event.replace(' ', '_')}")(desk) is not False:
            self.counts[event] += 1
            self.check()
            if event in COMING and self.random.random() < 0.6:
                self.log.append(f"{desk.name}: types")
                self.counts["types"] += self._types(desk)

    def _card(self, desk: Desk) -> bool:
        used = {each.reader for each in self.desks if each is not desk}
        who = self.random.choice([each for each in self.people.values() if each.card and each not in used])
        if desk.reader is not who:
            if desk.reader is not None:
                desk.take_out()
            desk.put_in(who)
        elif desk.front is who:
            return False
        for _ in range(4):  # until the agent has heard that the session is not open any more
            if not desk.station.wants_code:
                desk.turn()
        desk.type_code()
        assert desk.front is who
        return True

    def _card_out(self, desk: Desk) -> bool:
        if desk.reader is None:
            return False
        desk.take_out()
        return True

    def _password(self, desk: Desk) -> None:
        who = self.random.choice(list(self.people.values()))
        page = desk.page
        page.get_by_label("Identifiant").fill(who.username)
        page.get_by_label("Mot de passe").fill(door.PASSWORD)
        page.get_by_role("button", name="Se connecter", exact=True).click()
        desk.front = who

    def _changes_person(self, desk: Desk) -> None:
        self._menu(desk, "Changer d’utilisateur")
        self._password(desk)

    def _menu(self, desk: Desk, name: str) -> None:
        desk.page.locator(".menu > summary").click()
        desk.page.get_by_role("button", name=name).click()
        desk.front = None
        desk.settle()

    def _types(self, desk: Desk) -> bool:
        who, page = desk.front, desk.page
        assert who is not None
        if not page.url.split("?")[0].endswith("/trial") or owner(page) is None:
            page.goto(f"{desk.address}/trial")
        before, letters = text_of(page), "".join(self.random.choices(LETTERS, k=self.random.randint(2, 8)))
        if not before:
            if len(self._kept(who)) > 15:  # twenty are kept: people first take up what waits for them
                return self._takes_up(desk)
            self._number += 1
            letters = f"{who.tag}{self._number}:{letters}"
        page.get_by_label("Note").focus()
        page.keyboard.press("Control+End")
        page.keyboard.type(letters)
        text = text_of(page)
        assert text == before + letters
        who.texts[text.split(":")[0]] = text
        return True

    def _saves(self, desk: Desk) -> bool:
        who, page = desk.front, desk.page
        text = text_of(page)
        if not text or who is None:
            return False
        with page.expect_navigation():
            page.get_by_role("button", name="Enregistrer").click()
        assert self._app.extensions["saved"][-1] == (who.name, text)
        del who.texts[text.split(":")[0]]
        page.goto(f"{desk.address}/trial")
        return True

    def _takes_up(self, desk: Desk) -> bool:
        who, page = desk.front, desk.page
        if who is None or text_of(page):
            return False
        page.goto(f"{desk.address}/account")
        links = page.get_by_role("link", name="Saisi jusqu’au")
        if not links.count():
            return False
        links.nth(self.random.randrange(links.count())).click()
        page.wait_for_load_state("load")
        text = text_of(page)
        assert text.startswith(who.tag), f"{who.name} was given {text!r}"
        with page.expect_navigation():  # or it would be the older one of two of the same text
            page.get_by_role("button", name="Enregistrer").click()
        if who.texts.get(text.split(":")[0]) == text:
            del who.texts[text.split(":")[0]]
        page.goto(f"{desk.address}/trial")
        return True

    def _locks(self, desk: Desk) -> None:
        desk.page.get_by_role("button", name="Verrouiller").click()
        desk.front = None

    def _signs_out(self, desk: Desk) -> None:
        self._menu(desk, "Se déconnecter")

    def _goes_back(self, desk: Desk) -> bool:
        if text_of(desk.page):
            return False
        for _ in range(self.random.randint(1, 4)):
            desk.page.evaluate("void setTimeout(() => history.back())")
            desk.page.wait_for_timeout(250)
            desk.settle(lambda: owner(desk.page) != "")
        if owner(desk.page) is None:
            desk.page.goto(f"{desk.address}/trial")
        return True

    def _idle(self, _desk: Desk) -> None:
        self.clock.advance(timedelta(minutes=11))
        for desk in self.desks:
            desk.front = None

    def _network_cut(self, desk: Desk) -> None:
        desk.connected = False
        desk.context.set_offline(True)
        what = self.random.choice(("types", "locks", "card out", "other card", "nothing"))
        self.log.append(f"  meanwhile: {what}")
        if what == "types" and text_of(desk.page):
            self._types(desk)
        elif what == "locks":
            self._locks(desk)
        elif what in {"card out", "other card"} and desk.reader is not None:
            others = [each for each in self.people.values() if each.card and each is not desk.reader]
            desk.take_out()
            if what == "other card" and all(each.reader is not others[0] for each in self.desks):
                desk.put_in(others[0])
                desk.type_code()
        desk.page.wait_for_timeout(self.random.choice((100, 700, 1500)))
        desk.connected = True
        desk.context.set_offline(False)

    def _ended_elsewhere(self, desk: Desk) -> bool:
        assert desk.front is not None
        by = Actor(self.maintainer.id, "Max Weber")
        with self.database.writing() as session:
            mine = [
                each.id for each in sessions.live(session, desk.front.account_id) if self._is_at(each.browser, desk)
            ]
            if self.random.random() < 0.5:
                assert any([sessions.end(session, by, each, Why.REVOKED) for each in mine])  # noqa: C419 - all of them
            else:
                assert any([sessions.lock(session, by, each, Why.LOCKED_BY_SOMEONE) for each in mine])  # noqa: C419
        desk.front = None
        return True

    @staticmethod
    def _is_at(browser: str, desk: Desk) -> bool:
        return ("Edge" in browser) == (desk.name == "Salle 2")

    def _ended_everywhere(self, desk: Desk) -> None:
        assert desk.front is not None
        who = desk.front
        with self.database.writing() as session:
            sessions.end_of_account(session, Actor(who.account_id, who.name), who.account_id, Why.REVOKED)
        for each in self.desks:
            if each.front is who:
                each.front = None

    def _cookies_wiped(self, desk: Desk) -> None:
        desk.context.clear_cookies()
        if desk.counted is None or desk.counted is not desk.front:
            desk.front = None  # with the card in, the agent opens the page again


@contextmanager
def a_day(folder: Path, template: bytes, browser: Browser, seed: int) -> Iterator[Day]:
    with ExitStack() as stack:
        yield Day(folder, template, browser, stack, seed)


def test_random_days_in_the_browser(
    sqlcipher_template: Path, tmp_path: Path, browser: Browser, record_property: Callable[[str, object], None]
) -> None:
    template, counts, began, days = sqlcipher_template.read_bytes(), Counter[str](), time.monotonic(), 0
    seed = int(SEED) if SEED else 2026 if "SOCLE_BROWSER_DAY_SECONDS" not in os.environ else random.randrange(10**6)
    while time.monotonic() < began + SECONDS:
        with a_day(tmp_path / str(days), template, browser, seed + days) as day:
            try:
                for _ in range(EVENTS_OF_A_DAY):
                    day.happens()
                    if time.monotonic() > began + SECONDS:
                        break
            except BaseException as error:
                raise AssertionError(f"day {seed + days}:\n" + "\n".join(day.log[-25:])) from error
            counts += day.counts
        days += 1
    summary = f"{counts.total()} events on {days} days (seed {seed}), no crossed session, no lost text: {dict(counts)}"
    record_property(FIGURE, summary)
    assert counts.total() >= SECONDS / 6
    assert counts["types"]
