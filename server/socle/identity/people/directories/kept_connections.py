"""Connections kept open to several servers in order of preference, shared by threads, forgotten after a fork.

Knows nothing of LDAP: it is told how to open and close one connection, and which exceptions mean that one is lost.
"""

import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from socle.foundation import log
from socle.identity.people.directory import DirectoryUnreachable

KEPT = 4
"""Idle connections kept for each server and purpose."""
KEPT_SECONDS = 60.0
"""Firewalls forget silent connections: an older idle one is not trusted."""

Line = TypeVar("Line")
Result = TypeVar("Result")


class Opener(Protocol[Line]):
    """How one connection is opened, closed, and judged."""

    lost: tuple[type[Exception], ...]

    def open_line(self, url: str, *, as_service: bool) -> Line:
        """Open a connection, signed in as the service account or as nobody; DirectoryUnreachable."""
        ...

    def close_line(self, line: Line) -> None:
        """Close it; never raises."""
        ...

    def hung(self, error: Exception, line: Line) -> bool:
        """Tell whether the connection was lost to a time-out, rather than closed by the other side."""
        ...


@dataclass
class _Kept(Generic[Line]):
    line: Line
    since: float


class KeptConnections(Generic[Line]):
    """Hands out a connection to one thread at a time."""

    def __init__(self, urls: Sequence[str], rest_seconds: float, opener: Opener[Line]) -> None:
        self._urls = urls
        self._rest_seconds = rest_seconds
        self._opener = opener
        self._lock = threading.Lock()
        self._idle: dict[tuple[str, bool], list[_Kept[Line]]] = {}
        self._resting_until: dict[str, float] = {}
        self._process = os.getpid()

    def run(self, work: Callable[[Line], Result], *, as_service: bool) -> Result:
        """Do work that may be done twice: a kept connection that turns out dead is replaced, a hung server left."""
        failure: Exception | None = None
        for _ in range(len(self._urls) + 1):
            line, url, was_kept = self._take(as_service)
            try:
                result = work(line)
            except self._opener.lost as error:
                failure = error
                self._opener.close_line(line)
                self._forget(url)
                if not was_kept or self._opener.hung(error, line):
                    self._rest(url, error)
                continue
            except BaseException:
                self._opener.close_line(line)
                raise
            self._give_back(line, url, as_service)
            return result
        raise DirectoryUnreachable from failure

    def open_new(self, *, as_service: bool) -> Line:
        """Open a connection that the caller closes: for work that must not be done twice, or that lasts."""
        return self._take(as_service, fresh=True)[0]

    def close(self) -> None:
        """Close every idle connection."""
        for url in self._urls:
            self._forget(url)

    def _take(self, as_service: bool, *, fresh: bool = False) -> tuple[Line, str, bool]:
        """Return a connection, its server, and whether it was kept from before."""
        failure = DirectoryUnreachable()
        for url in self._order():
            kept = None if fresh else self._kept(url, as_service)
            if kept is not None:
                return kept, url, True
            try:
                return self._opener.open_line(url, as_service=as_service), url, False
            except DirectoryUnreachable as error:
                self._rest(url, error)
                if type(failure) is DirectoryUnreachable:
                    failure = error  # a refused certificate says more than a silent second server
        raise failure

    def _order(self) -> list[str]:
        """Return the servers to try: those resting last, for if all do, one may be back."""
        at = time.monotonic()
        return sorted(self._urls, key=lambda url: self._resting_until.get(url, 0.0) > at)

    def _rest(self, url: str, error: Exception) -> None:
        self._resting_until[url] = time.monotonic() + self._rest_seconds
        log.warning("directory_server_passed_over", target=url, error=type(error).__name__)

    def _kept(self, url: str, as_service: bool) -> Line | None:
        with self._lock:
            if self._process != os.getpid():
                # After a fork the sockets are the parent's too: forget them, without a word on the wire.
                self._idle.clear()
                self._process = os.getpid()
            idle = self._idle.get((url, as_service), [])
            found = idle.pop() if idle else None
        if found is None:
            return None
        if time.monotonic() - found.since > KEPT_SECONDS:
            self._opener.close_line(found.line)
            return self._kept(url, as_service)
        return found.line

    def _give_back(self, line: Line, url: str, as_service: bool) -> None:
        with self._lock:
            idle = self._idle.setdefault((url, as_service), [])
            if len(idle) < KEPT:
                idle.append(_Kept(line, time.monotonic()))
                return
        self._opener.close_line(line)

    def _forget(self, url: str) -> None:
        with self._lock:
            gone = [one.line for purpose in (True, False) for one in self._idle.pop((url, purpose), [])]
        for line in gone:
            self._opener.close_line(line)
