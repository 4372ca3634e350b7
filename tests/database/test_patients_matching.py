"""Likely duplicates, found from either side, one by one and in bulk."""

from dataclasses import replace

from sqlalchemy import event
from tests.builders.patients import ANNE, anne, person

from socle.foundation.database import Database
from socle.identity.actor import Actor
from socle.practice.patients import matching, registry
from socle.practice.patients.details import PatientDetails, Phone

TWINS: list[tuple[PatientDetails, PatientDetails]] = [
    (ANNE, person("MARTIN", "anne marie", "1980-03-12")),
    (ANNE, anne(birth_date="1980-12-03")),
    (ANNE, person("Le Gof", "Anne-Marie", "", phones=(Phone("0612345678"),))),
    (ANNE, person("Untel", "Anne", "1980-03-12", nir="2800375056123")),
    (person("Gauthier", "Philippe", "1962-05-01"), person("Gautier", "Filipe", "1962-05-01")),
    (person("Petit", "Luc"), person("Petit", "Luc", "1990-01-01")),
]


def test_each_of_two_finds_the_other(database: Database, actor: Actor) -> None:
    for one, other in TWINS:
        for first, second in ((one, other), (other, one)):
            with database.writing() as session:
                number = registry.create(session, actor, first)
                found = matching.likely_duplicates(session, second)
                assert [match.patient.id for match in found] == [number], (first, second)
                assert found[0].reasons
                registry.remove_unused(session, actor, [number])


def test_a_patient_is_no_duplicate_of_themself(database: Database, actor: Actor) -> None:
    with database.writing() as session:
        number = registry.create(session, actor, ANNE)
        assert matching.likely_duplicates(session, ANNE, besides=number) == []


def test_an_archived_patient_is_found_too(database: Database, actor: Actor) -> None:
    with database.writing() as session:
        number = registry.create(session, actor, ANNE)
        registry.archive(session, actor, number)
        (match,) = matching.likely_duplicates(session, ANNE)
    assert match.patient.archived


def test_many_people_are_matched_in_few_queries(database: Database, actor: Actor) -> None:
    def someone(number: int) -> PatientDetails:
        family = "".join(chr(97 + int(digit)) for digit in f"{number:05d}")
        return person(f"Famille{family}", f"Prenom{family}", f"{1930 + number % 90}-{number % 12 + 1:02d}-15")

    with database.writing() as session:
        numbers = registry.create_many(session, actor, [someone(number) for number in range(600)])
    queries: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *arguments: queries.append(arguments[2]))
    wanted = [someone(number) for number in range(300, 900)]
    wanted[0] = replace(wanted[0], birth_date="")
    with database.reading() as session:
        found = matching.find_matches(session, wanted)
    assert [[match.patient.id for match in matches if match.certainty == "same"] for matches in found] == [
        [],
        *([number] for number in numbers[301:]),
        *([] for _ in range(300)),
    ]
    assert [match.certainty for match in found[0]] == ["likely"]
    assert len(queries) <= 5
