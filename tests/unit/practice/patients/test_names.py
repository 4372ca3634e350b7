"""Folding and sound of names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socle.practice.patients.names import compact, fold, joined, sound, words


@pytest.mark.parametrize(
    ("typed", "folded"),
    [
        ("Œuvrard", "oeuvrard"),
        ("LÆTITIA", "laetitia"),
        ("Le Goff-Kerdaniel", "le goff kerdaniel"),
        ("d’Artagnan", "d artagnan"),
        ("D'ARTAGNAN", "d artagnan"),
        ("  Éléonore\u00a0Zoë ", "eleonore zoe"),
        ("E\u0301le\u0301onore", "eleonore"),
        ("Łukasz Ærø Straße", "lukasz aero strasse"),
        ("--", ""),
        ("\x00\ud800", ""),
    ],
)
def test_what_makes_no_difference_is_folded_away(typed: str, folded: str) -> None:
    assert fold(typed) == folded


@given(st.text(max_size=200))
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(max_size=200))
def test_a_folded_name_holds_no_sign_a_pattern_could_take_for_its_own(text: str) -> None:
    assert not set(fold(text)) & set("%_#\\'\"\x00")


def test_words_are_distinct_and_bounded() -> None:
    assert words("Anne-Marie", "marie Claude") == ["anne", "marie", "claude"]
    assert len(words(" ".join(str(number) + "a" for number in range(1000)))) == 16
    assert len(words("x" * 10_000)[0]) == 60


def test_missing_hyphens_and_spaces_are_foreseen() -> None:
    assert joined("De La Tour") == ["dela", "latour", "delatour"]
    assert joined("Anne-Marie", "Paul") == ["annemarie"]
    assert compact("Le Goff") == compact("LEGOFF") == "legoff"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("philippe", "filipe"),
        ("gauthier", "gautier"),
        ("dupont", "dupond"),
        ("leroy", "leroi"),
        ("schmitt", "schmidt"),
        ("moreau", "moro"),
        ("quentin", "kantin"),
    ],
)
def test_names_that_sound_alike(one: str, other: str) -> None:
    assert sound(one) == sound(other)


@pytest.mark.parametrize(("one", "other"), [("martin", "bertin"), ("leroy", "legros"), ("anne", "jeanne")])
def test_names_that_do_not(one: str, other: str) -> None:
    assert sound(one) != sound(other)
