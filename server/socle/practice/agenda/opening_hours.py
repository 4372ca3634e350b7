"""Each practitioner's opening hours: read, and set as a whole."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from itertools import pairwise

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.orm import Session

from socle.identity.actor import Actor
from socle.identity.audit import trail
from socle.practice.agenda import changes
from socle.practice.agenda.errors import HoursWrong, PartyMissing
from socle.practice.agenda.models import OpeningHours, PractitionerAgenda
from socle.practice.agenda.weekly_hours import Opening

MOST_STRETCHES_A_DAY = 6

_hours = OpeningHours.__table__.c
_read = (
    select(_hours.practitioner_id, _hours.weekday, _hours.from_minute, _hours.to_minute)
    .where(_hours.practitioner_id.in_(bindparam("practitioner_ids", expanding=True)))
    .order_by(_hours.practitioner_id, _hours.weekday, _hours.from_minute)
)


def hours_of(session: Session, practitioner_ids: Collection[int]) -> dict[int, list[Opening]]:
    """Return the week of each practitioner named; one without hours has an empty list."""
    found: dict[int, list[Opening]] = defaultdict(list)
    rows = session.execute(_read, {"practitioner_ids": list(practitioner_ids)})
    for practitioner_id, weekday, from_minute, to_minute in rows:
        found[practitioner_id].append(Opening(weekday, from_minute, to_minute))
    return {practitioner_id: found[practitioner_id] for practitioner_id in practitioner_ids}


def set_hours(session: Session, actor: Actor, practitioner_id: int, openings: Iterable[Opening]) -> None:
    """Replace a practitioner's week; HoursWrong if two stretches of a day touch or overlap."""
    week = sorted(openings)
    for earlier, later in pairwise(week):
        if earlier.weekday == later.weekday and later.from_minute <= earlier.to_minute:
            raise HoursWrong()
    if len(week) > 7 * MOST_STRETCHES_A_DAY:
        raise HoursWrong()
    touch_backdrop(session, practitioner_id, changes.next_revision(session))
    session.execute(delete(OpeningHours).where(OpeningHours.practitioner_id == practitioner_id))
    if week:
        rows = [
            {
                "practitioner_id": practitioner_id,
                "weekday": opening.weekday,
                "from_minute": opening.from_minute,
                "to_minute": opening.to_minute,
            }
            for opening in week
        ]
        session.execute(insert(OpeningHours), rows)
    trail.record(session, actor, "agenda.hours.set", "account", practitioner_id, ["opening_hours"])


def touch_backdrop(session: Session, practitioner_id: int, revision: int) -> None:
    """Tell open pages that this practitioner's hours or absences change; PartyMissing if they have no agenda."""
    touched = session.execute(
        update(PractitionerAgenda)
        .where(PractitionerAgenda.practitioner_id == practitioner_id)
        .values(backdrop_revision=revision)
        .returning(PractitionerAgenda.practitioner_id),
        execution_options={"synchronize_session": False},
    )
    if touched.one_or_none() is None:
        raise PartyMissing()
