"""Who is the same person: decided alike from both sides."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders.patients import ANNE, anne, person

from socle.practice.patients.details import PatientDetails, Phone
from socle.practice.patients.matching import block_keys, compare, traits_of

JEAN = person("Dupont", "Jean", "1980-03-12")
PHONE = (Phone("0612345678"),)


@pytest.mark.parametrize(
    ("other", "certainty"),
    [
        (person("DUPONT", "jean", "1980-03-12"), "same"),
        (person("Dupont", "Jean", "1980-12-03"), "likely"),
        (person("Dupont", "Jean", "1980-03-13"), "likely"),
        (person("Dupont", "Jean", ""), "likely"),
        (person("Dupont", "Jean", "1980"), "likely"),
        (person("Dupond", "Jean", "1980-03-12"), "likely"),
        (person("Dupont-Moretti", "Jean", "1980-03-12"), "likely"),
        (person("Dupont", "Jean-Pierre", "1980-03-12"), "likely"),
        (person("Dupont", "Jean", "1952-07-30"), None),
        (person("Dupont", "Marie", "1980-03-12"), None),
        (person("Durand", "Jean", "1980-03-12"), None),
        (person("Dupont", "Zoé", "2015-01-01", phones=PHONE), None),
    ],
)
def test_each_case_is_judged(other: PatientDetails, certainty: str | None) -> None:
    found = compare(traits_of(JEAN), traits_of(other))
    assert (found.certainty if found else None) == certainty


def test_a_married_name_and_a_birth_name_meet() -> None:
    before = person("Martin", "Anne-Marie", "1980-03-12")
    found = compare(traits_of(before), traits_of(ANNE))
    assert found
    assert found.certainty == "same"


def test_a_child_on_a_parents_number_is_another_person() -> None:
    child = person("Le Goff", "Zoé", "2015-01-01", nir=ANNE.nir, phones=ANNE.phones)
    assert compare(traits_of(ANNE), traits_of(child)) is None


def test_a_changed_name_with_the_same_number_and_date_is_likely() -> None:
    remarried = replace(anne(), birth_family_name="Untel", used_family_name="", first_given_name="Claude")
    found = compare(traits_of(ANNE), traits_of(remarried))
    assert found
    assert found.certainty == "likely"


def test_homonyms_born_the_same_day_with_different_numbers_are_left_to_a_person() -> None:
    found = compare(traits_of(replace(JEAN, nir="180037505612333")), traits_of(replace(JEAN, nir="180034410998877")))
    assert found
    assert found.certainty == "likely"


_people = st.builds(
    PatientDetails,
    birth_family_name=st.sampled_from(["Dupont", "Dupond", "Le Goff", "Legoff", "Martin", "Dupont-Martin"]),
    used_family_name=st.sampled_from(["", "Martin", "Durand"]),
    first_given_name=st.sampled_from(["Jean", "Jeanne", "Jean-Pierre", "Pierre", ""]),
    birth_date=st.sampled_from(["", "1980", "1980-03", "1980-03-12", "1980-12-03", "1980-03-13", "1955-01-01"]),
    nir=st.sampled_from(["", "180037505612333", "1800375056123", "255013512345678"]),
    phones=st.sampled_from([(), PHONE, (Phone("0240112233"),)]),
)


@given(_people, _people)
def test_judging_is_symmetric(one: PatientDetails, other: PatientDetails) -> None:
    assert compare(traits_of(one), traits_of(other)) == compare(traits_of(other), traits_of(one))


@given(_people)
def test_a_person_known_by_full_name_and_date_is_the_same_as_themself(one: PatientDetails) -> None:
    found = compare(traits_of(one), traits_of(one))
    if one.first_given_name and len(one.birth_date) == 10:
        assert found
        assert found.certainty == "same"


def test_records_judged_the_same_share_a_key() -> None:
    for other in (person("Martin", "Anne-Marie", ""), person("LE GOFF", "anne marie", "1980-12-03")):
        assert compare(traits_of(ANNE), traits_of(other))
        assert block_keys(ANNE) & block_keys(other)
