"""How dates, ages, names, telephone numbers and money are written, in both languages."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from flask import Flask, request
from flask_babel import Babel

from socle.foundation.clock import Clock, SettableClock
from socle.foundation.toolbox import Toolbox
from socle.web.kit import filters, unit_of_work

MOMENT = datetime(2026, 11, 23, 13, 30, tzinfo=UTC)
NO_BREAK = "\u00a0"


@pytest.fixture
def app(clock: SettableClock) -> Flask:
    """The least a page needs: the practice's time, two languages, the test's clock."""
    app = Flask("filters")
    app.config["BABEL_DEFAULT_TIMEZONE"] = "Europe/Paris"
    Babel(app, locale_selector=lambda: request.accept_languages.best_match(["fr", "en"]))
    tools = Toolbox()
    tools.provide(Clock, lambda: clock)
    unit_of_work.install(app, tools)
    return app


@pytest.fixture
def language() -> str:
    """The language of the page, unless a test asks for another."""
    return "fr"


@pytest.fixture(autouse=True)
def page(app: Flask, language: str) -> Iterator[None]:
    """A request in that language."""
    with app.test_request_context(headers={"Accept-Language": language}):
        yield


in_english = pytest.mark.parametrize("language", ["en"])


def test_a_moment_is_written_at_the_practice_s_time() -> None:
    assert filters.long_date(MOMENT).replace(NO_BREAK, " ") == "lun. 23 nov. 2026, 14 h 30"


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (datetime(2026, 3, 29, 0, 59, tzinfo=UTC), "1 h 59"),
        (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), "3 h 00"),
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "2 h 30"),
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), "2 h 30"),
    ],
)
def test_the_clock_changes_twice_a_year(moment: datetime, words: str) -> None:
    assert filters.clock_time(moment).replace(NO_BREAK, " ") == words


def test_a_moment_late_in_the_evening_in_utc_is_the_next_day_here() -> None:
    assert filters.short_date(datetime(2026, 12, 31, 23, 30, tzinfo=UTC)) == "01/01/2027"


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(1980, 3, 1), "01/03/1980"),
        ("1980-03-01", "01/03/1980"),
        ("1980-03", "03/1980"),
        ("1980-03-00", "03/1980"),
        ("1980", "1980"),
        ("", ""),
        (None, ""),
        ("en mars", "en mars"),
    ],
)
def test_a_birth_date_may_be_known_in_part(day: date | str | None, words: str) -> None:
    assert filters.short_date(day) == words


@pytest.mark.parametrize(
    ("born", "words"),
    [
        ("1980-11-23", "46 ans"),
        ("1980-11-24", "45 ans"),
        ("2024-11-24", "23 mois"),
        ("2026-10-20", "34 jours"),
        ("2025-11-23", "12 mois"),
        ("1980-11", "environ 46 ans"),
        ("2027-01-01", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_an_age_is_in_the_unit_care_needs(born: str | None, words: str) -> None:
    assert filters.age(born) == words


def test_born_on_29_february_one_grows_older_on_1_march() -> None:
    assert filters.age("2000-02-29", date(2026, 2, 28)) == "25 ans"
    assert filters.age("2000-02-29", date(2026, 3, 1)) == "26 ans"


def person(**fields: str) -> dict[str, str]:
    return {"used_family_name": "", "birth_family_name": "", "used_given_name": "", "sex": "", **fields}


@pytest.mark.parametrize(
    ("who", "words"),
    [
        (
            person(used_family_name="Dupont", birth_family_name="Martin", used_given_name="Anne-Marie", sex="F"),
            "Mme DUPONT Anne-Marie (née Martin)",
        ),
        (person(birth_family_name="Leroy", used_given_name="Paul", sex="M"), "M. LEROY Paul"),
        (person(used_family_name="Élie", birth_family_name="ÉLIE", used_given_name="Zoé", sex="F"), "Mme ÉLIE Zoé"),
        (person(used_family_name="Roux"), "ROUX"),
        (person(used_family_name="Roux", birth_family_name="Blanc"), "ROUX (né(e) Blanc)"),
    ],
)
def test_a_person_is_named_as_one_is_called(who: dict[str, str], words: str) -> None:
    assert filters.person_name(who) == words


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("+33612345678", "06 12 34 56 78"),
        ("0612345678", "06 12 34 56 78"),
        ("+3225551234", "+32 2 555 12 34"),
        ("poste 12", "poste 12"),
        ("", ""),
        (None, ""),
    ],
)
def test_a_phone_number_is_written_in_pairs(typed: str | None, words: str) -> None:
    assert filters.phone(typed) == words


def test_money_has_its_cents_and_its_sign() -> None:
    assert filters.money(Decimal("48.39")) == f"48,39{NO_BREAK}€"
    assert filters.money(0) == f"0,00{NO_BREAK}€"


@pytest.mark.parametrize(
    ("octets", "words"),
    [(0, "0 o"), (999, "999 o"), (1000, "1 ko"), (3_200_000, "3,2 Mo"), (999_999, "1000 ko"), (10**15, "1000 To")],
)
def test_a_size_has_the_unit_people_know(octets: int, words: str) -> None:
    assert filters.file_size(octets).replace("\u202f", " ") == words


def test_an_age_of_something_is_plain(clock: SettableClock) -> None:
    assert filters.ago(clock.now() - timedelta(hours=3)) == "il y a 3 heures"
    assert filters.ago(clock.now() + timedelta(days=2)) == "dans 2 jours"
    assert filters.ago(clock.now() - timedelta(seconds=20)) == "à l’instant"
    assert filters.ago(None) == ""


@pytest.mark.parametrize(("part", "whole", "done"), [(0, 0, 0), (1, 3, 33), (3, 3, 100), (5, 3, 100), (-1, 3, 0)])
def test_percent_stays_between_nothing_and_all(part: int, whole: int, done: int) -> None:
    assert filters.percent(part, whole) == done


@in_english
def test_english_has_its_own_ways() -> None:
    assert filters.long_date(MOMENT) == "Mon 23 Nov 2026, 14:30"
    assert filters.short_date("1980-03-01") == "1 Mar 1980"
    assert filters.money(Decimal("1248.39")) == "€1,248.39"
    assert filters.age("1980-11-23") == "46 years"
    assert filters.file_size(3_200_000) == "3.2 MB"
