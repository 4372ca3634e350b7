"""Cleaning and refusing: every field, bad input of every kind, and what only looks odd."""

from datetime import date
from typing import Any

import pytest
from tests.builders.patients import ANNE, anne, person

from socle.practice.patients import birth, identifiers, phones
from socle.practice.patients.checking import doubts, examine
from socle.practice.patients.details import LIMITS, PatientDetails, Phone

TODAY = date(2026, 11, 23)


def _fields(details: PatientDetails) -> list[str]:
    return [problem.field for problem in examine(details, TODAY)[1]]


def test_clean_details_stay_as_they_are() -> None:
    assert examine(ANNE, TODAY) == (ANNE, [])
    assert doubts(ANNE) == []


def test_typed_shapes_become_stored_shapes() -> None:
    typed = anne(
        birth_family_name="  Martin\u00a0 ",
        birth_date="12 mars 1980",
        nir="2 80 03 75 056 123 57",
        birth_place_code="2a004",
        phones=(Phone("+33 6 12 34 56 78"), Phone("  "), Phone("02.40.11.22.33", " domicile ")),
        address="12, rue des Tilleuls\r\n  Bâtiment B\t",
        emails=("", "anne.legoff@exemple.fr"),
    )
    clean, problems = examine(typed, TODAY)
    assert problems == []
    assert clean.birth_family_name == "Martin"
    assert clean.birth_date == "1980-03-12"
    assert clean.nir == "280037505612357"
    assert clean.birth_place_code == "2A004"
    assert clean.phones == (Phone("0612345678"), Phone("0240112233", "domicile"))
    assert clean.address == "12, rue des Tilleuls\nBâtiment B"
    assert clean.emails == ("anne.legoff@exemple.fr",)


def test_a_used_name_equal_to_the_birth_name_is_no_used_name() -> None:
    clean, _problems = examine(person("Martin", "Anne", used_family_name="Martin", used_given_name="Anne"), TODAY)
    assert (clean.used_family_name, clean.used_given_name) == ("", "")


@pytest.mark.parametrize("field", sorted(LIMITS))
def test_every_text_has_its_limit(field: str) -> None:
    for value in ("A" * (LIMITS[field] + 1), "A" * 10_000_000):
        assert field in _fields(anne(**{field: value}))


@pytest.mark.parametrize("field", sorted(LIMITS))
@pytest.mark.parametrize("sign", ["\x00", "\x07", "\x1b", "\ud800", "\u202e"])
def test_invisible_signs_are_refused_in_every_text(field: str, sign: str) -> None:
    problems = examine(anne(**{field: f"A{sign}B"}), TODAY)[1]
    assert f"U+{ord(sign):04X}" in [problem.details.get("sign") for problem in problems if problem.field == field]


@pytest.mark.parametrize("field", sorted(LIMITS))
@pytest.mark.parametrize("value", [None, 12, b"x", ["x"]])
def test_wrong_types_are_refused_field_by_field(field: str, value: Any) -> None:
    assert field in _fields(anne(**{field: value}))


def test_markup_and_sql_are_plain_text() -> None:
    clean, problems = examine(person("<script>alert(1)</script>", "Robert'); DROP TABLE patient;--"), TODAY)
    assert problems == []
    assert clean.first_given_name == "Robert'); DROP TABLE patient;--"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"birth_family_name": "", "used_family_name": " "}, "birth_family_name"),
        ({"first_given_name": "123"}, "first_given_name"),
        ({"birth_date": "24/11/2026"}, "birth_date"),
        ({"birth_date": "12/03/1700"}, "birth_date"),
        ({"birth_date": "31/02/1980"}, "birth_date"),
        ({"birth_date": "hier"}, "birth_date"),
        ({"birth_date": None}, "birth_date"),
        ({"sex": "X"}, "sex"),
        ({"birth_place_code": "7505"}, "birth_place_code"),
        ({"ins": "280037505612357", "ins_oid": "1.2.3"}, "ins_oid"),
        ({"identity_status": "qualified"}, "identity_status"),
        ({"identity_status": "retrieved"}, "identity_status"),
        ({"identity_status": "validated", "birth_date": "1980"}, "identity_status"),
        ({"emails": ("anne.legoff",)}, "emails"),
        ({"emails": ("a@b.fr",) * 5}, "emails"),
        ({"phones": (Phone("0612345678"),) * 7}, "phones"),
        ({"phones": (Phone("0" * 10_000_000),)}, "phones"),
        ({"phones": (Phone(12),)}, "phones"),  # type: ignore[arg-type]
    ],
)
def test_what_cannot_be_kept_is_said_at_its_field(changes: dict[str, Any], field: str) -> None:
    assert _fields(anne(**changes)) == [field] or (field == "birth_date" and field in _fields(anne(**changes)))


def test_an_ins_without_authority_is_a_nir() -> None:
    clean, _problems = examine(anne(ins="2 80 03 75 056 123 57"), TODAY)
    assert clean.ins_oid == "1.2.250.1.213.1.4.8"


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("12/03/1980", "1980-03-12"),
        ("12-3-80", "1980-03-12"),
        ("25.01.95", "1995-01-25"),
        ("21/05/19", "2019-05-21"),
        ("04/02/88", "1988-02-04"),
        ("13 novembre 2016", "2016-11-13"),
        ("1er août 1940", "1940-08-01"),
        ("12031980", "1980-03-12"),
        ("03/1980", "1980-03"),
        ("00/03/1980", "1980-03"),
        ("00/00/1980", "1980"),
        ("1980", "1980"),
        ("1980-03-12", "1980-03-12"),
        ("29/02/2011", None),
        ("29/02/2012", "2012-02-29"),
        ("12/13/1980", None),
        ("", None),
    ],
)
def test_french_dates_are_read(typed: str, stored: str | None) -> None:
    assert birth.parse(typed, TODAY) == stored


def test_ages_are_counted_in_whole_years() -> None:
    assert birth.age("1980-11-23", TODAY) == 46
    assert birth.age("1980-11-24", TODAY) == 45
    assert birth.age("2024-02-29", TODAY) == 2
    assert birth.age("1980", TODAY) == 46
    assert birth.age("", TODAY) is None


@pytest.mark.parametrize("number", ["295109912611193", "253072A07300443", "253072B07300470", "279035121518989"])
def test_a_right_key_raises_no_doubt(number: str) -> None:
    assert identifiers.doubts("nir", number) == []


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("295109912611199", "key"),
        ("2951099126111", "93"),
        ("29510991261119", "14"),
        ("2951099X2611193", "sign"),
    ],
)
def test_a_wrong_number_says_why_and_is_kept(number: str, said: str) -> None:
    (doubt,) = identifiers.doubts("nir", number)
    assert said in doubt.text % doubt.details
    clean, problems = examine(anne(nir=number), TODAY)
    assert problems == []
    assert clean.nir == number


def test_a_number_that_contradicts_the_person_raises_a_doubt() -> None:
    assert len(identifiers.doubts("nir", ANNE.nir, "M", "1980-03-12")) == 1
    assert len(identifiers.doubts("nir", ANNE.nir, "F", "2015-01-01")) == 1
    assert doubts(anne(ins="194052203228988", ins_oid="1.2.250.1.213.1.4.10")) == []
    assert [doubt.field for doubt in doubts(anne(ins="194052203228988", ins_oid="1.2.250.1.213.1.4.8"))] == ["ins"]


@pytest.mark.parametrize(
    ("typed", "stored", "shown"),
    [
        ("06-48-25-73-40", "0648257340", "06 48 25 73 40"),
        ("+33 6 90 00 02 39", "0690000239", "06 90 00 02 39"),
        ("0033257674922", "0257674922", "02 57 67 49 22"),
        ("622818594", "0622818594", "06 22 81 85 94"),
        ("+33 (0)6 12 34 56 78", "0612345678", "06 12 34 56 78"),
        ("+41 79 123 45 67", "+41791234567", "+41 79 123 45 67"),
        ("le soir", "le soir", "le soir"),
    ],
)
def test_telephones_have_one_stored_shape(typed: str, stored: str, shown: str) -> None:
    assert phones.canonical(typed) == stored
    assert phones.shown(stored) == shown


def test_an_odd_telephone_is_kept_with_a_doubt() -> None:
    clean, problems = examine(anne(phones=(Phone("le soir"),)), TODAY)
    assert problems == []
    assert [doubt.field for doubt in doubts(clean)] == ["phones"]
