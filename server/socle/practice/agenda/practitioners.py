"""Whose agendas there are."""

from typing import NamedTuple

from sqlalchemy import bindparam, insert, select
from sqlalchemy.orm import Session

from socle.foundation.database import now
from socle.identity.actor import Actor, Role
from socle.identity.audit import trail
from socle.identity.people.models import Account
from socle.practice.agenda import changes, local_time
from socle.practice.agenda.errors import PartyMissing, PractitionerLeft
from socle.practice.agenda.models import Appointment, PractitionerAgenda, Status


class Practitioner(NamedTuple):
    """A person with an agenda, as its column shows them. `works_here`: their account is open, so they can be booked."""

    id: int
    name: str
    profession: str
    works_here: bool = True


_account, _agenda = Account.__table__.c, PractitionerAgenda.__table__.c
_open = (
    select(_account.id, _account.display_name, _account.profession, _account.active)
    .join_from(PractitionerAgenda.__table__, Account.__table__, _agenda.practitioner_id == _account.id)
    .order_by(_agenda.position, _account.display_name)
)

_left = select(_account.display_name).where(_account.id == bindparam("number"), _account.active.is_(False))
_expected = (
    select(Appointment.id)
    .where(
        Appointment.practitioner_id == bindparam("who"),
        Appointment.starts_at >= bindparam("today"),
        Appointment.status.in_((Status.BOOKED, Status.ARRIVED)),
    )
    .limit(1)
)


def practitioners(session: Session) -> list[Practitioner]:
    """Return everybody who has an agenda and works here or is still expected by a patient, in the columns' order.

    Somebody who left stays shown until their booked patients are moved or cancelled: hidden, nobody would tell them.
    """
    rows = session.execute(_open).all()
    return [Practitioner(*row) for row in rows if row.active or _is_expected(session, row.id)]


def refuse_if_left(session: Session, practitioner_id: int) -> None:
    """Raise PractitionerLeft if this person's account is closed: patients booked there can only be moved away."""
    left = session.execute(_left, {"number": practitioner_id}).one_or_none()
    if left is not None:
        raise PractitionerLeft(practitioner=left.display_name)


def _is_expected(session: Session, practitioner_id: int) -> bool:
    today = local_time.day_span(local_time.local_day(now(session))).start
    return session.execute(_expected, {"who": practitioner_id, "today": today}).first() is not None


def without_agenda(session: Session) -> list[Practitioner]:
    """Return the practitioners' accounts that have no agenda yet."""
    rows = session.execute(
        select(Account.id, Account.display_name, Account.profession, Account.roles)
        .outerjoin(PractitionerAgenda, PractitionerAgenda.practitioner_id == Account.id)
        .where(Account.active, PractitionerAgenda.practitioner_id.is_(None))
        .order_by(Account.display_name)
    )
    return [Practitioner(*row[:3]) for row in rows if Role.PRACTITIONER in row.roles]


def open_agenda(session: Session, actor: Actor, account_id: int) -> None:
    """Give a practitioner an agenda, as the last column; nothing happens if they have one."""
    if session.get(PractitionerAgenda, account_id) is not None:
        return
    if session.get(Account, account_id) is None:
        raise PartyMissing()
    revision = changes.next_revision(session)
    values = {"practitioner_id": account_id, "position": len(practitioners(session)), "backdrop_revision": revision}
    session.execute(insert(PractitionerAgenda).values(values))
    trail.record(session, actor, "agenda.opened", "account", account_id)
