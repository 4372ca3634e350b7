"""Watches the readers through PC/SC (pyscard): which reader holds a card, from one moment to the next.

The only module that knows `smartcard`. It waits inside PC/SC for the next change, so that a card taken out is known at
once; twice a second it looks by itself, for the systems that do not tell of new readers.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from smartcard import scard

from socle_station.wording import Fault

LOOK_MS = 500
_RETRY_SECONDS = 1.0
_PRESENT, _MUTE = scard.SCARD_STATE_PRESENT, scard.SCARD_STATE_MUTE
_COUNTER = 16
"""Bits below the count of insertions and removals that PC/SC keeps of each reader."""


@dataclass(frozen=True)
class Change:
    """A card came or went; or the readers themselves did (`readers` then names them all)."""

    kind: Literal["in", "out", "readers", "fault"]
    reader: str = ""
    readers: tuple[str, ...] = ()
    fault: Fault | None = None


@dataclass(frozen=True)
class Seen:
    """A reader as last looked at: PC/SC's own state, to wait for the next one."""

    state: int

    @property
    def has_card(self) -> bool:
        """Whether a card is in."""
        return bool(self.state & _PRESENT)


def changes(before: Mapping[str, Seen], after: Mapping[str, Seen]) -> list[Change]:
    """Return what happened between two looks, removals first; a card swapped in between has both gone and come."""
    gone, come = [], []
    for reader in sorted(before.keys() | after.keys()):
        was, now = before.get(reader), after.get(reader)
        was_in, is_in = bool(was and was.has_card), bool(now and now.has_card)
        swapped = was_in and is_in and was is not None and now is not None and _moved(was, now)
        if was_in and (not is_in or swapped):
            gone.append(Change("out", reader))
        if is_in and (not was_in or swapped):
            come.append(Change("in", reader))
    if before.keys() != after.keys():
        come.append(Change("readers", readers=tuple(sorted(after))))
    return gone + come


def _moved(was: Seen, now: Seen) -> bool:
    return was.state >> _COUNTER != now.state >> _COUNTER


class Watch(threading.Thread):
    """Tells `tell` of every change until stopped; `only` is the one reader to look at, if a person chose one."""

    def __init__(self, tell: Callable[[Change], None], only: str = "") -> None:
        super().__init__(name="cards", daemon=True)
        self._tell, self._only = tell, only
        self._stopped = threading.Event()
        self._seen: dict[str, Seen] = {}
        self._down = False

    def run(self) -> None:
        """Look until stopped; a service that stops or is not there yet is waited for."""
        while not self._stopped.is_set():
            result, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
            if result == scard.SCARD_S_SUCCESS:
                try:
                    self._look(context)
                finally:
                    scard.SCardReleaseContext(context)
            self._lost()
            self._stopped.wait(_RETRY_SECONDS)

    def stop(self) -> None:
        """End within a second."""
        self._stopped.set()

    def _look(self, context: int) -> None:
        first = True
        while not self._stopped.is_set():
            readers = self._readers(context)
            if readers is None:
                return
            known = [(name, self._seen[name].state if name in self._seen else 0) for name in readers]
            if known:
                result, states = scard.SCardGetStatusChange(context, 0 if first else LOOK_MS, known)
            else:
                result, states = scard.SCARD_E_TIMEOUT, []
                self._stopped.wait(LOOK_MS / 1000)
            if result not in {scard.SCARD_S_SUCCESS, scard.SCARD_E_TIMEOUT, scard.SCARD_E_UNKNOWN_READER}:
                return
            if result != scard.SCARD_E_UNKNOWN_READER:
                self._take({name: Seen(state) for name, state, _atr in states}, first=first or self._down)
            self._down, first = False, False

    def _readers(self, context: int) -> list[str] | None:
        result, names = scard.SCardListReaders(context, [])
        if result == scard.SCARD_E_NO_READERS_AVAILABLE:
            return []
        if result != scard.SCARD_S_SUCCESS:
            return None
        return [name for name in names if self._only in name]

    def _take(self, now: dict[str, Seen], *, first: bool) -> None:
        found = changes(self._seen, now)
        if first and not any(change.kind == "readers" for change in found):
            found.append(Change("readers", readers=tuple(sorted(now))))
        self._seen = now
        for change in found:
            self._tell(change)

    def _lost(self) -> None:
        """The service is gone, and with it all that is known: every card counts as taken out."""
        if self._stopped.is_set():
            return
        for change in changes(self._seen, {}):
            if change.kind == "out":
                self._tell(change)
        self._seen = {}
        if not self._down:
            self._down = True
            self._tell(Change("fault", fault=Fault("READER-SERVICE-DOWN")))
