"""The day on paper: what each practitioner's sheet holds, before any page is drawn."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from socle.practice.agenda import local_time
from socle.practice.agenda.absences import Away, absences_between
from socle.practice.agenda.practitioners import Practitioner, practitioners
from socle.practice.agenda.schedule import AppointmentRow, appointments_between


@dataclass(frozen=True, slots=True)
class Sheet:
    """One practitioner's day: appointments in order (rows of `schedule`), and the absences that touch it."""

    practitioner: Practitioner
    appointments: list[AppointmentRow]
    absences: list[Away]


def sheets(session: Session, day: date, wanted: Collection[int] | None = None) -> list[Sheet]:
    """Return the day's sheets, one for each practitioner (`wanted`: only these), in the order of the columns."""
    people = [who for who in practitioners(session) if wanted is None or who.id in wanted]
    numbers = [who.id for who in people]
    within = local_time.day_span(day)
    rows = appointments_between(session, numbers, within)
    away = absences_between(session, numbers, within)
    return [
        Sheet(
            who,
            [row for row in rows if row.practitioner_id == who.id],
            [absence for absence in away if absence.practitioner_id == who.id],
        )
        for who in people
    ]
