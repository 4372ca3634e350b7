"""The independent watch: beside the doors and the scheduler, it looks at the backups by itself and calls out.

It needs nothing to run at night. What it finds turned red is written to the log at once, and told to the watch outside
once a day: a scheduler that died in silence is noticed without anybody opening a page.
"""

import threading
from contextlib import suppress
from datetime import date

from socle.appliance.backups import outside, status
from socle.appliance.backups.runs import Backups
from socle.foundation import log
from socle.foundation.checks import State
from socle.foundation.database import Database
from socle.foundation.errors import SocleError
from socle.foundation.settings import Settings
from socle.foundation.toolbox import Toolbox

EVERY_SECONDS = 15 * 60.0


class Watch:
    """Looks again and again until stopped, in a thread of its own."""

    def __init__(self, tools: Toolbox, every: float = EVERY_SECONDS) -> None:
        self._tools, self._every = tools, every
        self._stopped = threading.Event()
        self._state: State = "green"
        self._told: date | None = None
        self._thread = threading.Thread(target=self._go_on, name="watch", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, and wait for the look under way."""
        self._stopped.set()
        self._thread.join(5)

    def look(self) -> State:
        """Look once; write down a change, and call outside when all is not well: once a day."""
        with self._tools.of(Database).reading() as session:
            found = status.read(session, self._tools.of(Backups), look=False)
        codes = ",".join(sorted({finding.code for finding in found.findings}))
        if found.state != self._state:
            write = log.error if found.state == "red" else log.info
            write("backups_state", state=found.state, reason=codes)
            self._state = found.state
        self._call(found.state)
        return found.state

    def _call(self, state: State) -> None:
        settings = self._tools.of(Settings)
        today = self._tools.of(Backups).sources.clock.now().date()
        if state == "red" and settings.backup.ping_url and self._told != today:
            self._told = today if outside.tell(settings.backup.ping_url, "fail") else None

    def _go_on(self) -> None:
        while not self._stopped.wait(self._every):
            with suppress(SocleError, OSError):  # a database that is away is told by the doors
                self.look()
