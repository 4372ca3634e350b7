"""What cells say."""

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socle.practice.imports.text import clean, has_invisible, is_placeholder, meaningful, written


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (1000.0, "1000"),
        (2.5, "2.5"),
        (True, "oui"),
        (None, ""),
        (date(2026, 11, 2), "02/11/2026"),
        (datetime(2026, 11, 2, 14, 30), "02/11/2026 14:30"),  # noqa: DTZ001 - spreadsheets know no zone
        ("  Le\u00a0Goff  ", "Le Goff"),
        ("réglé\r\nen 2 fois", "réglé\nen 2 fois"),
        ("a_x000D_\nb", "a\nb"),
        ("E\u0301tienne", "Étienne"),
        ("Du\x00po\x07nt", "Dupont"),
        ("a\u202eb", "ab"),
    ],
)
def test_a_cell_as_text(cell: object, text: str) -> None:
    assert written(cell) == text  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["-", "--", "@", "?", "néant", "NÉANT", "aucun", "n/a", "NC", "#REF!", "#N/A", "…"])
def test_placeholders_mean_nothing(text: str) -> None:
    assert is_placeholder(text)
    assert meaningful(text) == ""


@pytest.mark.parametrize("text", ["Nc Dupont", "Aucune idée, voir sa fille", "0", "Sansonnet"])
def test_what_only_begins_like_a_placeholder_stays(text: str) -> None:
    assert meaningful(text) == text


@given(st.text(max_size=200))
def test_cleaning_is_done_once_and_leaves_nothing_invisible(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert not has_invisible(once)
