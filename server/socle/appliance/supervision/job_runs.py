"""The memory of scheduled jobs: what ran when, and what a stopped machine missed."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from socle.appliance.supervision.models import JobRun
from socle.foundation.database import now


def last(session: Session, name: str, moment: datetime) -> JobRun | None:
    """Return the job's newest run, whatever became of it; one dated after `moment` by a wrong clock does not count."""
    mine = select(JobRun).where(JobRun.name == name, JobRun.due_at <= moment)
    newest = mine.order_by(JobRun.due_at.desc(), JobRun.id.desc()).limit(1)
    return session.scalars(newest).first()


def register(session: Session, name: str) -> None:
    """Remember that the job exists from now on: what was due before was not missed."""
    moment = now(session)
    session.add(JobRun(name=name, due_at=moment, started_at=moment, ended_at=moment, outcome="registered"))


def begin(session: Session, name: str, due_at: datetime) -> int:
    """Note that the run due at `due_at` starts; return its number."""
    run = JobRun(name=name, due_at=due_at, started_at=now(session), outcome="running")
    session.add(run)
    session.flush()
    return run.id


def end(session: Session, number: int, outcome: str, detail: str) -> None:
    """Note how the run ended."""
    values = {"ended_at": now(session), "outcome": outcome, "detail": detail[:500]}
    session.execute(update(JobRun).where(JobRun.id == number).values(values))


def mark_interrupted(session: Session) -> None:
    """Close the runs that a dead scheduler left open; they will be made up for."""
    session.execute(
        update(JobRun).where(JobRun.outcome == "running").values(outcome="interrupted", ended_at=now(session))
    )
