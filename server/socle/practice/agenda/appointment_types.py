"""Kinds of appointment: names, colours, lengths."""

from typing import NamedTuple

from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from socle.identity.actor import Actor
from socle.identity.audit import trail
from socle.practice.agenda.errors import PartyMissing, TypeWrong
from socle.practice.agenda.models import AppointmentType, Colour

LONGEST_NAME = 60


class Kind(NamedTuple):
    """A type as pages show it."""

    id: int
    name: str
    colour: str
    minutes: int
    archived: bool


_type = AppointmentType.__table__.c
_all = select(_type.id, _type.name, _type.colour, _type.minutes, _type.archived).order_by(_type.position, _type.id)


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
        statement = insert(AppointmentType).values(**values, position=position).returning(AppointmentType.id)
        number = session.execute(statement).scalar_one()
    except IntegrityError as error:
        raise TypeWrong() from error
    trail.record(session, actor, "agenda.type.added", "appointment_type", number, values)
    return number


def change_type(
    session: Session, actor: Actor, type_id: int, name: str, colour: str, minutes: int, *, archived: bool
) -> None:
    """Change a type; appointments already booked keep their length. An archived type is no longer offered."""
    values = _checked(name, colour, minutes) | {"archived": archived}
    statement = update(AppointmentType).where(AppointmentType.id == type_id).values(**values)
    try:
        changed = session.execute(statement.returning(AppointmentType.id)).one_or_none()
    except IntegrityError as error:
        raise TypeWrong() from error
    if changed is None:
        raise PartyMissing()
    trail.record(session, actor, "agenda.type.changed", "appointment_type", type_id, values)
