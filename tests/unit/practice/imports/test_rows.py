"""What each line of a file is, and that nothing written on it is lost."""

from collections import Counter
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.builders.sources import opened
from tests.builders.spreadsheets import UntidyPractice, as_csv

from socle.practice.imports import mapping
from socle.practice.imports.reading import Person, Refused
from socle.practice.imports.remarks import WORDS, Remark, remark
from socle.practice.imports.rows import Line, read_rows
from socle.practice.patients.checking import examine
from socle.practice.patients.details import PatientDetails

TODAY = date(2026, 11, 22)


def lines(content: bytes, **changes: str) -> list[Line]:
    source = opened(content)
    layout = mapping.change(mapping.guess(source), changes)
    return list(read_rows(layout, source.rows(layout.sheet), TODAY))


def people(content: bytes) -> list[PatientDetails]:
    return [line.content.details for line in lines(content) if isinstance(line.content, Person)]


def one(header: str, row: str) -> Person:
    (person,) = [line.content for line in lines(f"{header}\n{row}\n".encode())[1:]]
    assert isinstance(person, Person)
    return person


def codes(person: Person) -> list[str]:
    return [each.code for each in person.remarks]


def kinds(content: bytes) -> Counter[str]:
    found: Counter[str] = Counter()
    for line in lines(content):
        said = line.content
        found[
            said.reason.code if isinstance(said, Refused) else said.code if isinstance(said, Remark) else "person"
        ] += 1
    return found


@pytest.mark.parametrize("file", ["spreadsheet", "export"])
def test_every_line_of_an_untidy_file_is_a_person_or_explained(file: str) -> None:
    practice = UntidyPractice()
    found = kinds(practice.spreadsheet() if file == "spreadsheet" else practice.export())
    expected = practice.spreadsheet_people if file == "spreadsheet" else practice.export_people
    assert found["person"] == expected
    assert found["refused-total"] == 1
    assert set(found) <= {"person", "refused-total", "skipped-title", "skipped-header", "skipped-empty"}


def test_a_full_line_becomes_a_patient() -> None:
    header = "Civilité;Nom;Nom de naissance;Prénom;Né(e) le;Portable;E-mail;Adresse;CP;Ville;N° Sécu;Remarques;Médecin"
    row = (
        "Mme;DUPONT;Martin;Anne-Marie;28/02/67;612345678;a@b.fr;3, rue X;6200;NICE;2 67 02 06 088 123 45;VIP €;Dr Noir"
    )
    details = one(header, row).details
    assert (details.used_family_name, details.birth_family_name, details.given_name) == (
        "Dupont",
        "Martin",
        "Anne-Marie",
    )
    assert (details.sex, details.birth_date, details.postal_code, details.city) == ("F", "1967-02-28", "06200", "NICE")
    assert [phone.number for phone in details.phones] == ["0612345678"]
    assert details.nir == "267020608812345"
    assert details.notes == "VIP €\nMédecin : Dr Noir"


def test_a_grown_womans_only_name_is_the_one_she_uses() -> None:
    header = "Civilité;Nom;Prénom;Né(e) le"
    assert one(header, "Mme;Dupont;Anne;28/02/1967").details.birth_family_name == ""
    assert one(header, "Mme;Dupont;Anne;28/02/2020").details.birth_family_name == "Dupont"
    assert one(header, "Mlle;Dupont;Anne;28/02/1967").details.birth_family_name == "Dupont"
    assert one(header, "M.;Dupont;Jean;28/02/1967").details.birth_family_name == "Dupont"


@pytest.mark.parametrize(
    ("row", "code", "kept"),
    [
        ("Dupont;Anne;12/13/1980;;;", "birth-month-first", "Né(e) le : 12/13/1980"),
        ("Dupont;Anne;01/01/2090;;;", "birth-future", "Né(e) le : 01/01/2090"),
        ("Dupont;Anne;01/01/1960;voir sa fille;;", "phone-unreadable", "Tél : voir sa fille"),
        ("Dupont;Anne;01/01/1960;;anne.chez.nous;", "email-unreadable", "E-mail : anne.chez.nous"),
        ("Dupont;Anne;01/01/1960;;;carte perdue", "nir-unreadable", "N° Sécu : carte perdue"),
        ("Dupont;Anne;01/01/1960;;;;en plus", "cells-beyond", "G : en plus"),
    ],
)
def test_what_cannot_be_understood_is_told_and_kept_in_the_notes(row: str, code: str, kept: str) -> None:
    person = one("Nom;Prénom;Né(e) le;Tél;E-mail;N° Sécu", row)
    assert code in codes(person)
    assert kept in person.details.notes.splitlines()


def test_a_wrong_key_is_told_and_refuses_nobody() -> None:
    person = one("Sexe;Nom;Prénom;Né(e) le;NIR", "F;Dupont;Anne;12/03/1980;280037505612399")
    assert person.details.nir == "280037505612399"
    assert codes(person) == ["nir-doubtful"]


def test_a_missing_key_is_only_mentioned() -> None:
    person = one("Sexe;Nom;Prénom;Né(e) le;NIR", "F;Dupont;Anne;12/03/1980;2800375056123")
    assert codes(person) == ["nir-key-missing"]


def test_somebody_without_a_birth_date_or_a_first_name_is_taken_with_a_remark() -> None:
    assert codes(one("Nom;Prénom;Né(e) le", "Dupont;;")) == ["name-given-missing", "birth-missing"]
    assert codes(one("Nom;Prénom;Né(e) le", ";Anne;01/01/1960")) == ["name-family-missing"]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (";;01/01/1960;0612345678", "refused-no-name"),
        ("-;néant;01/01/1960;", "refused-no-name"),
        ("TOTAL;2;;", "refused-total"),
        ("Nombre de patients : 12;;;", "refused-total"),
        ("Nom;Prénom;Né(e) le;Tél", "refused-header"),
        ("N" * 300 + ";Anne;01/01/1960;", "refused-name-unfit"),
        ("N" * 10_001 + ";Anne;01/01/1960;", "refused-cell-too-long"),
        ("123;456;01/01/1960;", "refused-name-unfit"),
    ],
)
def test_a_line_that_is_no_person_is_refused_with_its_reason(row: str, code: str) -> None:
    said = lines(f"Nom;Prénom;Né(e) le;Tél\nMartin;Jean;01/01/1950;\n{row}\n".encode())[2].content
    assert isinstance(said, Refused)
    assert said.reason.code == code


def test_somebody_named_total_is_a_person() -> None:
    assert people("Nom;Prénom;Né(e) le\nTotal;Jean;01/01/1950\n".encode())[0].family_name == "Total"


NASTY = [
    "<script>alert(1)</script>",
    "'; DROP TABLE patient; --",
    "=cmd|' /C calc'!A0",
    "Robert\u202ehcaes",
    "a\x00b\x07c",
    "%(name)s %s {0}",
    "😀" * 20,
]


@pytest.mark.parametrize("nasty", NASTY)
def test_nasty_text_in_every_field_is_only_text(nasty: str) -> None:
    header = ["Nom", "Prénom", "Né(e) le", "Tél", "E-mail", "Adresse", "CP", "Ville", "N° Sécu", "Sexe", "Remarques"]
    said = lines(as_csv([header, [nasty] * len(header)]))[1].content
    if isinstance(said, Person):
        clean, problems = examine(said.details, TODAY)
        assert not problems
        assert clean == said.details
    else:
        assert isinstance(said, Refused)


CELLS = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        ["", "-", "DUPONT", "28/02/67", "0612345678", "a@b.fr", "44000 Nantes", "2800375056123", "M", *NASTY]
    ),
)


@settings(max_examples=60)
@given(st.lists(CELLS, min_size=8, max_size=8))
def test_whatever_stands_on_a_line_the_register_takes_it_or_it_is_refused(cells: list[str]) -> None:
    header = ["Nom", "Prénom", "Né(e) le", "Tél", "E-mail", "CP", "N° Sécu", "Remarques"]
    found = lines(as_csv([header, ["Martin", "Jean", *[""] * 6], cells]))
    for line in found[2:]:
        if isinstance(line.content, Person):
            assert examine(line.content.details, TODAY) == (line.content.details, [])


def test_every_remark_has_words_and_an_unknown_one_is_a_fault() -> None:
    assert all(words.text for words in WORDS.values())
    with pytest.raises(KeyError):
        remark("no-such-remark")
