"""What the page is doing: waiting for two sheets, showing a set, restoring it in a thread of its own, done."""

import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from sqlalchemy import Engine as DatabaseEngine

from socle.appliance.backups.engine import Engines
from socle.appliance.backups.recovery_kit import envelope, grouped_text, proving, reaching, recovery, scanning, words
from socle.appliance.backups.recovery_kit.finishing import Finished, Paper, finish
from socle.appliance.backups.recovery_kit.recovery import Candidate, Recovered
from socle.appliance.backups.recovery_kit.words import Sheet
from socle.appliance.backups.restore import History
from socle.foundation import log
from socle.foundation.clock import Clock
from socle.foundation.database import Database
from socle.foundation.errors import N_, SocleError
from socle.foundation.home import Home
from socle.foundation.secrets import Keys
from socle.foundation.settings import Settings
from socle.foundation.toolbox import Toolbox
from socle.identity.actor import machine

ACTOR = machine("recovery")
Stage = Literal["sheets", "set", "working", "done"]


class TwoSheetsNeeded(SocleError):
    """Fewer than two sheets were given."""

    code = "RECOVER-TWO-SHEETS"
    message = N_("Two sheets of the recovery kit are needed; %(count)s was given.")
    hint = N_("Type the words of two sheets, or photograph both.")
    kind = "invalid"


class EnvelopeNeeded(SocleError):
    """The envelope is on none of the pictures, and was not typed."""

    code = "RECOVER-ENVELOPE-NEEDED"
    message = N_("The envelope is missing: the back of one of the sheets.")
    hint = N_("Photograph the back of a sheet too, or type its lines.")
    kind = "invalid"


@dataclass
class Work:
    """One recovery on one machine. `database`: the empty PostgreSQL one, for a set that holds one."""

    into: Path
    keys_into: Path | None
    database: DatabaseEngine | None
    open_toolbox: Callable[[Home], Toolbox]
    locale: str
    stage: Stage = "sheets"
    candidates: list[Candidate] = field(default_factory=list)
    chosen: Candidate | None = None
    steps: list[tuple[str, float]] = field(default_factory=list)
    error: SocleError | None = None
    recovered: Recovered | None = None
    finished: Finished | None = None
    _paper: Paper | None = None
    _open: ExitStack = field(default_factory=ExitStack)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def give(self, typed: Sequence[str], lines: str, pictures: Sequence[bytes]) -> None:
        """Take two sheets and the envelope, and look what they open; any error of theirs."""
        with self._lock:
            if self.stage not in {"sheets", "set"}:
                return
            paper = _read(typed, lines, pictures)
            self._open.close()
            tools = self._tools()
            targets = self._open.enter_context(reaching.at_hand(paper.held, paper.secret, tools.of(Engines)))
            self._paper, self.error = paper, None
            self.candidates = recovery.look(targets, "newest", tools.of(Clock).now())
            self.chosen = recovery.best(self.candidates)
            self.stage = "set"

    def restore(self) -> threading.Thread | None:
        """Begin to restore the set that is shown; return the thread, or None when there is nothing to begin."""
        with self._lock:
            if self.stage != "set":
                return None
            self.stage, self.steps, self.error = "working", [], None
        thread = threading.Thread(target=self._restore)
        thread.start()
        return thread

    def close(self) -> None:
        """Forget the secret and the keys made from it."""
        self._open.close()
        self._paper = None

    def _restore(self) -> None:
        try:
            self._bring_back()
            self.stage = "done"
            self.close()
        except SocleError as error:
            self.error, self.stage = error, "set"
        except Exception as error:  # noqa: BLE001 - nobody else sees what happens in this thread
            log.error("recovery_broke", cause=error)
            self.error, self.stage = SocleError(), "set"

    def _bring_back(self) -> None:
        chosen, paper = self.chosen, self._paper
        if chosen is None or paper is None:
            raise recovery.NothingToRecover()
        tools = self._tools()
        clock = tools.of(Clock)
        done = recovery.recover(
            chosen, self.into, self.keys_into, self.database, tools.of(History), clock, ACTOR, self._tell
        )
        restored = self.open_toolbox(done.restored.home)
        self.finished = finish(
            done,
            chosen,
            self.candidates,
            paper,
            restored.of(Database),
            restored.of(Settings),
            clock,
            ACTOR,
            {"socle": version("socle-clinic")},
            self.locale,
        )
        self.recovered = done

    def _tell(self, name: str, seconds: float) -> None:
        self.steps.append((name, seconds))

    def _tools(self) -> Toolbox:
        return self.open_toolbox(Home(self.into, Keys(self.into)))


def _read(typed: Sequence[str], lines: str, pictures: Sequence[bytes]) -> Paper:
    found: list[Sheet] = [words.read(text) for text in typed if text.strip()]
    parts: list[envelope.Part] = []
    if pictures:
        scanned = scanning.read(pictures)
        found += scanned.sheets
        parts += scanned.parts
    if len(found) < words.NEEDED:
        raise TwoSheetsNeeded(count=len(found))
    other = next((one for one in found[1:] if one.number != found[0].number), found[1])
    secret = proving.secret_of(found[0], other)
    if not parts and not lines.strip():
        raise EnvelopeNeeded()
    sealed = envelope.joined(parts) if parts else grouped_text.read(lines)
    return Paper(secret, envelope.unseal(sealed, secret), sealed)
