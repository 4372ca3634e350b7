"""Keeps one workstation going: readers, the person's wishes and the server's news come in one queue, in their order.

It runs in a thread of its own under a window, and in the main thread under a terminal; nothing here waits for a person,
so a card that goes while something is asked is seen at once.
"""

import contextlib
import queue
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from socle_station import autostart, browser, enrolment, trust
from socle_station.card import Change, Watch
from socle_station.link import Https, Link
from socle_station.signing import Signer
from socle_station.station import Face, Station
from socle_station.token import Known
from socle_station.wording import Fault, Language

TURN_SECONDS = 0.2


class Wish(StrEnum):
    """What a person asks for besides giving a code."""

    OPEN = "open"
    LOCK = "lock"


@dataclass(frozen=True)
class Typed:
    """The card's code; never shown, not even in a fault's trace."""

    code: str = field(repr=False)


@dataclass(frozen=True)
class Enrolment:
    """What makes a machine a workstation of the practice."""

    server: str
    code: str = field(repr=False)
    fingerprint: str


@dataclass(frozen=True)
class _Looked:
    reader: str
    insertion: int
    known: Known


Event = Change | Typed | Wish | Enrolment | _Looked


class Side(Face, Protocol):
    """A side of the agent that faces a person: `terminal.Terminal` and `panel.Panel`."""

    wants_looks: bool
    """Whether a card is read before its code is given, to say whose it is."""

    def card(self, known: Known) -> None:
        """Show what the card says of itself."""
        ...

    def ask_enrolment(self, fault: Fault | None) -> None:
        """Ask for an Enrolment, again when it failed; raise STATION-NOT-ENROLLED where that is not done here."""
        ...


@dataclass(frozen=True)
class Chosen:
    """What the command line chose."""

    folder: Path
    language: Language
    module: str
    reader: str = ""
    browser: str = ""
    browser_arguments: tuple[str, ...] = ()
    home: Path = field(default_factory=Path.home)


def linked(folder: Path, language: Language) -> tuple[enrolment.Enrolled, Link]:
    """Return the workstation this folder holds, and its way to the server; Fault when it is not enrolled."""
    enrolled, key, authority = enrolment.load(folder)
    wire = Https(enrolled.server, authority)
    return enrolled, Link(wire, enrolled.server, enrolled.number, key, enrolled.fingerprint, language)


def have_trusted(folder: Path, home: Path) -> Path:
    """Have the browsers trust the server's authority; return where it lies, or raise what `trust.install` does."""
    authority = enrolment.authority_path(folder).absolute()
    trust.install(authority, home, (folder / "browser").absolute())
    return authority


class Desk:
    """One workstation, from start to `stopped`."""

    def __init__(
        self, chosen: Chosen, side: Side, events: "queue.SimpleQueue[Event]", stopped: threading.Event
    ) -> None:
        self._chosen, self._side, self._events = chosen, side, events
        self._signer = Signer(chosen.module)
        self._insertions = Counter[str]()
        self._reader_missing = False
        self.stopped = stopped

    def run(self) -> None:
        """Enrol if need be, then watch the card until stopped."""
        found = self._enrolled()
        if found is None:
            return
        enrolled, link = found
        chosen, side = self._chosen, self._side
        window = browser.Window(
            chosen.folder, enrolled.server, chosen.language, chosen.browser, chosen.browser_arguments
        )
        station = Station(link, self._signer, window, side, time.monotonic)
        side.line("ready", name=enrolled.name, practice=enrolled.practice)
        station.turn()
        watch = Watch(self._events.put, chosen.reader)
        watch.start()
        try:
            while not self.stopped.is_set():
                with contextlib.suppress(queue.Empty):
                    self._take(station, self._events.get(timeout=TURN_SECONDS))
                station.turn()
        finally:
            watch.stop()
            station.stop()
            window.forget_ticket()
            window.close()

    def _enrolled(self) -> tuple[enrolment.Enrolled, Link] | None:
        fault: Fault | None = None
        while not self.stopped.is_set():
            with contextlib.suppress(Fault):
                return linked(self._chosen.folder, self._chosen.language)
            self._side.ask_enrolment(fault)
            fault = self._enrol(self._next_enrolment())
        return None

    def _next_enrolment(self) -> Enrolment | None:
        while not self.stopped.is_set():
            with contextlib.suppress(queue.Empty):
                event = self._events.get(timeout=TURN_SECONDS)
                if isinstance(event, Enrolment):
                    return event
        return None

    def _enrol(self, asked: Enrolment | None) -> Fault | None:
        if asked is None:
            return None
        self._side.line("enrolling")
        chosen = self._chosen
        try:
            made = enrolment.enrol(chosen.folder, asked.server, asked.code, asked.fingerprint, chosen.language)
        except Fault as fault:
            return fault
        self._side.line("enrolled", name=made.name, practice=made.practice)
        try:
            autostart.switch_on(chosen.folder, chosen.home)
            have_trusted(chosen.folder, chosen.home)
        except Fault as fault:  # the workstation is enrolled all the same
            self._side.fault(fault)
        return None

    def _take(self, station: Station, event: Event) -> None:
        if isinstance(event, Typed):
            if event.code:
                station.code_typed(event.code)
            else:  # nothing typed is no code: it would cost the card a try
                station.show_again()
        elif isinstance(event, Wish):
            {Wish.OPEN: station.show_again, Wish.LOCK: station.lock}[event]()
        elif isinstance(event, _Looked):
            if station.counts(event.reader) and event.insertion == self._insertions[event.reader]:
                self._side.card(event.known)
        elif isinstance(event, Change):
            self._change(station, event)

    def _change(self, station: Station, change: Change) -> None:
        if change.kind == "in":
            self._insertions[change.reader] += 1
            station.inserted(change.reader)
            self._look(station, change.reader)
        elif change.kind == "out":
            station.removed(change.reader)
            for other in self._insertions:  # the card that counts now was not asked whose it is, or is long forgotten
                self._look(station, other)
        elif change.fault is not None or not change.readers:
            self._reader_missing = True
            self._side.fault(change.fault or Fault("READER-MISSING"))
        else:
            if self._reader_missing:
                self._reader_missing = False
                self._side.line("reader_back")
            if len(change.readers) > 1:
                names = ", ".join(change.readers)
                self._side.fault(Fault("READER-SEVERAL", count=len(change.readers), readers=names))

    def _look(self, station: Station, reader: str) -> None:
        if self._side.wants_looks and station.counts(reader):
            threading.Thread(target=self._looked, args=(reader, self._insertions[reader]), daemon=True).start()

    def _looked(self, reader: str, insertion: int) -> None:
        with contextlib.suppress(Fault):  # whatever stands in the way is said when the code is given
            self._events.put(_Looked(reader, insertion, self._signer.look(reader)))
