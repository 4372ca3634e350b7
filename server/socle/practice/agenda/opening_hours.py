"""Each practitioner's opening hours: read, and set as a whole."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import asdict
from itertools import pairwise

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.orm import Session

from socle.identity.actor import Actor
from socle.identity.audit import trail
from socle.identity.people.models import Account
from socle.practice.agenda import changes
from socle.practice.agenda.errors import SOMEBODY, HoursChangedMeanwhile, HoursWrong, PartyMissing
from socle.practice.agenda.models import OpeningHours, PractitionerAgenda
from socle.practice.agenda.weekly_hours import Opening

MOST_STRETCHES_A_DAY = 6

_hours = OpeningHours.__table__.c
_read = (
    select(_hours.practitioner_id, _hours.weekday, _hours.from_minute, _hours.to_minute)
    .where(_hours.practitioner_id.in_(bindparam("practitioner_ids", expanding=True)))
    .order_by(_hours.practitioner_id, _hours.weekday, _hours.from_minute)
)


_version = (
    select(PractitionerAgenda.hours_version, Account.display_name)
    .outerjoin(Account, Account.id == PractitionerAgenda.hours_changed_by)
    .where(PractitionerAgenda.practitioner_id == bindparam("number"))
)


def hours_of(session: Session, practitioner_ids: Collection[int]) -> dict[int, list[Opening]]:
    """Return the week of each practitioner named; one without hours has an empty list."""
    found: dict[int, list[Opening]] = defaultdict(list)
    rows = session.execute(_read, {"practitioner_ids": list(practitioner_ids)})
    for practitioner_id, weekday, from_minute, to_minute in rows:
        found[practitioner_id].append(Opening(weekday, from_minute, to_minute))
    return {practitioner_id: found[practitioner_id] for practitioner_id in practitioner_ids}


def hours_version(session: Session, practitioner_id: int) -> int:
    """Return the version of a practitioner's week, for `set_hours`; PartyMissing if they have no agenda."""
    row = session.execute(_version, {"number": practitioner_id}).one_or_none()
    if row is None:
        raise PartyMissing()
    version: int = row.hours_version
    return version


def set_hours(session: Session, actor: Actor, practitioner_id: int, version: int, openings: Iterable[Opening]) -> None:
    """Replace a practitioner's week.

    HoursChangedMeanwhile if `version` is not the present one; HoursWrong if two stretches of a day touch or overlap.
    """
    week = _checked(openings)
    revision = changes.next_revision(session)
    seen = session.execute(_version, {"number": practitioner_id}).one_or_none()
    if seen is None:
        raise PartyMissing()
    if seen.hours_version != version:
        raise HoursChangedMeanwhile(who=seen.display_name or SOMEBODY)
    touch_backdrop(session, practitioner_id, revision, hours_version=version + 1, hours_changed_by=actor.account_id)
    session.execute(delete(OpeningHours).where(OpeningHours.practitioner_id == practitioner_id))
    if week:
        session.execute(insert(OpeningHours), [{"practitioner_id": practitioner_id, **asdict(one)} for one in week])
    trail.record(session, actor, "agenda.hours.set", "account", practitioner_id, ["opening_hours"])


def _checked(openings: Iterable[Opening]) -> list[Opening]:
    week = sorted(openings)
    for earlier, later in pairwise(week):
        if earlier.weekday == later.weekday and later.from_minute <= earlier.to_minute:
            raise HoursWrong()
    if len(week) > 7 * MOST_STRETCHES_A_DAY:
        raise HoursWrong()
    return week


def touch_backdrop(session: Session, practitioner_id: int, revision: int, **values: object) -> None:
    """Tell open pages that this practitioner's hours or absences change; PartyMissing if they have no agenda."""
    touched = session.execute(
        update(PractitionerAgenda)
        .where(PractitionerAgenda.practitioner_id == practitioner_id)
        .values(backdrop_revision=revision, **values)
        .returning(PractitionerAgenda.practitioner_id),
        execution_options={"synchronize_session": False},
    )
    if touched.one_or_none() is None:
        raise PartyMissing()
