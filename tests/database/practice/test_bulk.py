"""A crowd for measuring is found and booked like any patient, on both databases."""

import pytest
from sqlalchemy import func, select

from socle.foundation.database import Database
from socle.identity.actor import Actor
from socle.practice.demonstration import bulk
from socle.practice.patients import registry
from socle.practice.patients.details import PatientDetails
from socle.practice.patients.models import NameToken, Patient, PatientKey, PatientNameToken


def test_the_crowd_is_there(database: Database, actor: Actor) -> None:
    with database.writing() as session:
        filled = bulk.fill(session, actor, 120, 700, 7)
    assert (len(filled.practitioners), filled.patients, filled.appointments) == (1, 120, 700)
    with database.reading() as session:
        for table in (PatientNameToken, PatientKey):
            assert session.execute(select(func.count(func.distinct(table.patient_id)))).scalar_one() == 120
        known = set(session.execute(select(NameToken.token)).scalars())
        assert known == set(session.execute(select(PatientNameToken.token)).scalars())


def test_the_next_patient_takes_the_next_number(database: Database, actor: Actor) -> None:
    with database.writing() as session:
        bulk.fill(session, actor, 5, 0, 7)
        new = registry.create(session, actor, PatientDetails(birth_family_name="Suivant", first_given_name="Anne"))
    assert new == 6


def test_a_practice_with_patients_is_left_alone(database: Database, actor: Actor) -> None:
    with database.writing() as session:
        bulk.fill(session, actor, 5, 0, 7)
    with pytest.raises(bulk.PracticeNotEmpty), database.writing() as session:
        bulk.fill(session, actor, 5, 0, 7)
    with database.reading() as session:
        assert session.execute(select(func.count()).select_from(Patient)).scalar_one() == 5
