"""Telephones and addresses in every shape."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socle.practice.imports.addresses import read_address
from socle.practice.imports.phones import read_phones


@pytest.mark.parametrize(
    "written",
    [
        "06 39 54 86 20",
        "06.39.54.86.20",
        "06-39-54-86-20",
        "06\u00a039\u00a054\u00a086\u00a020",
        "0639548620",
        "639548620",
        "+33 6 39 54 86 20",
        "+33 (0)6 39 54 86 20",
        "0033639548620",
    ],
)
def test_one_number_in_every_shape(written: str) -> None:
    assert [phone.number for phone in read_phones(written).phones] == ["0639548620"]


def test_a_lost_zero_is_put_back_and_told() -> None:
    assert [remark.code for remark in read_phones("639548620").remarks] == ["phone-zero"]
    assert not read_phones("0639548620").remarks


def test_several_numbers_with_words_beside_them() -> None:
    read = read_phones("dom: 0145789632, fille 06 11 22 33 44 / 0145789632")
    assert [(phone.number, phone.label) for phone in read.phones] == [("0145789632", "dom"), ("0611223344", "fille")]


@pytest.mark.parametrize(
    "written", ["12", "voir sa mère", "06 12 34 56 7", "0612345678901234", "<script>alert(1)</script>"]
)
def test_what_is_no_number_is_kept_as_written(written: str) -> None:
    read = read_phones(written)
    assert read.phones == ()
    assert "".join(read.kept).replace(" ", "") == written.replace(" ", "").replace("/", "")
    assert {remark.code for remark in read.remarks} == {"phone-unreadable"}


def test_a_foreign_number_keeps_its_country() -> None:
    assert read_phones("+32 475 12 34 56").phones[0].number == "+32475123456"


@given(st.integers(10**8, 10**9 - 1))
def test_every_french_number_comes_back_from_a_spreadsheets_float(number: int) -> None:
    assert [phone.number for phone in read_phones(str(number)).phones] == [f"0{number}"]


@given(st.text(max_size=60))
def test_no_cell_of_telephones_breaks_the_reading(text: str) -> None:
    read = read_phones(text)
    assert len({phone.number for phone in read.phones}) == len(read.phones)


@pytest.mark.parametrize(
    ("street", "code", "town", "read"),
    [
        ("55, rue Lefèvre, 49000 Angers", "", "", ("55, rue Lefèvre", "49000", "Angers")),
        ("12 rue du 11 novembre\n75011 Paris", "", "", ("12 rue du 11 novembre", "75011", "Paris")),
        ("rue X 06200 Nice cedex 3", "", "", ("rue X", "06200", "Nice cedex 3")),
        ("12 rue de Paris", "", "", ("12 rue de Paris", "", "")),
        ("3 rue X", "6200", "Nice", ("3 rue X", "06200", "Nice")),
        ("3 rue X", "06 200", "Nice", ("3 rue X", "06200", "Nice")),
        ("4, rue Y, 49000 Angers", "49000", "Angers", ("4, rue Y, 49000 Angers", "49000", "Angers")),
        ("9, chemin Z, 2A004 Ajaccio", "", "", ("9, chemin Z", "2A004", "Ajaccio")),
    ],
)
def test_an_address(street: str, code: str, town: str, read: tuple[str, str, str]) -> None:
    assert read_address(street, code, town)[:3] == read


@pytest.mark.parametrize(
    ("code", "said"), [("6200", "postal-zero"), ("2A004", "postal-insee"), ("SW1A", "postal-unreadable")]
)
def test_an_odd_postal_code_is_told_and_kept(code: str, said: str) -> None:
    address = read_address("", code, "X")
    assert [remark.code for remark in address.remarks] == [said]
    assert code in address.postal_code
