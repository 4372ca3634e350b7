"""Home of the day: what comes next, the day as a list, and what is left to do."""

from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, render_template, url_for
from sqlalchemy.orm import Session

from socle.foundation.database import now
from socle.practice.agenda import local_time, loose_ends
from socle.practice.agenda.appointment_types import appointment_types
from socle.practice.agenda.loose_ends import STILL_OPEN
from socle.practice.agenda.practitioners import Practitioner, practitioners
from socle.practice.agenda.schedule import AppointmentRow, appointments_between
from socle.web.kit import viewer
from socle.web.kit.language import ngettext
from socle.web.kit.permissions import CLINIC, SIGNED_IN, allow
from socle.web.kit.unit_of_work import reading
from socle.web.staff.agenda import words

blueprint = Blueprint(
    "home", __name__, template_folder="templates", static_folder="static", static_url_path="/home/static"
)


@dataclass(frozen=True, slots=True)
class Task:
    """Something left to do, and where to do it."""

    text: str
    href: str


@blueprint.get("/")
@allow(*SIGNED_IN)
def show() -> str:
    """Show a practitioner their own day, a secretary everybody's; who does not work with patients sees neither."""
    if viewer.actor().roles.isdisjoint(CLINIC):
        return render_template("staff/home/outside.html")
    with reading() as session:
        people = _whose(practitioners(session))
        numbers = [who.id for who in people]
        moment = now(session)
        day = local_time.local_day(moment)
        rows = appointments_between(session, numbers, local_time.day_span(day))
        kinds = {kind.id: kind for kind in appointment_types(session)}
        tasks = _tasks(session, numbers)
    rows.sort(key=lambda row: (row.starts_at, row.practitioner_id))
    coming = [row for row in rows if row.ends_at > moment]
    return render_template(
        "staff/home/day.html",
        day=day,
        people={who.id: who.name for who in people},
        next_ones=_next(coming),
        coming=coming,
        past=[row for row in rows if row.ends_at <= moment],
        moment=moment,
        kinds=kinds,
        statuses=words.statuses(),
        tasks=tasks,
    )


def _whose(people: list[Practitioner]) -> list[Practitioner]:
    own = [who for who in people if who.id == viewer.actor().account_id]
    return own or people


def _next(coming: list[AppointmentRow]) -> list[AppointmentRow]:
    """Return each practitioner's present or next appointment."""
    found: dict[int, AppointmentRow] = {}
    for row in coming:
        if row.status in STILL_OPEN:
            found.setdefault(row.practitioner_id, row)
    return sorted(found.values(), key=_start)


def _start(row: AppointmentRow) -> datetime:
    starts_at: datetime = row.starts_at
    return starts_at


def _tasks(session: Session, numbers: list[int]) -> list[Task]:
    tasks = []
    if found := loose_ends.past_and_open(session, numbers):
        text = ngettext(
            "A past appointment is neither kept nor missed",
            "%(num)s past appointments are neither kept nor missed",
            found.count,
        )
        tasks.append(Task(text, url_for("agenda.show", date=found.first_day.isoformat())))
    if found := loose_ends.booked_while_away(session, numbers):
        text = ngettext(
            "An appointment is booked during an absence",
            "%(num)s appointments are booked during an absence",
            found.count,
        )
        tasks.append(Task(text, url_for("agenda.show", date=found.first_day.isoformat())))
    return tasks
