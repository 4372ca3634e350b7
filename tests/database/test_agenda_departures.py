"""Somebody who left stays in the agenda while patients still expect them, and no longer; nobody is booked there."""

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session
from tests.builders.agenda import Practice, fill_day, practice, span

from socle.foundation.clock import SettableClock
from socle.foundation.database import Database
from socle.identity.people.models import Account
from socle.practice.agenda import appointments, booking, schedule
from socle.practice.agenda.booking import Booking
from socle.practice.agenda.errors import PractitionerLeft
from socle.practice.agenda.models import Appointment, Status
from socle.practice.agenda.practitioners import practitioners
from socle.practice.agenda.repeating import WeeklyRepeat


def leave(session: Session, *numbers: int) -> None:
    session.execute(update(Account).where(Account.id.in_(numbers)).values(active=False))


def test_booked_patients_keep_a_departed_practitioner_in_sight(database: Database, clock: SettableClock) -> None:
    with database.writing() as session:
        made = practice(session)
        fill_day(session, made)
        leave(session, *made.practitioners)
    with database.reading() as session:
        expected = {
            one.practitioner_id
            for one in session.query(Appointment)
            if one.status in {Status.BOOKED, Status.ARRIVED} and one.starts_at.date() >= clock.now().date()
        }
        assert expected
        assert {one.id for one in practitioners(session)} == expected
        assert not any(one.works_here for one in practitioners(session))
    with database.writing() as session:
        session.query(Appointment).update({"status": Status.CANCELLED})
    with database.reading() as session:
        assert practitioners(session) == []


@pytest.fixture
def left(database: Database) -> Practice:
    """A practice whose first practitioner left, with one patient booked at nine."""
    with database.writing() as session:
        made = practice(session)
        booking.book(session, made.secretary, wanted(made))
        leave(session, made.practitioners[0])
    return made


def wanted(made: Practice, hour: int = 9, who: int = 0) -> Booking:
    return Booking(made.practitioners[who], made.patients[0], made.types[1], span(hour))


def test_nobody_is_booked_with_somebody_who_left(database: Database, left: Practice) -> None:
    with pytest.raises(PractitionerLeft) as refused, database.writing() as session:
        booking.book(session, left.secretary, wanted(left, 11), confirmed=True)
    assert refused.value.details == {"practitioner": "Paul Lemoine"}
    with pytest.raises(PractitionerLeft), database.writing() as session:
        booking.book_series(session, left.secretary, wanted(left, 11), WeeklyRepeat(1, 4), confirmed=True)


def test_their_patients_move_away_and_nobody_moves_in(database: Database, left: Practice) -> None:
    with database.writing() as session:
        number = booking.book(session, left.secretary, wanted(left, who=1))
    with pytest.raises(PractitionerLeft), database.writing() as session:
        appointments.move(session, left.secretary, number, 1, left.practitioners[0], span(15), confirmed=True)
    with database.reading() as session:
        (theirs,) = schedule.appointments_between(session, left.practitioners[:1], span(0, 0, 12 * 60))
    with database.writing() as session:
        appointments.move(session, left.secretary, theirs.id, 1, left.practitioners[0], span(10))
        appointments.move(session, left.secretary, theirs.id, 2, left.practitioners[2], span(10))
    with pytest.raises(PractitionerLeft), database.writing() as session:
        appointments.move(session, left.secretary, theirs.id, 3, left.practitioners[0], span(10))
