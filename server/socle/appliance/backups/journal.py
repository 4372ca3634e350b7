"""The memory of a run: its row in the database, its readable log, its progress, and the wish to stop it.

A run lasts minutes and must be seen while it goes on, so each note is a short transaction of its own.
"""

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from socle.appliance.backups.engine import BackupCancelled
from socle.appliance.backups.models import BackupRun, Kind, Outcome
from socle.foundation import log
from socle.foundation.database import Database, now
from socle.foundation.errors import N_, SocleError
from socle.foundation.home import Home, HomeNotWritable
from socle.identity.actor import Actor
from socle.identity.audit import trail

NOTE_SECONDS = 1.0
LISTEN_SECONDS = 2.0
LONGEST_LOG = 500


class RunInProgress(SocleError):
    """Another process works on this target."""

    code = "BACKUP-RUN-IN-PROGRESS"
    message = N_("A backup, check or drill of “%(target)s” is going on already.")
    hint = N_("Wait for its end, or cancel it on the maintainer's page.")
    kind = "conflict"


class Journal:
    """Writes down what one run does, at most once a second unless a step begins."""

    def __init__(self, database: Database, number: int, kind: Kind, target: str) -> None:
        self.cancel = threading.Event()
        self.number = number
        self.set_id: str | None = None
        self.report: dict[str, Any] | None = None
        self.added = 0
        """Bytes the repository grew by in this run."""
        self._database = database
        self._kind, self._target = kind, target
        self._lines: list[dict[str, str]] = []
        self._noted = 0.0

    def step(self, name: str, text: str = "") -> None:
        """Begin a step; `text` is a code or a few words without patient data."""
        log.info("backup_step", run=self.number, target=self._target, step=name, kind=self._kind.value)
        self._add(name, text)
        self._note(step=name, bytes_done=0, bytes_total=None)

    def progress(self, done: int, total: int | None) -> None:
        """Note how far the step is, now and then."""
        if time.monotonic() - self._noted >= NOTE_SECONDS:
            self._note(bytes_done=done, bytes_total=total)
        if self.cancel.is_set():
            raise BackupCancelled()

    def end(self, actor: Actor, outcome: Outcome, error_code: str | None) -> None:
        """Close the run, in the trail too."""
        self._add("end", error_code or outcome.value)
        with self._database.writing() as session:
            session.execute(
                update(BackupRun)
                .where(BackupRun.id == self.number)
                .values(
                    outcome=outcome.value,
                    ended_at=now(session),
                    error_code=error_code,
                    set_id=self.set_id,
                    step=None,
                    log=self._lines,
                    report=self.report,
                )
            )
            trail.record(
                session, actor, f"backup.{self._kind.value}", "backup_run", self.number, reason=error_code or outcome
            )
        log.info("backup_ended", run=self.number, target=self._target, outcome=outcome.value, code=error_code)

    def listen(self, over: threading.Event) -> None:
        """Hear the wish to cancel, until `over`: a check of a large repository says nothing by itself for long."""
        wish = select(BackupRun.cancel_asked_at).where(BackupRun.id == self.number)
        while not over.wait(LISTEN_SECONDS):
            with suppress(SocleError), self._database.reading() as session:
                if session.scalar(wish) is not None:
                    self.cancel.set()
                    return

    def _add(self, step: str, text: str) -> None:
        if len(self._lines) < LONGEST_LOG:
            with self._database.reading() as session:
                at = now(session).isoformat(timespec="seconds")
            self._lines.append({"at": at, "step": step, "text": text})

    def _note(self, **values: Any) -> None:
        self._noted = time.monotonic()
        with self._database.writing() as session:
            session.execute(update(BackupRun).where(BackupRun.id == self.number).values(log=self._lines, **values))


@contextmanager
def alone(home: Home, target: str) -> Iterator[None]:
    """Hold the target's lock file, which the system lets go of when the process dies; RunInProgress if it is held."""
    file = _lock_file(home, target)
    try:
        file.parent.mkdir(mode=0o700, exist_ok=True)
        handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        raise HomeNotWritable(folder=home.folder) from None
    try:
        if not _lock(handle):
            raise RunInProgress(target=target)
        yield
    finally:
        os.close(handle)


def _lock(handle: int) -> bool:
    """Take the lock; a page that only looks (`is_held`) has it for an instant, so one refusal is not an answer."""
    for _ in range(10):
        with suppress(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        time.sleep(0.1)
    return False


def is_held(home: Home, target: str) -> bool:
    """Tell whether some living process works on the target."""
    try:
        handle = os.open(_lock_file(home, target), os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def _lock_file(home: Home, target: str) -> Path:
    return home.folder / "backups" / f".{target}.lock"


@contextmanager
def recorded(database: Database, actor: Actor, target: str, kind: Kind, asked: int | None = None) -> Iterator[Journal]:
    """Keep a run's row from its beginning to its end, whatever the end is. Hold the target's lock around it.

    `asked` is the number of a row that waits for this run. Rows that a dead process left open are closed first.
    """
    with database.writing() as session:
        _close_dead(session, target)
        claimed = asked is not None and _claim(session, asked)
        number = asked if asked is not None and claimed else add(session, actor, target, kind, Outcome.RUNNING)
    journal = Journal(database, number, kind, target)
    over = threading.Event()
    listener = threading.Thread(target=journal.listen, args=(over,), name=f"backup-run-{number}", daemon=True)
    listener.start()
    try:
        yield journal
    except BackupCancelled as cancelled:
        journal.end(actor, Outcome.CANCELLED, cancelled.code)
        raise
    except SocleError as error:
        journal.end(actor, Outcome.FAILED, error.code)
        raise
    except KeyboardInterrupt:
        journal.end(actor, Outcome.CANCELLED, BackupCancelled.code)
        raise
    except Exception as error:
        log.error("backup_broke", cause=error, run=number, target=target)
        journal.end(actor, Outcome.FAILED, SocleError.code)
        raise
    else:
        journal.end(actor, Outcome.GOOD, None)
    finally:
        over.set()
        listener.join()


def _close_dead(session: Session, target: str) -> None:
    """We hold the target's lock, so nobody is alive behind a row that still says it is running."""
    session.execute(
        update(BackupRun)
        .where(BackupRun.target == target, BackupRun.outcome == Outcome.RUNNING.value)
        .values(outcome=Outcome.INTERRUPTED.value, ended_at=now(session), step=None)
    )


def _claim(session: Session, number: int) -> bool:
    mine = (
        update(BackupRun)
        .where(BackupRun.id == number, BackupRun.outcome == Outcome.ASKED.value)
        .values(outcome=Outcome.RUNNING.value, started_at=now(session))
        .returning(BackupRun.id)
    )
    return session.execute(mine).first() is not None


def add(session: Session, actor: Actor, target: str, kind: Kind, outcome: Outcome) -> int:
    """Write down a run that waits or begins; return its number."""
    moment = now(session)
    run = BackupRun(
        target=target,
        kind=kind.value,
        outcome=outcome.value,
        asked_at=moment,
        asked_by=actor.name,
        started_at=moment if outcome is Outcome.RUNNING else None,
        bytes_done=0,
        log=[],
    )
    session.add(run)
    session.flush()
    return run.id
