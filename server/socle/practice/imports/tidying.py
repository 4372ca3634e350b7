"""Letting go of what imports leave behind: files of patients that nobody needs any more."""

from datetime import timedelta
from typing import Final, NamedTuple

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from socle.foundation.database import Database, now
from socle.identity.actor import machine
from socle.identity.audit import trail
from socle.practice.imports.models import ImportLine, ImportRun
from socle.practice.imports.runs import Shelf, State

KEPT: Final = timedelta(days=7)
"""After the last step of an import. Until then one may undo it, choose other columns and rehearse again."""
_ACTOR: Final = machine("scheduler")
_IMPORTED: Final = (State.APPLIED, State.UNDONE)
_MOST: Final = 1000


class Tidied(NamedTuple):
    """How many imports went whole, and of how many only the file."""

    runs: int
    files: int


def tidy(database: Database, shelf: Shelf) -> Tidied:
    """Remove imports that never came to an end, and the files of those that did, a week after their last step.

    The report of an import that was applied stays: undoing needs its lines, never its file.
    """
    with database.reading() as session:
        old = select(ImportRun.id, ImportRun.state, ImportRun.document).where(
            ImportRun.beat_at < now(session) - KEPT, ImportRun.document != ""
        )
        found = session.execute(old.order_by(ImportRun.id).limit(_MOST)).all()
    gone = []
    for run in found:
        with database.writing() as session:
            if not _let_go(session, run.id, State(run.state)):
                continue  # somebody took it up again meanwhile
        gone.append(State(run.state))
        with database.reading() as session:
            still_named = session.scalar(select(ImportRun.id).where(ImportRun.document == run.document).limit(1))
        if still_named is None:  # the same content lies on the shelf once, however often it was sent
            shelf.remove(run.document)
    files = sum(state in _IMPORTED for state in gone)
    return Tidied(len(gone) - files, files)


def _let_go(session: Session, run_id: int, state: State) -> bool:
    run = session.get(ImportRun, run_id)
    if run is None or run.state != state or run.beat_at >= now(session) - KEPT:
        return False
    if state in _IMPORTED:
        run.document, run.sample = "", []
        trail.record(session, _ACTOR, "import.remove_file", "import", run_id)
    else:
        session.execute(delete(ImportLine).where(ImportLine.run_id == run_id))
        session.delete(run)
        trail.record(session, _ACTOR, "import.remove", "import", run_id)
    session.flush()
    return True
