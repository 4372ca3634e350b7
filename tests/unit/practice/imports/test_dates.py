"""Birth dates in every shape, with nothing guessed in silence."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socle.practice.imports.dates import read_birth_date
from socle.practice.imports.text import Cell

TODAY = date(2026, 11, 22)


def codes(cell: Cell) -> list[str]:
    return [remark.code for remark in read_birth_date(cell, TODAY).remarks]


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        (date(1967, 2, 28), "1967-02-28"),
        (datetime(1967, 2, 28, 12, 30), "1967-02-28"),  # noqa: DTZ001 - spreadsheets know no zone
        ("28/02/1967", "1967-02-28"),
        ("28-02-1967", "1967-02-28"),
        ("28.02.1967", "1967-02-28"),
        ("1967-02-28", "1967-02-28"),
        ("1967-02-28 00:00:00", "1967-02-28"),
        ("28 février 1967", "1967-02-28"),
        ("1er mars 1950", "1950-03-01"),
        ("née le 3 févr. 1950", "1950-02-03"),
        ("mardi 3 mars 1950", "1950-03-03"),
        ("28021967", "1967-02-28"),
        (3051950.0, "1950-05-03"),
    ],
)
def test_a_whole_date_is_read_without_a_remark(written: Cell, stored: str) -> None:
    read = read_birth_date(written, TODAY)
    assert (read.stored, read.remarks, read.kept) == (stored, (), "")


@pytest.mark.parametrize("cell", [39072.0, 39072, "39072"])
def test_a_spreadsheets_count_of_days_is_read_and_told(cell: Cell) -> None:
    assert read_birth_date(cell, TODAY).stored == "2006-12-21"
    assert codes(cell) == ["birth-serial"]


@pytest.mark.parametrize(
    ("written", "stored", "other", "code"),
    [
        ("25/01/95", "1995-01-25", "", "birth-century-clear"),
        ("24/12/26", "1926-12-24", "", "birth-century-clear"),  # the 24th of December 2026 is still to come
        ("21/05/19", "2019-05-21", "1919-05-21", "birth-century-unsure"),
        ("29/02/52", "1952-02-29", "", "birth-century-clear"),
        ("3 mars 50", "1950-03-03", "", "birth-century-clear"),
        ("150367", "1967-03-15", "", "birth-century-clear"),
    ],
)
def test_two_digits_of_a_year_are_the_latest_not_in_the_future(
    written: str, stored: str, other: str, code: str
) -> None:
    read = read_birth_date(written, TODAY)
    assert (read.stored, read.other) == (stored, other)
    assert codes(written) == [code]


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("12/13/1980", "birth-month-first"),
        ("31/02/1950", "birth-impossible"),
        ("29/02/23", "birth-impossible"),
        ("01/01/2030", "birth-future"),
        (date(1890, 1, 1), "birth-too-old"),
        ("vers Noël", "birth-unreadable"),
        ("'; DROP TABLE patient; --", "birth-unreadable"),
        (1e300, "birth-unreadable"),
        (2.5, "birth-unreadable"),
    ],
)
def test_what_is_no_birth_date_stays_empty_and_is_kept_as_written(written: Cell, code: str) -> None:
    read = read_birth_date(written, TODAY)
    assert read.stored == ""
    assert read.kept
    assert codes(written) == [code]


@pytest.mark.parametrize(
    ("written", "stored"), [("03/1950", "1950-03"), ("1950", "1950"), (1950.0, "1950"), ("00/05/1950", "1950-05")]
)
def test_an_incomplete_date_keeps_what_it_says(written: Cell, stored: str) -> None:
    assert read_birth_date(written, TODAY).stored == stored
    assert codes(written) == ["birth-incomplete"]


@pytest.mark.parametrize("written", [None, "", "-", "néant", "inconnue", "00/00/0000", "?"])
def test_no_date_at_all_is_told(written: Cell) -> None:
    assert read_birth_date(written, TODAY).stored == ""
    assert codes(written) == ["birth-missing"]


@given(
    st.dates(date(1905, 1, 1), TODAY),
    st.sampled_from(["%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%Y-%m-%d", "%d %m %Y", "%d%m%Y"]),
)
def test_every_day_is_read_back_from_every_shape(day: date, shape: str) -> None:
    assert read_birth_date(f"{day:{shape}}", TODAY).stored == day.isoformat()


@given(st.dates(date(1905, 10, 1), TODAY))
def test_a_count_of_days_is_the_day_a_spreadsheet_shows(day: date) -> None:
    assert read_birth_date(float((day - date(1899, 12, 30)).days), TODAY).stored == day.isoformat()


@given(st.dates(date(1930, 1, 1), TODAY))
def test_a_two_digit_year_gives_the_day_or_says_it_is_unsure(day: date) -> None:
    read = read_birth_date(f"{day:%d/%m/%y}", TODAY)
    assert day.isoformat() in {read.stored, read.other}
    assert read.remarks


@given(st.one_of(st.text(max_size=40), st.floats(allow_nan=False), st.integers(-(10**12), 10**12)))
def test_nothing_breaks_the_reading_and_no_date_is_in_the_future(cell: Cell) -> None:
    read = read_birth_date(cell, TODAY)
    assert read.stored <= TODAY.isoformat()
    assert read.stored or read.remarks


@given(st.dates(TODAY + timedelta(days=1), date(2100, 1, 1)))
def test_a_date_to_come_is_never_taken(day: date) -> None:
    assert read_birth_date(day, TODAY).stored == ""
