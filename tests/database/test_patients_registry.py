"""The register of patients on both databases: nothing lost, nothing half-written, every change in the trail."""

import pytest
from sqlalchemy import func, select
from tests.builders.patients import ANNE, anne, person

from socle.foundation.clock import SettableClock
from socle.foundation.database import Database
from socle.identity.actor import Actor
from socle.identity.audit.models import AuditEntry
from socle.practice.patients import keys, registry, summaries
from socle.practice.patients.errors import PatientChanged, PatientInvalid, PatientMissing
from socle.practice.patients.models import NameToken, Patient, PatientKey, PatientNameToken


def _actions(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.execute(select(AuditEntry.action).order_by(AuditEntry.at, AuditEntry.id)).scalars())


def test_a_created_patient_is_read_back_whole_and_the_reading_is_recorded(database: Database, actor: Actor) -> None:
    with database.writing() as session:
        number = registry.create(session, actor, ANNE)
    with database.writing() as session:
        stored = registry.read(session, actor, number)
    assert stored.details == ANNE
    assert stored.version == 1
    assert stored.changed_by == actor.name
    assert sorted(_actions(database)) == ["patient.create", "patient.read"]


def test_an_unknown_patient_is_missing(database: Database, actor: Actor) -> None:
    with database.writing() as session, pytest.raises(PatientMissing):
        registry.read(session, actor, 404)
    assert _actions(database) == []


def test_an_edit_replaces_the_keys_and_names_the_changed_fields_only(database: Database, actor: Actor) -> None:
    with database.writing() as session:
        number = registry.create(session, actor, ANNE)
    with database.writing() as session:
        assert registry.edit(session, actor, number, 1, anne(used_family_name="Durand", city="Rezé")) == 2
    with database.reading() as session:
        tokens = set(session.execute(select(PatientNameToken.token)).scalars())
        fields = session.execute(select(AuditEntry.fields).where(AuditEntry.action == "patient.edit")).scalar_one()
    assert "durand" in tokens
    assert "goff" not in tokens
    assert fields == ["city", "used_family_name"]


def test_saving_without_a_change_writes_nothing(database: Database, actor: Actor) -> None:
    with database.writing() as session:
        number = registry.create(session, actor, ANNE)
    with database.writing() as session:
        assert registry.edit(session, actor, number, 1, ANNE) == 1
    assert _actions(database) == ["patient.create"]


def test_the_second_of_two_editors_learns_who_was_first(database: Database, actor: Actor, practitioner: Actor) -> None:
    with database.writing() as session:
        number = registry.create(session, actor, ANNE)
    with database.writing() as session:
        registry.edit(session, practitioner, number, 1, anne(city="Rezé"))
    with database.writing() as session, pytest.raises(PatientChanged) as refused:
        registry.edit(session, actor, number, 1, anne(alerts="allergie"))
    assert refused.value.by == practitioner.name
    assert refused.value.version == 2
    with database.reading() as session:
        assert registry.find(session, number).details == anne(city="Rezé")


def test_an_invalid_edit_changes_nothing(database: Database, actor: Actor) -> None:
    with database.writing() as session:
        number = registry.create(session, actor, ANNE)
    with database.writing() as session, pytest.raises(PatientInvalid) as refused:
        registry.edit(session, actor, number, 1, anne(birth_date="12/03/2080", birth_family_name="x" * 101))
    assert {remark.field for remark in refused.value.remarks} == {"birth_date", "birth_family_name"}
    with database.reading() as session:
        assert registry.find(session, number).details == ANNE


def test_archiving_is_undone_in_one_step(database: Database, actor: Actor) -> None:
    with database.writing() as session:
        number = registry.create(session, actor, ANNE)
        registry.archive(session, actor, number)
        registry.archive(session, actor, number)
    with database.reading() as session:
        assert registry.find(session, number).archived
        assert summaries.find_by_ids(session, [number])[number].archived
    with database.writing() as session:
        registry.restore(session, actor, number)
    with database.reading() as session:
        assert not registry.find(session, number).archived
    assert sorted(_actions(database)) == ["patient.archive", "patient.create", "patient.restore"]


def test_many_patients_come_in_at_once_with_one_entry(database: Database, actor: Actor) -> None:
    people = [person(f"Famille{chr(97 + i % 26)}", f"Prénom{i % 7}", f"19{i % 90 + 10}") for i in range(1203)]
    with database.writing() as session:
        numbers = registry.create_many(session, actor, people)
    assert len(set(numbers)) == 1203
    with database.reading() as session:
        found = summaries.find_by_ids(session, numbers)
        assert [found[number].family_name for number in numbers] == [someone.birth_family_name for someone in people]
        words = list(session.execute(select(NameToken.token)).scalars())
    assert len(words) == len(set(words)) == 26 + 7
    assert _actions(database) == ["patient.create_many"]


def test_the_derived_rows_are_those_of_the_pure_function(
    database: Database, actor: Actor, clock: SettableClock
) -> None:
    with database.writing() as session:
        number = registry.create(session, actor, ANNE)
    expected = keys.rows_for(ANNE, number, at=clock.now(), by=actor.name)
    with database.reading() as session:
        tokens = session.execute(select(PatientNameToken.__table__)).mappings().all()
        found = session.execute(select(PatientKey.__table__)).mappings().all()
        stored = session.execute(select(Patient.__table__)).mappings().one()
    by_token = lambda row: row["token"]  # noqa: E731
    assert sorted(map(dict, tokens), key=by_token) == sorted(expected.tokens, key=by_token)
    assert sorted(row["key"] for row in found) == sorted(row["key"] for row in expected.keys)
    assert dict(stored) == expected.patient


def test_taking_back_leaves_what_was_changed_since(database: Database, actor: Actor) -> None:
    with database.writing() as session:
        numbers = registry.create_many(session, actor, [person("Un", "A"), person("Deux", "B"), person("Trois", "C")])
    with database.writing() as session:
        registry.edit(session, actor, numbers[1], 1, person("Deux", "B", alerts="asthme"))
    with database.writing() as session:
        assert registry.remove_unused(session, actor, numbers) == [numbers[1]]
    with database.reading() as session:
        assert session.execute(select(func.count()).select_from(Patient)).scalar_one() == 1
        assert set(session.execute(select(PatientNameToken.patient_id)).scalars()) == {numbers[1]}
