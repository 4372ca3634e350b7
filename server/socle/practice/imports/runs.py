"""The life of an import: its states, what can be done in each, and how far it is."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from enum import StrEnum
from io import BytesIO
from typing import Any, Final, NamedTuple, Protocol

import msgspec
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from socle.foundation.database import now
from socle.foundation.errors import N_, SocleError
from socle.identity.actor import Actor
from socle.identity.audit import trail
from socle.practice.imports import mapping
from socle.practice.imports.errors import FileGone, RunCancelled, RunMissing, RunNotReady, TooLate
from socle.practice.imports.mapping import Layout
from socle.practice.imports.models import ImportRun
from socle.practice.imports.source import Sources

SILENT_AFTER: Final = timedelta(minutes=1)
"""A step that says nothing for so long has died with its process."""
SILENT_APPLYING: Final = timedelta(minutes=10)
"""Applying is one transaction, which can say nothing before its end."""


class State(StrEnum):
    """Where an import stands."""

    CHOOSING = "choosing"
    WAITING = "waiting"
    REHEARSING = "rehearsing"
    REHEARSED = "rehearsed"
    CONFIRMED = "confirmed"
    APPLYING = "applying"
    APPLIED = "applied"
    UNDONE = "undone"
    CANCELLED = "cancelled"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


STATE_LABELS: Final = {
    State.CHOOSING: N_("Columns to check"),
    State.WAITING: N_("Waiting"),
    State.REHEARSING: N_("Rehearsing"),
    State.REHEARSED: N_("Rehearsed, nothing imported yet"),
    State.CONFIRMED: N_("About to import"),
    State.APPLYING: N_("Importing"),
    State.APPLIED: N_("Imported"),
    State.UNDONE: N_("Undone"),
    State.CANCELLED: N_("Cancelled"),
    State.FAILED: N_("Failed"),
    State.INTERRUPTED: N_("Interrupted"),
}
BUSY: Final = frozenset({State.WAITING, State.REHEARSING, State.CONFIRMED, State.APPLYING})
_REHEARSABLE: Final = frozenset(State) - BUSY - {State.APPLIED}


class Shelf(Protocol):
    """Where the files themselves lie, encrypted (see `practice.documents.storage`)."""

    def keep(self, stream: BytesIO) -> str:
        """Store the content and return its name."""
        ...

    def open(self, name: str) -> Iterator[bytes]:
        """Yield the content."""
        ...

    def remove(self, name: str) -> None:
        """Forget the content."""
        ...


class Sheet(NamedTuple):
    """A sheet that was read: how it is laid out, and its first lines."""

    layout: Layout
    sample: list[tuple[int, list[str]]]


class Received(NamedTuple):
    """A file that can be read and lies on the shelf."""

    file_name: str
    document: str
    sheets: list[str]
    sheet: Sheet


def receive(
    shelf: Shelf,
    sources: Sources,
    content: bytes,
    file_name: str,
    sheet: str | None = None,
    columns: Mapping[str, str] | None = None,
) -> Received:
    """Read a file, guess its layout (or take `columns` as told), and keep it. Takes seconds: no transaction is open.

    Raises the errors of a file that cannot be read and those of `mapping.change`; nothing is kept of the file then.
    """
    source = sources.open(content)
    layout = mapping.change(mapping.guess(source, sheet, columns or ()), columns or {})
    read = Sheet(layout, mapping.sample_of(source, layout))
    return Received(file_name[:200], shelf.keep(BytesIO(content)), list(source.sheets()), read)


def create(session: Session, actor: Actor, received: Received) -> int:
    """Begin the import of a file, and return its number."""
    at = now(session)
    run = ImportRun(
        state=State.CHOOSING,
        file_name=received.file_name,
        document=received.document,
        layout=msgspec.to_builtins(received.sheet.layout),
        sheets=received.sheets,
        sample=received.sheet.sample,
        created_at=at,
        created_by=actor.name,
        asked_by=_kept_actor(actor),
        beat_at=at,
    )
    session.add(run)
    session.flush()
    trail.record(session, actor, "import.create", "import", run.id)
    return run.id


def find(session: Session, run_id: int) -> ImportRun:
    """Return an import; RunMissing."""
    run = session.get(ImportRun, run_id)
    if run is None:
        raise RunMissing()
    return run


def latest(session: Session, limit: int = 50) -> list[ImportRun]:
    """Return the last imports, the newest first."""
    return list(session.scalars(select(ImportRun).order_by(ImportRun.id.desc()).limit(limit)))


def standing(session: Session, run: ImportRun) -> State:
    """Return where the import really stands: a busy one that has been silent for too long is interrupted."""
    state = State(run.state)
    patience = SILENT_APPLYING if state is State.APPLYING else SILENT_AFTER
    return State.INTERRUPTED if state in BUSY and now(session) - run.beat_at > patience else state


def layout_of(run: ImportRun) -> Layout:
    """Return how the file is read."""
    return msgspec.convert(run.layout, Layout)


def change_columns(session: Session, actor: Actor, run_id: int, changes: Mapping[str, str]) -> None:
    """Say what columns hold; the errors of `mapping.change`."""
    run = require_rehearsable(session, run_id)
    layout = mapping.change(layout_of(run), changes)
    if layout != layout_of(run):
        run.layout = msgspec.to_builtins(layout)
        trail.record(session, actor, "import.change_columns", "import", run_id)
        session.flush()


def read_sheet(shelf: Shelf, sources: Sources, run: ImportRun, name: str) -> Sheet:
    """Read another sheet of the file and guess its layout; SheetMissing. Takes seconds: no transaction is open."""
    source = sources.open(content_of(shelf, run))
    layout = mapping.guess(source, name)
    return Sheet(layout, mapping.sample_of(source, layout))


def change_sheet(session: Session, actor: Actor, run_id: int, sheet: Sheet) -> None:
    """Import another sheet of the file."""
    run = require_rehearsable(session, run_id)
    run.layout, run.sample = msgspec.to_builtins(sheet.layout), sheet.sample
    trail.record(session, actor, "import.change_sheet", "import", run_id)
    session.flush()


def ask_to_rehearse(session: Session, actor: Actor, run_id: int) -> None:
    """Ask for a rehearsal; NameColumnMissing if no column holds names."""
    run = require_rehearsable(session, run_id)
    mapping.check(layout_of(run))
    _ask(session, actor, run, State.WAITING)
    trail.record(session, actor, "import.rehearse", "import", run_id)


def ask_to_apply(session: Session, actor: Actor, run_id: int) -> None:
    """Ask for the import itself, of what was rehearsed."""
    _ask(session, actor, require(session, run_id, {State.REHEARSED}), State.CONFIRMED)


def _ask(session: Session, actor: Actor, run: ImportRun, state: State) -> None:
    """Move from the state that was seen; RunNotReady if somebody else moved it meanwhile."""
    asked = {"state": state, "cancelling": False, "failure": None, "asked_by": _kept_actor(actor), "done": 0}
    moved = _move(session, run.id, State(run.state), seen_at=run.beat_at, **asked)
    if not moved:
        session.refresh(run)
        raise RunNotReady(state=STATE_LABELS[standing(session, run)])


def claim(session: Session, run_id: int, waiting: State, working: State) -> ImportRun | None:
    """Take a waiting step for this process; None if it is not waiting (any more)."""
    if not _move(session, run_id, waiting, state=working):
        return None
    return session.get(ImportRun, run_id, populate_existing=True)


def _move(
    session: Session, run_id: int, state_seen: State, *, seen_at: datetime | None = None, **values: object
) -> bool:
    condition = [ImportRun.id == run_id, ImportRun.state == state_seen]
    if seen_at is not None:
        condition.append(ImportRun.beat_at == seen_at)
    done = session.execute(
        update(ImportRun).where(*condition).values(beat_at=now(session), **values),
        execution_options={"synchronize_session": False},
    )
    return bool(done.rowcount)  # type: ignore[attr-defined]


def beat(session: Session, run_id: int, done: int, total: int) -> None:
    """Say how far a step is; RunCancelled if somebody asked it to stop."""
    if session.execute(select(ImportRun.cancelling).where(ImportRun.id == run_id)).scalar_one():
        raise RunCancelled()
    session.execute(
        update(ImportRun).where(ImportRun.id == run_id).values(beat_at=now(session), done=done, total=total),
        execution_options={"synchronize_session": False},
    )


def end(session: Session, run_id: int, state: State, failure: SocleError | None = None) -> None:
    """Say how a step ended."""
    session.execute(
        update(ImportRun)
        .where(ImportRun.id == run_id)
        .values(state=state, beat_at=now(session), failure=_kept_failure(failure) if failure else None),
        execution_options={"synchronize_session": False},
    )


def require_not_too_late(session: Session, run_id: int) -> None:
    """Make sure that an import may still be cancelled: TooLate once its patients are being written.

    Read first, with no transaction open: the writing of the patients holds the one that `cancel` would wait for.
    """
    if State(find(session, run_id).state) in {State.APPLYING, State.APPLIED}:
        raise TooLate()


def cancel(session: Session, actor: Actor, run_id: int) -> None:
    """Cancel a step that waits; ask a rehearsal to stop, which it does before its next chunk. Nothing is changed.

    TooLate once the patients are being written; nothing happens to an import that nobody works on.
    """
    require_not_too_late(session, run_id)
    why = _kept_failure(RunCancelled())
    waiting = (State.WAITING, State.CONFIRMED)
    waited = any(_move(session, run_id, state, state=State.CANCELLED, failure=why) for state in waiting)
    if waited or _move(session, run_id, State.REHEARSING, cancelling=True):
        trail.record(session, actor, "import.cancel", "import", run_id)


def require(session: Session, run_id: int, states: frozenset[State] | set[State]) -> ImportRun:
    """Return the import if it stands in one of these states; RunMissing, RunNotReady."""
    run = find(session, run_id)
    state = standing(session, run)
    if state not in states:
        raise RunNotReady(state=STATE_LABELS[state])
    return run


def require_rehearsable(session: Session, run_id: int) -> ImportRun:
    """Return the import if its columns may still be changed; RunMissing, RunNotReady, FileGone."""
    run = require(session, run_id, _REHEARSABLE)
    if not run.document:
        raise FileGone()
    return run


def content_of(shelf: Shelf, run: ImportRun) -> bytes:
    """Return the file's content."""
    return b"".join(shelf.open(run.document))


def asking_actor(run: ImportRun) -> Actor:
    """Return who asked for the present step."""
    return Actor(**run.asked_by)


def _kept_actor(actor: Actor) -> dict[str, Any]:
    return {name: value for name, value in asdict(actor).items() if name != "roles"}


def _kept_failure(error: SocleError) -> dict[str, Any]:
    details = {name: str(value) for name, value in error.details.items()}
    return {"code": error.code, "message": error.message, "hint": error.hint, "details": details}
