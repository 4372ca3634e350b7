"""Ten thousand random events at one workstation: nobody lands in another's session, nobody loses a character."""

import shutil
from collections import Counter
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as some
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from tests.builders.workstation_day import CODE, Day, Page
from tests.conftest import AUDIT_KEY, DATABASE_KEY, MONDAY_MORNING

from socle.foundation.clock import SettableClock
from socle.foundation.database import Database
from socle.foundation.engines import embedded_engine

DAYS, EVENTS = 55, 200
READERS = ("A", "B")
NAMES = ("Paul Lemoine", "Claire Roussel")
LETTERS = some.text("abcé<&\n ", min_size=1, max_size=8)


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

    def _page(self, number: int) -> Page | None:
        return self.day.pages[number % len(self.day.pages)] if self.day.pages else None

    def _free(self) -> list[str]:
        return [reader for reader in READERS if reader not in self.day.readers]

    @precondition(lambda self: len(self.day.readers) < 2)
    @rule(name=some.sampled_from(NAMES), reader=some.sampled_from(READERS))
    def card_in(self, name: str, reader: str) -> None:
        person = self.day.people[name]
        if reader not in self.day.readers and person not in self.day.readers.values():
            self.day.put_in(person, reader)

    @precondition(lambda self: self.day.readers)
    @rule(first=some.booleans())
    def card_out(self, first: bool) -> None:
        readers = sorted(self.day.readers)
        self.day.take_out(readers[0] if first else readers[-1])

    @precondition(lambda self: self.day.readers)
    @rule()
    def right_code(self) -> None:
        self.day.type_code(CODE)

    @rule()
    def wrong_code(self) -> None:
        self.day.type_code("0000")

    @rule(name=some.sampled_from(NAMES), reader=some.sampled_from(READERS))
    def somebody_takes_the_place(self, name: str, reader: str) -> None:
        self.day.connected = True
        for other in list(self.day.readers):
            self.day.take_out(other)
        self.day.put_in(self.day.people[name], reader)
        self.day.type_code(CODE)
        self.pages_look()

    @rule(name=some.sampled_from(NAMES), letters=LETTERS, out=some.booleans())
    def somebody_comes_writes_and_leaves(self, name: str, letters: str, out: bool) -> None:
        self.somebody_takes_the_place(name, "A")
        self.day.settle()
        self.type_text(len(self.day.pages) - 1, letters)
        if out:
            self.day.take_out("A")
            self.pages_look()

    @precondition(lambda self: self.day.readers)
    @rule()
    def code_and_pages(self) -> None:
        self.day.type_code(CODE)
        self.pages_look()

    @precondition(lambda self: self.day.connected)
    @rule()
    def network_goes(self) -> None:
        self.day.connected = False

    @precondition(lambda self: not self.day.connected)
    @rule()
    def network_comes_back(self) -> None:
        self.day.connected = True
        self.day.station.turn()

    @rule()
    def server_restarts(self) -> None:
        self.day.restart_server()

    @rule()
    def agent_restarts(self) -> None:
        if self.day.proven is not None:
            self.day.unpaid = self.day.proven
        self.day.start_agent()

    @rule()
    def cookies_wiped(self) -> None:
        self.day.wipe_cookies()

    @precondition(lambda self: any(page.owner for page in self.day.pages))
    @rule(number=some.integers(0, 5), letters=LETTERS)
    def type_text(self, number: int, letters: str) -> None:
        page = self._page(number)
        if page is not None and page.owner is not None:
            before = "" if page.text else f"{page.owner}:{self.count}:"
            self.count += 1
            self.day.write(page, before + letters)

    @precondition(lambda self: any(page.text for page in self.day.pages))
    @rule(number=some.integers(0, 5))
    def save(self, number: int) -> None:
        page = self._page(number)
        if page is not None:
            self.day.save(page)

    @rule()
    def pages_look(self) -> None:
        for page in list(self.day.pages):
            self.day.look(page)

    @rule(number=some.integers(0, 5))
    def one_page_looks(self, number: int) -> None:
        page = self._page(number)
        if page is not None:
            self.day.look(page)

    @rule()
    def agent_turns(self) -> None:
        self.day.station.turn()

    @rule(seconds=some.sampled_from([0.3, 1.1, 1.1, 3.5, 25.0, 70.0, 700.0]))
    def time_passes(self, seconds: float) -> None:
        self.day.wait(seconds)

    @rule()
    def all_settles(self) -> None:
        self.day.settle()

    @invariant()
    def nobody_lost_a_text(self) -> None:
        type(self).events += 1
        if type(self).events % 7 == 0:
            self.day.check_texts()

    def teardown(self) -> None:
        self.day.settle()
        self.day.check_texts()
        type(self).counts += self.day.counts
        self.engine.dispose()
        shutil.rmtree(self.place)


@pytest.mark.slow
@pytest.mark.real
def test_ten_thousand_random_events(
    sqlcipher_template: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Workstation.template, Workstation.folder = sqlcipher_template, tmp_path
    chosen = settings(
        max_examples=DAYS,
        stateful_step_count=EVENTS,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Workstation, settings=chosen)
    with capsys.disabled():
        print(f"\n{Workstation.events} events on {Workstation.days} days, no crossed session, no lost text:")
        print(dict(Workstation.counts))
    assert Workstation.events >= DAYS * EVENTS * 0.9
