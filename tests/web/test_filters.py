"""How dates, ages and telephone numbers are written; the short ways through lists say the same as the long ones."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import phonenumbers
import pytest
from flask import Flask
from tests.parts import door

from socle.foundation.clock import SettableClock
from socle.foundation.database import Database
from socle.web.apps import staff_app
from socle.web.kit import filters


@pytest.fixture
def app(database: Database, clock: SettableClock, tmp_path: Path) -> Iterator[Flask]:
    app = staff_app(door.tools(database, clock, tmp_path))
    with app.test_request_context("/", headers={"Accept-Language": "fr"}):
        yield app


def test_french_numbers_are_written_as_phonenumbers_would(app: Flask) -> None:
    for number in ("0123456789", "0612345678", "0712345678", "0912345678", "0690000239", "0800123456", "0892123456"):
        national = phonenumbers.format_number(phonenumbers.parse(number, "FR"), phonenumbers.PhoneNumberFormat.NATIONAL)
        assert filters.phone(number) == national
        assert filters.phone(f"+33{number[1:]}") == national
    assert filters.phone("+41791234567") == "+41 79 123 45 67"
    assert filters.phone("le soir") == "le soir"
    assert filters.phone(None) == ""


def test_dates_known_in_part_are_written_in_part(app: Flask) -> None:
    assert filters.short_date("1980-03-12") == filters.short_date(date(1980, 3, 12)) == "12/03/1980"
    assert filters.short_date("1980-03") == "03/1980"
    assert filters.short_date("1980") == "1980"
    assert filters.short_date("") == ""


def test_ages_are_counted_at_the_practices_day(app: Flask) -> None:
    assert filters.age("1980-11-23") == "46 ans"
    assert filters.age("1980-11-24") == "45 ans"
    assert filters.age("2026-11-20") == "3 jours"
    assert filters.age("2025-10-23") == "13 mois"


def test_each_request_speaks_its_own_language(database: Database, clock: SettableClock, tmp_path: Path) -> None:
    app = staff_app(door.tools(database, clock, tmp_path))
    for language, years, day in (("fr", "46 ans", "12/03/1980"), ("en", "46 years", "12 Mar 1980")) * 2:
        with app.test_request_context("/", headers={"Accept-Language": language}):
            assert (filters.age("1980-11-23"), filters.short_date("1980-03-12")) == (years, day)
