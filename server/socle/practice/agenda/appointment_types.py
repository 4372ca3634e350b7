"""Kinds of appointment: names, colours, lengths."""

from typing import NamedTuple

from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from socle.foundation.errors import SocleError
from socle.identity.actor import Actor
from socle.identity.audit import trail
from socle.identity.people.models import Account
from socle.practice.agenda.errors import SOMEBODY, PartyMissing, TypeChangedMeanwhile, TypeWrong
from socle.practice.agenda.models import AppointmentType, Colour

LONGEST_NAME = 60


class Kind(NamedTuple):
    """A type as pages show it."""

    id: int
    name: str
    colour: str
    minutes: int
    archived: bool
    version: int


_type = AppointmentType.__table__.c
_all = select(_type.id, _type.name, _type.colour, _type.minutes, _type.archived, _type.version).order_by(
    _type.position, _type.id
)
_changed_by = (
    select(Account.display_name)
    .select_from(AppointmentType)
    .outerjoin(Account, Account.id == AppointmentType.changed_by)
    .where(AppointmentType.id == bindparam("number"))
)


def appointment_types(session: Session) -> list[Kind]:
    """Return every type, archived ones included (old appointments still show them), in their order."""
    return [Kind(*row) for row in session.execute(_all)]


def _checked(name: str, colour: str, minutes: int) -> dict[str, object]:
    name = " ".join(name.split())
    named = 1 <= len(name) <= LONGEST_NAME and name.isprintable()
    if not named or colour not in set(Colour) or not 5 <= minutes <= 720:
        raise TypeWrong()
    return {"name": name, "colour": colour, "minutes": minutes}


def add_type(session: Session, actor: Actor, name: str, colour: str, minutes: int) -> int:
    """Add a type at the end of the list and return its number; TypeWrong if it makes no sense or the name is taken."""
    values = _checked(name, colour, minutes)
    position = session.execute(select(func.coalesce(func.max(AppointmentType.position), 0) + 1)).scalar_one()
    try:
        line = {**values, "position": position, "changed_by": actor.account_id}
        statement = insert(AppointmentType).values(line).returning(AppointmentType.id)
        number = session.execute(statement).scalar_one()
    except IntegrityError as error:
        raise TypeWrong() from error
    trail.record(session, actor, "agenda.type.added", "appointment_type", number, values)
    return number


def change_type(
    session: Session, actor: Actor, type_id: int, version: int, name: str, colour: str, minutes: int, *, archived: bool
) -> None:
    """Change a type; appointments already booked keep their length. An archived type is no longer offered.

    TypeChangedMeanwhile if `version` is not the present one; TypeWrong; PartyMissing.
    """
    values = _checked(name, colour, minutes) | {"archived": archived}
    statement = (
        update(AppointmentType)
        .where(AppointmentType.id == type_id, AppointmentType.version == version)
        .values(**values, version=AppointmentType.version + 1, changed_by=actor.account_id)
    )
    try:
        changed = session.execute(statement.returning(AppointmentType.id)).one_or_none()
    except IntegrityError as error:
        raise TypeWrong() from error
    if changed is None:
        raise _refusal(session, type_id)
    trail.record(session, actor, "agenda.type.changed", "appointment_type", type_id, values)


def _refusal(session: Session, type_id: int) -> SocleError:
    row = session.execute(_changed_by, {"number": type_id}).one_or_none()
    return PartyMissing() if row is None else TypeChangedMeanwhile(who=row.display_name or SOMEBODY)
