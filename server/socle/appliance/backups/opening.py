"""Opening the application on what was restored, in a process of its own that answers with counts and codes only.

The room may not see the practice's pages and patients. The child (`socle.scratch_practice`, above all rooms) may: it
gets the place and the keys through its standard input, and no patient's datum leaves it.
"""

import sys
import threading
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Literal, Protocol

import msgspec

from socle.foundation.commands import Command, plain_environment, run
from socle.foundation.errors import N_, SocleError

CHILD = "socle.scratch_practice"
LONGEST_SECONDS = 600.0
_LARGEST_ANSWER = 64 * 1024


class Scratch(msgspec.Struct, frozen=True):
    """A restored home: its folder with settings and documents, where its database is, and its keys (never on disk).

    `url` empty: the embedded database in `file`.
    """

    folder: str
    keys: Mapping[str, bytes]
    file: str = ""
    url: str = ""


class Opened(msgspec.Struct, frozen=True):
    """What the child saw: pages that showed what the rows say, documents read with the restored key.

    `code` tells what could not be opened.
    """

    pages: int = 0
    documents: int = 0
    code: str = ""


class ApplicationShut(SocleError):
    """The application does not open on what was restored."""

    code = "BACKUP-APPLICATION-SHUT"
    message = N_("The application did not open the practice that was restored (%(what)s).")
    hint = N_("Use another set (“socle backup list”), run a new backup today, and give this code to your maintainer.")
    kind = "broken"


class Opening(Protocol):
    """The real application, run on a scratch home."""

    def look(self, scratch: Scratch, cancel: threading.Event) -> Opened:
        """Open a record, the agenda's week and a document, with the database read-only; ApplicationShut."""
        ...

    def found(self, scratch: Scratch, cancel: threading.Event) -> None:
        """Make a tiny invented practice in an empty home whose tables are there; ApplicationShut."""
        ...


class ChildOpening:
    """Runs the module `socle.scratch_practice` in a child of ours, the same Socle as this one."""

    def look(self, scratch: Scratch, cancel: threading.Event) -> Opened:
        """Open what was restored."""
        return self._ask("look", scratch, cancel)

    def found(self, scratch: Scratch, cancel: threading.Event) -> None:
        """Make a tiny practice."""
        self._ask("found", scratch, cancel)

    def _ask(self, verb: Literal["look", "found"], scratch: Scratch, cancel: threading.Event) -> Opened:
        here = Path(str(files("socle"))).parent
        command = Command(
            [sys.executable, "-m", CHILD, verb],
            plain_environment(PYTHONPATH=str(here)),
            idle_seconds=LONGEST_SECONDS,
            total_seconds=LONGEST_SECONDS,
        )
        done = run(command, feed=[msgspec.json.encode(scratch)], cancel=cancel, keep_bytes=_LARGEST_ANSWER)
        try:
            answer = msgspec.json.decode(done.output, type=Opened)
        except msgspec.MsgspecError:
            raise ApplicationShut(what=f"exit {done.exit_code}") from None
        if answer.code or done.exit_code:
            raise ApplicationShut(what=answer.code or f"exit {done.exit_code}")
        return answer
