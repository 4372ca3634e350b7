"""The demonstration practice is whole, believable and the same each time, on both databases."""

from datetime import date

import pytest
from sqlalchemy import func, select

from socle.foundation.database import Database, now
from socle.identity.actor import Actor
from socle.identity.people.models import Account
from socle.practice.agenda import practitioners
from socle.practice.agenda.models import Appointment, Status
from socle.practice.demonstration import loading, people
from socle.practice.patients import search
from socle.practice.patients.models import Patient

SIZE = loading.Size(150, date(2026, 9, 1), date(2026, 12, 20))


@pytest.fixture
def loaded(database: Database, actor: Actor) -> Database:
    """A small demonstration practice of two practitioners."""
    with database.writing() as session:
        doctors = [
            Account(username=name, display_name=name, roles=["practitioner"], created_at=now(session))
            for name in ("cmoreau", "tlefevre")
        ]
        session.add_all(doctors)
        session.flush()
        for doctor in doctors:
            practitioners.open_agenda(session, actor, doctor.id)
        loading.load(session, actor, [doctor.id for doctor in doctors], SIZE, seed=7)
    return database


def test_everybody_is_found_by_name_and_the_past_is_past(loaded: Database) -> None:
    with loaded.reading() as session:
        patients = session.scalars(select(Patient)).all()
        assert len(patients) == SIZE.patients
        for patient in patients[:20]:
            name = f"{patient.used_family_name or patient.birth_family_name} {patient.first_given_name}"
            found = search.by_text(session, name, 30)
            assert patient.id in {one.id for one in found.patients}
        by_status = dict(session.execute(select(Appointment.status, func.count()).group_by(Appointment.status)).all())
        assert by_status[Status.SEEN] > 500
        assert by_status[Status.BOOKED] > 50
        late = select(func.count()).where(Appointment.status == Status.BOOKED, Appointment.ends_at <= now(session))
        assert session.scalar(late) == 0


def test_the_same_seed_gives_the_same_people(loaded: Database) -> None:
    expected = [
        (one.birth_family_name, one.first_given_name, one.birth_date)
        for one in people.patients(SIZE.patients, date(2026, 11, 23), 7)
    ]
    columns = (Patient.birth_family_name, Patient.first_given_name, Patient.birth_date)
    with loaded.reading() as session:
        assert [tuple(row) for row in session.execute(select(*columns).order_by(Patient.id))] == expected
