"""Telling names apart in what people type."""

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from socle.practice.imports import names
from socle.practice.imports.names import read_family_name, read_full_name, tidy
from socle.practice.patients.names import fold


@pytest.mark.parametrize(
    ("written", "title", "family", "birth", "given_names"),
    [
        ("Mme RICHARD Arnaude (née Jacob)", "F", "Richard", "Jacob", "Arnaude"),
        ("Mme DUPONT née MARTIN Anne-Marie", "F", "Dupont", "Martin", "Anne-Marie"),
        ("Anne-Marie DUPONT née MARTIN", "", "Dupont", "Martin", "Anne-Marie"),
        ("Mme LE GOFF née DELAUNAY Élisabeth", "F", "Le Goff", "Delaunay", "Élisabeth"),
        ("Mme DE LA TOUR D'AUVERGNE née POULAIN Claude", "F", "De La Tour d'Auvergne", "Poulain", "Claude"),
        ("M de la tour d'auvergne Hugues-Denis", "M", "De La Tour d'Auvergne", "", "Hugues-Denis"),
        ("M DUPONT ép. BERNARD Vincent", "M", "Bernard", "Dupont", "Vincent"),
        ("M dupont ÉPOUSE bernard Aimé", "M", "Bernard", "Dupont", "Aimé"),
        ("Mme O'Connor Anaïs", "F", "O'Connor", "", "Anaïs"),
        ("M. N’Guyen Jules", "M", "N'Guyen", "", "Jules"),
        ("M Ÿ Augustin-Vincent", "M", "Ÿ", "", "Augustin-Vincent"),
        ("Mme Ÿ née FOUCHER Monique", "F", "Ÿ", "Foucher", "Monique"),
        ("M Strauß Louis", "M", "Strauß", "", "Louis"),
        ("Mlle AÇIKGÖZ Zoé", "F", "Açikgöz", "", "Zoé"),
        ("M Da Costa Timothée-Martin", "M", "Da Costa", "", "Timothée-Martin"),
        ("Monsieur pinto Théodore", "M", "Pinto", "", "Théodore"),
        ("Jean DUPONT", "", "Dupont", "", "Jean"),
        ("DUPONT, Jean", "", "Dupont", "", "Jean"),
        ("van der Berg Piet", "", "van der Berg", "", "Piet"),
        ("Dupont", "", "Dupont", "", ""),
        ("Mme", "F", "", "", ""),
        ("", "", "", "", ""),
    ],
)
def test_a_whole_name_is_taken_apart(written: str, title: str, family: str, birth: str, given_names: str) -> None:
    name = read_full_name(written)
    assert (name.title, name.family, name.birth, name.given) == (title, family, birth, given_names)


@pytest.mark.parametrize("written", ["DUPONT JEAN PIERRE", "Martin Jean Pierre"])
def test_an_order_that_nothing_shows_is_remarked_on(written: str) -> None:
    name = read_full_name(written)
    assert [remark.code for remark in name.remarks] == ["name-order"]
    assert name.given == "Jean Pierre"


def test_two_people_on_one_line_are_remarked_on_and_have_no_sex() -> None:
    name = read_full_name("M. et Mme DUPONT")
    assert (name.family, name.title) == ("Dupont", "")
    assert [remark.code for remark in name.remarks] == ["name-two-people"]


def test_a_married_name_in_the_column_of_names_tells_both() -> None:
    name = read_family_name("DUPONT ÉP. BERNARD")
    assert (name.family, name.birth) == ("Bernard", "Dupont")


@given(st.text(max_size=80))
def test_no_text_breaks_the_reading(text: str) -> None:
    name = read_full_name(text)
    read_family_name(text)
    assert all(isinstance(part, str) for part in name[:5])


@given(
    st.lists(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZÉÈÇ", min_size=2, max_size=10), min_size=1, max_size=2),
    st.text("abcdefghijklmnopqrstuvwxyzéèç", min_size=2, max_size=10),
)
@example(["ET"], "aa")
def test_capitals_then_a_first_name_lose_no_letter(family: list[str], given_name: str) -> None:
    written = {fold(word) for word in (*family, given_name)}
    assume(not written & (names._MEN | names._WOMEN | names._OTHER_TITLES | names._BORN | names._MARRIED))
    name = read_full_name(f"{' '.join(family)} {given_name.capitalize()}")
    assert name.family.upper() == " ".join(family)
    assert name.given == given_name.capitalize()


@given(st.text(max_size=60))
def test_tidying_changes_only_the_case(text: str) -> None:
    assert tidy(text).casefold() == text.lower().casefold() or tidy(text) == text
