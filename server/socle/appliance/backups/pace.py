"""The upload limit of the hour, kept by an upload that lasts into the next one too.

An engine hears its limit once, when it starts. When the hour changes the limit, it is stopped politely and begun anew
at the new one. What it had sent is not sent again, but for the last minutes: restic writes down every ten minutes what
it sent, borg makes a checkpoint as often.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar

from socle.appliance.backups.engine import BackupCancelled, Engine

LOOK_SECONDS = 1.0
Limit = Callable[[], int]
"""Returns the KiB/s that may be sent now; 0 without limit."""
_Answer = TypeVar("_Answer")


class Journal(Protocol):
    """Hears the steps, and says when somebody wants the run stopped."""

    cancel: threading.Event

    def step(self, name: str, text: str = "") -> None:
        """A new step begins."""
        ...


def send(
    engine: Engine, limit: Limit, journal: Journal, name: str, work: Callable[[Engine, threading.Event], _Answer]
) -> _Answer:
    """Have `work` send the part `name` with an engine at the pace of the hour, anew each time the hour changes it."""
    while True:
        allowed = limit()
        with _stopped_when(lambda: journal.cancel.is_set() or limit() != allowed) as stop:  # noqa: B023 - ends within
            try:
                return work(engine.at_pace(allowed), stop)
            except BackupCancelled:
                if journal.cancel.is_set():
                    raise
        journal.step("pace", f"{limit()} KiB/s")
        journal.step(name)


@contextmanager
def _stopped_when(changed: Callable[[], bool]) -> Iterator[threading.Event]:
    """Give an event that is set once `changed` says so."""
    stop, over = threading.Event(), threading.Event()

    def look() -> None:
        while not over.wait(LOOK_SECONDS):
            if changed():
                stop.set()
                return

    thread = threading.Thread(target=look, name="backup-pace", daemon=True)
    thread.start()
    try:
        yield stop
    finally:
        over.set()
        thread.join()
