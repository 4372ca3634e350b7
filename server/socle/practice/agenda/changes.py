"""The feed of changes: one counter for the whole agenda, whose numbers follow the order of commits."""

from dataclasses import dataclass

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from socle.practice.agenda.models import AgendaRevision, Appointment, PractitionerAgenda
from socle.practice.agenda.schedule import AppointmentRow, appointment_rows

MOST_CHANGES = 200
"""Above this many changes a page does better to load its days again."""

_current = select(AgendaRevision.value)
_take = update(AgendaRevision).values(value=AgendaRevision.value + 1).returning(AgendaRevision.value)
_backdrop = select(func.max(PractitionerAgenda.backdrop_revision))


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed after a revision. `reload`: too much changed, or hours or absences did."""

    revision: int
    appointments: list[AppointmentRow]
    reload: bool = False


def next_revision(session: Session) -> int:
    """Take the agenda's next number, and with it its lock until the transaction ends.

    Whoever holds it is the agenda's only writer: numbers follow the order of commits, so a reader who has seen number
    N has missed nothing below it, and a check made after it stays true until the commit.
    """
    return session.execute(_take, execution_options={"synchronize_session": False}).scalar_one()


def current_revision(session: Session) -> int:
    """Return the last committed number."""
    return session.execute(_current).scalar_one()


def changes_since(session: Session, since: int) -> Changes:
    """Return what changed after revision `since`, oldest first; appointments come as in `schedule`."""
    revision = current_revision(session)
    if since == revision:
        return Changes(revision, [])
    if since > revision or since < 0:  # a page from before a restored backup
        return Changes(revision, [], reload=True)
    if (session.execute(_backdrop).scalar() or 0) > since:
        return Changes(revision, [], reload=True)
    after = Appointment.revision > since
    rows = session.execute(appointment_rows().where(after).order_by(Appointment.revision).limit(MOST_CHANGES + 1)).all()
    if len(rows) > MOST_CHANGES:
        return Changes(revision, [], reload=True)
    return Changes(revision, list(rows))
