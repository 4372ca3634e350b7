"""Search as people type, the same on both databases."""

import pytest
from tests.builders.patients import ANNE, person

from socle.foundation.database import Database
from socle.identity.actor import Actor
from socle.practice.patients import registry, search
from socle.practice.patients.details import PatientDetails, Phone

PEOPLE = {
    "anne": ANNE,
    "jean": person("Martin", "Jean", "1980-11-02", phones=(Phone("0699887766"),)),
    "jeanne": person("Martin", "Jeanne", "1955-01-30"),
    "martine": person("Durand", "Martine", "1980-03-12", nir="280032A05612339"),
    "oeuvrard": person("Œuvrard", "Zoé", "2012-02-29"),
    "oconnor": person("O'Connor", "Anaïs", "1944-07-17", phones=(Phone("+41791234567"),)),
    "philippe": person("Gauthier", "Philippe", "1962"),
    "schmidt": person("Schmidt", "Rémy", "1940-08"),
    "da_silva": person("Da Silva", "Nicole", ""),
}


@pytest.fixture
def practice(database: Database, actor: Actor) -> dict[int, str]:
    """The people above, by number."""
    with database.writing() as session:
        return {registry.create(session, actor, details): name for name, details in PEOPLE.items()}


def _find(database: Database, practice: dict[int, str], text: str) -> list[str]:
    with database.reading() as session:
        return [practice[patient.id] for patient in search.by_text(session, text).patients]


TYPED: list[tuple[str, list[str]]] = [
    ("martin", ["jean", "jeanne", "anne", "martine"]),
    ("MARTIN", ["jean", "jeanne", "anne", "martine"]),
    ("marti jean", ["jean", "jeanne"]),
    ("jean martin", ["jean", "jeanne"]),
    ("jeanne martin", ["jeanne"]),
    ("le goff", ["anne"]),
    ("LEGOFF", ["anne"]),
    ("le-goff anne", ["anne"]),
    ("anne marie", ["anne"]),
    ("annemarie", ["anne"]),
    ("eleonore", ["anne"]),
    ("Mme LE GOFF née MARTIN", ["anne"]),
    ("oeuvrard", ["oeuvrard"]),
    ("ŒUV", ["oeuvrard"]),
    ("zoe", ["oeuvrard"]),
    ("oconnor", ["oconnor"]),
    ("O’Connor", ["oconnor"]),
    ("connor", ["oconnor"]),
    ("anais", ["oconnor"]),
    ("12/03/1980", ["anne", "martine"]),
    ("12 mars 1980", ["anne", "martine"]),
    ("12031980", ["anne", "martine"]),
    ("120380", ["anne", "martine"]),
    ("12-03-80", ["anne", "martine"]),
    ("12 03 1980", ["anne", "martine"]),
    ("1980-03-12", ["anne", "martine"]),
    ("1962", ["philippe"]),
    ("août 1940", ["schmidt"]),
    ("08/1940", ["schmidt"]),
    ("martin 1980", ["jean", "anne", "martine"]),
    ("1980 jean", ["jean"]),
    ("durand 12/03/1980", ["martine"]),
    ("jean 12/03/1980", []),
    ("06 12 34", ["anne"]),
    ("0612345678", ["anne"]),
    ("06.12.34.56.78", ["anne"]),
    ("+33 6 12 34 56 78", ["anne"]),
    ("0033612345678", ["anne"]),
    ("612345678", ["anne"]),
    ("5678", ["anne"]),
    ("7766", ["jean"]),
    ("34 56 78", ["anne"]),
    ("martin 0699", ["jean"]),
    ("+41 79 123", ["oconnor"]),
    ("0041791234567", ["oconnor"]),
    ("2 80 03 75 056", ["anne"]),
    ("280037505612357", ["anne"]),
    ("280037505612300", ["anne"]),
    ("2 80 03 2A 056", ["martine"]),
    ("280032a05612339", ["martine"]),
    ("anne.legoff@exemple.fr", ["anne"]),
    ("anne.leg@", []),
    ("xyzxyz", []),
    ("", []),
    ("   ", []),
    ("%", []),
    ("_", []),
    ("' or 1=1 --", []),
    ("\x00martin", ["jean", "jeanne", "anne", "martine"]),
    ("🙂", []),
    ("\ud800", []),
    ("9" * 500, []),
    ("a" * 1_000_000, []),
]


def test_what_is_typed_finds_whom_it_means(database: Database, practice: dict[int, str]) -> None:
    assert [(text, _find(database, practice, text)) for text, _expected in TYPED] == TYPED


MISTYPED: list[tuple[str, list[str]]] = [
    ("matrin jeanne", ["jeanne"]),
    ("Schimdt", ["schmidt"]),
    ("shmidt", ["schmidt"]),
    ("filipe", ["philippe"]),
    ("gautier", ["philippe"]),
    ("gotier filippe", ["philippe"]),
    ("oconor", ["oconnor"]),
    ("dasilav", ["da_silva"]),
    ("durandt martine", ["martine"]),
    ("martine duramd 1980", ["martine"]),
]


def test_a_typing_error_is_forgiven_and_said(database: Database, practice: dict[int, str]) -> None:
    assert [(text, _find(database, practice, text)) for text, _expected in MISTYPED] == MISTYPED
    with database.reading() as session:
        assert [text for text, _expected in MISTYPED if not search.by_text(session, text).approximate] == []


def test_a_name_added_later_is_in_the_dictionary_at_once(database: Database, actor: Actor) -> None:
    with database.writing() as session:
        registry.create(session, actor, person("Kowalski", "Ewa"))
    with database.reading() as session:
        assert search.by_text(session, "kowalksi").approximate
        assert not search.by_text(session, "leclrec").patients
    with database.writing() as session:
        number = registry.create(session, actor, person("Leclerc", "Luc"))
    with database.reading() as session:
        assert [patient.id for patient in search.by_text(session, "leclrec").patients] == [number]


def test_archived_patients_come_last(database: Database, actor: Actor) -> None:
    with database.writing() as session:
        first = registry.create(session, actor, person("Adam", "Alain", "1970-05-05"))
        second = registry.create(session, actor, person("Adam", "Zoé", "1970-05-05"))
        registry.archive(session, actor, first)
    with database.reading() as session:
        for text in ("adam", "05/05/1970", "adam 1970"):
            found = search.by_text(session, text).patients
            assert [patient.id for patient in found] == [second, first]
            assert [patient.archived for patient in found] == [False, True]
        assert [patient.id for patient in search.listed(session).patients] == [second]


def test_a_common_name_gives_thirty_and_says_there_are_more(database: Database, actor: Actor) -> None:
    with database.writing() as session:
        registry.create_many(session, actor, [person("Petit", f"Léa {chr(97 + i)}") for i in range(26)] * 4)
    with database.reading() as session:
        found = search.by_text(session, "petit")
        assert len({patient.id for patient in found.patients}) == 30
        assert found.more
        assert search.by_text(session, "petit lea", limit=10).more
        assert len(search.by_text(session, "peitt", limit=10).patients) == 10


def test_the_list_goes_on_after_any_patient(database: Database, practice: dict[int, str]) -> None:
    with database.reading() as session:
        whole = search.listed(session, limit=100)
        seen: list[int] = []
        after = None
        for _page in range(10):
            found = search.listed(session, after, limit=2)
            seen += [patient.id for patient in found.patients]
            after = seen[-1]
            if not found.more:
                break
    assert seen == [patient.id for patient in whole.patients]
    assert [practice[number] for number in seen][:3] == ["da_silva", "martine", "philippe"]


def test_very_long_names_are_found_by_their_beginning(database: Database, actor: Actor) -> None:
    long = PatientDetails(
        birth_family_name="De " + "Montmorency-" * 8,
        first_given_name="Ж" * 100,
        birth_given_names="Ж" * 200,
        used_family_name="語" * 100,
        used_given_name=" ".join("abcdefghijklmnopqrstuvwxyz" * 2)[:100],
    )
    with database.writing() as session:
        number = registry.create(session, actor, long)
    with database.reading() as session:
        for text in ("montmoren", "Ж" * 10, "語" * 60):
            assert [patient.id for patient in search.by_text(session, text).patients] == [number]
