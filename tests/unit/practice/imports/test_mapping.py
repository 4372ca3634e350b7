"""Which column holds what."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders.sources import opened
from tests.builders.spreadsheets import UntidyPractice

from socle.practice.imports import mapping
from socle.practice.imports.errors import ColumnMissing, FieldMissing, NameColumnMissing, SheetMissing
from socle.practice.imports.fields import REPEATABLE, Field, field_of_title
from socle.practice.imports.mapping import Layout


def guessed(text: str) -> list[str]:
    return [column.field.value for column in mapping.guess(opened(text.encode())).columns]


@pytest.mark.parametrize(
    ("header", "fields"),
    [
        ("Nom;Prénom;DDN;Tél;Mail", "family_name given_names birth_date phone email"),
        ("NOM D'USAGE;NOM DE NAISSANCE;PRENOMS;NE(E) LE", "family_name birth_name given_names birth_date"),
        ("Nom;Nom d'usage;Prénom;Sexe", "birth_name family_name given_names sex"),
        ("Nom;Tél", "full_name phone"),
        ("Patient;Date naissance;Adresse complète;NIR", "full_name birth_date address nir"),
        ("Last name,First name,DOB,Phone,ZIP,City", "family_name given_names birth_date phone postal_code city"),
        (
            "Nom du patient;Prénom du patient;Lieu de naissance;N° de sécurité sociale;Adresse e-mail;Adresse",
            "family_name given_names birth_place nir email address",
        ),
        ("Civilité;Nom;Prénom;Médecin traitant;Remarques", "title family_name given_names keep notes"),
        ("Nom;Prénom;Date de naissance;Date de naissance", "family_name given_names birth_date keep"),
    ],
)
def test_a_header_is_understood(header: str, fields: str) -> None:
    assert guessed(f"{header}\n") == fields.split()


def test_without_a_header_the_values_tell() -> None:
    text = "Mme;DUPONT;Anne;12/03/1950;0612345678;a@b.fr;44000;280037505612357\nM;MARTIN;Jean;13/4/60;;;;\n"
    assert guessed(text) == "title family_name given_names birth_date phone email postal_code nir".split()


def test_the_sheet_of_people_is_chosen_and_its_header_found_below_a_title() -> None:
    layout = mapping.guess(opened(UntidyPractice().spreadsheet()))
    assert (layout.sheet, layout.header_line) == ("Patients", 4)


def test_another_sheet_can_be_asked_for() -> None:
    source = opened(UntidyPractice().spreadsheet())
    assert mapping.guess(source, "Correspondants").header_line == 1
    with pytest.raises(SheetMissing):
        mapping.guess(source, "Factures")


def test_a_header_in_unknown_words_is_still_a_header() -> None:
    layout = mapping.guess(opened(b"Qui;Depuis\nDUPONT Anne;28/02/1967\nMARTIN Jean;12/03/1980\n"))
    assert layout.header_line == 1
    assert [column.field.value for column in layout.columns] == ["full_name", "birth_date"]


def test_a_title_that_somebody_names_is_in_the_header() -> None:
    layout = mapping.guess(opened(b"Liste\nQui;Quoi\nDUPONT Anne;\nMARTIN Jean;\n"), None, ["qui"])
    assert layout.header_line == 2


def layout() -> Layout:
    return mapping.guess(opened(b"Nom;Pr\xc3\xa9nom;Truc\n"))


@pytest.mark.parametrize("column", ["Truc", "truc", "C", "c", "3"])
def test_a_column_is_changed_by_title_letter_or_number(column: str) -> None:
    assert mapping.change(layout(), {column: "city"}).columns[2].field is Field.CITY


def test_a_column_or_a_field_that_does_not_exist_is_told() -> None:
    with pytest.raises(ColumnMissing):
        mapping.change(layout(), {"Chose": "city"})
    with pytest.raises(FieldMissing):
        mapping.change(layout(), {"Truc": "chose"})


def test_nobody_can_be_named_without_a_column_of_names() -> None:
    mapping.check(layout())
    with pytest.raises(NameColumnMissing):
        mapping.check(mapping.change(layout(), {"A": "ignore"}))


@given(st.lists(st.text(max_size=30), min_size=1, max_size=12))
def test_any_header_gives_a_field_to_each_column_and_none_twice(titles: list[str]) -> None:
    fields = mapping._settled(titles, [field_of_title(title) for title in titles])
    assert len(fields) == len(titles)
    once = [field for field in fields if field not in REPEATABLE]
    assert len(once) == len(set(once))


@given(st.permutations(["Nom", "Prénom", "Né(e) le", "Tél", "CP", "Ville", "N° Sécu", "E-mail"]))
def test_the_order_of_the_columns_does_not_matter(titles: list[str]) -> None:
    found = dict(zip(titles, guessed(";".join(titles) + "\n"), strict=True))
    assert found["Nom"] == "family_name"
    assert found["Né(e) le"] == "birth_date"
    assert "keep" not in found.values()
