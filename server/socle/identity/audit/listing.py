"""The trail as people read it: one day at a time, newest first."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from socle.identity.audit.models import AuditEntry

PAGE = 200


def between(
    session: Session,
    start: datetime,
    end: datetime,
    *,
    account_id: int | None = None,
    action: str = "",
    skip: int = 0,
) -> list[AuditEntry]:
    """Return a page of the entries from `start` to before `end`, newest first: one person's, or of one action."""
    wanted = select(AuditEntry).where(AuditEntry.at >= start, AuditEntry.at < end)
    if account_id is not None:
        wanted = wanted.where(AuditEntry.account_id == account_id)
    if action:
        wanted = wanted.where(AuditEntry.action == action)
    return list(session.scalars(wanted.order_by(AuditEntry.at.desc(), AuditEntry.id.desc()).offset(skip).limit(PAGE)))


def actions_between(session: Session, start: datetime, end: datetime) -> list[str]:
    """Return the different actions of a period, sorted."""
    found = select(AuditEntry.action).where(AuditEntry.at >= start, AuditEntry.at < end).distinct()
    return sorted(session.scalars(found))
