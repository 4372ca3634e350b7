"""Asking the scheduler for a run, stopping one, and what has been run: what the maintainer's page needs."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from socle.appliance.backups.journal import RunInProgress, add, is_held
from socle.appliance.backups.models import BackupRun, Kind, Outcome
from socle.foundation.database import now
from socle.foundation.errors import N_, SocleError
from socle.foundation.home import Home
from socle.identity.actor import Actor
from socle.identity.audit import trail

STEPS = {
    Kind.BACKUP: ("open", "settings", "keys", "database", "directory", "documents", "inspect", "seal"),
    Kind.VERIFY: ("open", "seal", "check"),
    Kind.DRILL: (
        "open", "keys", "settings", "directory", "documents", "database", "audit", "upgrade", "application", "report",
    ),
    Kind.PRUNE: ("open", "forget", "free"),
    Kind.SELF_TEST: (
        "open", "intact", "flipped-byte", "missing-document", "changed-row", "cut-stream", "wrong-key", "cut-trail",
        "changed-seal", "unreadable-pack", "report",
    ),
}  # fmt: skip
"""The steps of each kind of run, in order."""
RECENT = 30


class RunMissing(SocleError):
    """There is no such run."""

    code = "BACKUP-RUN-MISSING"
    message = N_("There is no such run.")
    hint = N_("Go back to the backups page: it lists the last ones.")
    kind = "missing"


class RunEnded(SocleError):
    """There is nothing to cancel."""

    code = "BACKUP-RUN-ENDED"
    message = N_("This run has ended already.")
    hint = N_("Read its log to see how.")
    kind = "conflict"


def ask(session: Session, actor: Actor, home: Home, target: str, kind: Kind) -> int:
    """Ask the scheduler for a run; RunInProgress when one waits, or is alive, already. Return its number."""
    for run in current(session):
        if run.target == target and (run.outcome == Outcome.ASKED or is_held(home, target)):
            raise RunInProgress(target=target)
    number = add(session, actor, target, kind, Outcome.ASKED)
    trail.record(session, actor, f"backup.ask_{kind.value}", "backup_run", number)
    return number


def cancel(session: Session, actor: Actor, number: int) -> None:
    """Ask a run to stop; one that has not begun is cancelled at once. RunMissing, RunEnded."""
    run = get(session, number)
    if run.outcome not in {Outcome.ASKED, Outcome.RUNNING}:
        raise RunEnded()
    run.cancel_asked_at = now(session)
    if run.outcome == Outcome.ASKED:
        run.outcome, run.ended_at = Outcome.CANCELLED.value, now(session)
    trail.record(session, actor, "backup.cancel", "backup_run", number)


def give_up(session: Session, actor: Actor, number: int, code: str) -> None:
    """End a run that was asked for and cannot begin, with the code of the reason; nothing if it has begun or ended."""
    run = get(session, number)
    if run.outcome == Outcome.ASKED:
        moment = now(session)
        run.outcome, run.ended_at, run.error_code = Outcome.FAILED.value, moment, code
        run.log = [{"at": moment.isoformat(timespec="seconds"), "step": "end", "text": code}]
        trail.record(session, actor, f"backup.{run.kind}", "backup_run", number, reason=code)


def get(session: Session, number: int) -> BackupRun:
    """Return a run; RunMissing."""
    run = session.get(BackupRun, number)
    if run is None:
        raise RunMissing()
    return run


def waiting(session: Session) -> Sequence[BackupRun]:
    """Return the runs that were asked for, oldest first."""
    asked = select(BackupRun).where(BackupRun.outcome == Outcome.ASKED.value).order_by(BackupRun.id).limit(20)
    return session.scalars(asked).all()


def current(session: Session) -> Sequence[BackupRun]:
    """Return the runs that wait or go on (or died without saying so)."""
    unfinished = (Outcome.ASKED.value, Outcome.RUNNING.value)
    found = select(BackupRun).where(BackupRun.outcome.in_(unfinished)).order_by(BackupRun.id).limit(50)
    return session.scalars(found).all()


def recent(session: Session) -> Sequence[BackupRun]:
    """Return the last runs, newest first."""
    return session.scalars(select(BackupRun).order_by(BackupRun.id.desc()).limit(RECENT)).all()
