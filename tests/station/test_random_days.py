"""Ten thousand random events at one workstation: nobody lands in another's session, nobody loses a character.

They are the same days every time, in five parts that share the workers. Others, and more: SOCLE_RANDOM_DAYS=100.
"""

import os
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as some
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from tests.builders.workstation_day import CODE, Day, Page, Person
from tests.conftest import AUDIT_KEY, DATABASE_KEY, FIGURE, MONDAY_MORNING

from socle.foundation.clock import SettableClock
from socle.foundation.database import Database
from socle.foundation.engines import embedded_engine

DAYS, STEPS, PARTS = os.environ.get("SOCLE_RANDOM_DAYS", ""), 200, 5
READERS, NAMES = ("A", "B"), ("Paul Lemoine", "Claire Roussel")
EVENTS = (
    *("type", "type", "type", "pages look", "pages look", "page looks", "agent turns", "agent turns", "time"),
    *("card in", "card out", "card out", "card out unheard", "code", "code", "card and code", "card and code"),
    *("comes and writes", "comes and writes", "comes and writes", "save"),
    *("card and code at once out", "settle", "save", "network", "server restarts", "agent restarts", "cookies wiped"),
    "lock by hand",
)


@dataclass(frozen=True)
class Event:
    """Who and what an event is about; each takes what it needs."""

    person: Person
    reader: str
    letters: str
    which: int


class Workstation(RuleBasedStateMachine):
    """A day of events, in an order that hypothesis chooses."""

    template: Path
    folder: Path
    days = 0
    events = 0
    counts: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        kind = type(self)
        kind.days += 1
        place = kind.folder / str(kind.days)
        place.mkdir()
        shutil.copyfile(kind.template, place / "practice.db")
        self.engine = embedded_engine(place / "practice.db", DATABASE_KEY)
        clock = SettableClock(MONDAY_MORNING)
        self.day = Day(Database(self.engine, clock, {"audit_key": AUDIT_KEY}), clock, place)
        self.place, self.count = place, 0

    @rule(
        event=some.sampled_from(EVENTS),
        name=some.sampled_from(NAMES),
        reader=some.sampled_from(READERS),
        letters=some.text("abcé<&\n ", min_size=1, max_size=8),
        which=some.integers(0, 5),
    )
    def something_happens(self, event: str, name: str, reader: str, letters: str, which: int) -> None:
        # One rule for all: hypothesis would leave some rules out of a day, and few days would get anywhere.
        type(self).events += 1
        self.count += 1
        do: Callable[[Event], None] = getattr(self, f"_{event.replace(' ', '_')}")
        do(Event(self.day.people[name], reader, letters, which))

    def _page(self, event: Event) -> Page | None:
        return self.day.pages[event.which % len(self.day.pages)] if self.day.pages else None

    def _card_in(self, event: Event) -> None:
        if event.reader not in self.day.readers and event.person not in self.day.readers.values():
            self.day.put_in(event.person, event.reader)

    def _card_out(self, event: Event) -> None:
        if self.day.readers:
            self.day.take_out(sorted(self.day.readers)[event.which % len(self.day.readers)])

    def _card_and_code(self, event: Event) -> None:
        self._comes(event.person, event.reader)

    def _comes_and_writes(self, event: Event) -> None:
        self._comes(event.person, event.reader)
        self.day.settle()
        for page in self.day.pages:
            if page.owner is not None:
                self.day.write(page, ("" if page.text else f"{page.owner}:{self.count}:") + event.letters)
                return

    def _card_and_code_at_once_out(self, event: Event) -> None:
        self._comes(event.person, event.reader)
        self.day.take_out(event.reader)

    def _card_out_unheard(self, event: Event) -> None:
        self.day.connected = False
        self._card_out(event)

    def _code(self, event: Event) -> None:
        if self.day.readers:
            self.day.type_code(CODE if event.which else "0000")

    def _lock_by_hand(self, event: Event) -> None:
        self.day.lock()

    def _settle(self, event: Event) -> None:
        self.day.settle()

    def _pages_look(self, event: Event) -> None:
        for page in list(self.day.pages):
            self.day.look(page)

    def _page_looks(self, event: Event) -> None:
        page = self._page(event)
        if page is not None:
            self.day.look(page)

    def _type(self, event: Event) -> None:
        page = self._page(event)
        if page is not None and page.owner is not None:
            self.day.write(page, ("" if page.text else f"{page.owner}:{self.count}:") + event.letters)

    def _save(self, event: Event) -> None:
        page = self._page(event)
        if page is not None:
            self.day.save(page)

    def _network(self, event: Event) -> None:
        self.day.connected = not self.day.connected

    def _server_restarts(self, event: Event) -> None:
        self.day.restart_server()

    def _agent_restarts(self, event: Event) -> None:
        self.day.unpaid = self.day.proven or self.day.unpaid
        self.day.start_agent()

    def _cookies_wiped(self, event: Event) -> None:
        self.day.wipe_cookies()

    def _agent_turns(self, event: Event) -> None:
        self.day.station.turn()

    def _time(self, event: Event) -> None:
        self.day.wait((0.3, 1.1, 3.5, 25.0, 70.0, 700.0)[event.which])

    def _comes(self, person: Person, reader: str) -> None:
        """Have somebody take the others' cards out, put theirs in, and type its code."""
        self.day.connected = True
        for other in list(self.day.readers):
            self.day.take_out(other)
        self.day.put_in(person, reader)
        self.day.type_code(CODE)

    @invariant()
    def nobody_lost_a_text(self) -> None:
        if type(self).events % 5 == 0:
            self.day.check_texts()

    def teardown(self) -> None:
        self.day.settle()
        self.day.check_texts()
        type(self).counts += self.day.counts
        self.engine.dispose()
        shutil.rmtree(self.place)


@pytest.mark.slow
@pytest.mark.real
@pytest.mark.parametrize("part", range(PARTS))
def test_ten_thousand_random_events(
    part: int, sqlcipher_template: Path, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    days = int(DAYS or 55) // PARTS
    Workstation.template, Workstation.folder = sqlcipher_template, tmp_path
    Workstation.days = Workstation.events = 0
    Workstation.counts.clear()
    if not DAYS:
        seed(2026 + part)(Workstation)
    chosen = settings(
        max_examples=days,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Workstation, settings=chosen)
    days_and_events = f"{Workstation.events} events on {Workstation.days} days, no crossed session, no lost text"
    record_property(FIGURE, f"{days_and_events}: {dict(Workstation.counts)}")
    assert Workstation.events >= days * STEPS * 0.9
