"""The feed of changes: one counter for the whole agenda, whose numbers follow the order of commits."""

from dataclasses import dataclass

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from socle.practice.agenda import schedule
from socle.practice.agenda.models import AgendaRevision, PractitionerAgenda
from socle.practice.agenda.schedule import AppointmentRow

MOST_CHANGES = 200
"""Above this many changes a page does better to load its days again."""

_take = update(AgendaRevision).values(value=AgendaRevision.value + 1).returning(AgendaRevision.value)
_now = select(
    AgendaRevision.__table__.c.value,
    select(func.coalesce(func.max(PractitionerAgenda.__table__.c.backdrop_revision), 0)).scalar_subquery(),
)


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


@dataclass(frozen=True, slots=True)
class Revisions:
    """The last committed number, and the number at which hours, absences or the people last changed."""

    agenda: int
    backdrop: int


def revisions(session: Session) -> Revisions:
    """Return how far the agenda has come."""
    return Revisions(*session.execute(_now).one())


def changes_since(session: Session, since: int) -> Changes:
    """Return what changed after revision `since`, oldest first; appointments come as in `schedule`."""
    come = revisions(session)
    if since == come.agenda:
        return Changes(come.agenda, [])
    # A number we never gave is from before a restored backup.
    if not 0 <= since < come.agenda or come.backdrop > since:
        return Changes(come.agenda, [], reload=True)
    rows = schedule.changed_after(session, since, MOST_CHANGES + 1)
    too_many = len(rows) > MOST_CHANGES
    return Changes(come.agenda, [] if too_many else rows, reload=too_many)
