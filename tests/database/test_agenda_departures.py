"""Somebody who left stays in the agenda while patients still expect them, and no longer."""

from tests.builders.agenda import fill_day, practice

from socle.foundation.clock import SettableClock
from socle.foundation.database import Database
from socle.identity.people.models import Account
from socle.practice.agenda.models import Appointment, Status
from socle.practice.agenda.practitioners import practitioners


def test_booked_patients_keep_a_departed_practitioner_in_sight(database: Database, clock: SettableClock) -> None:
    with database.writing() as session:
        made = practice(session)
        fill_day(session, made)
        for who in made.practitioners:
            account = session.get(Account, who)
            assert account is not None
            account.active = False
    with database.reading() as session:
        expected = {
            one.practitioner_id
            for one in session.query(Appointment)
            if one.status in {Status.BOOKED, Status.ARRIVED} and one.starts_at.date() >= clock.now().date()
        }
        assert expected
        assert {one.id for one in practitioners(session)} == expected
    with database.writing() as session:
        session.query(Appointment).update({"status": Status.CANCELLED})
    with database.reading() as session:
        assert practitioners(session) == []
