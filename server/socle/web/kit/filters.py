"""How dates, ages, names, telephone numbers and money are written on every page, in French and in English.

Moments are aware datetimes, shown at the practice's time; a `date` or an ISO text ("1980-03-01", also the partial
"1980-03" and "1980" of an identity whose birth day is unknown) is shown as it is. Nothing at all gives "".
"""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache, partial
from typing import NamedTuple

import phonenumbers
from babel.dates import format_date, format_skeleton, format_timedelta
from babel.numbers import format_currency, format_decimal
from flask import Flask, g

from socle.foundation.clock import PARIS, Clock
from socle.foundation.errors import N_
from socle.web.kit.language import counted, gettext, language, said
from socle.web.kit.unit_of_work import tool

Day = date | datetime | str | None
_GIVEN_NAMES = ("used_given_name", "first_given_name", "birth_given_names")
_DIALLED_BY_PAIRS = re.compile(r"0[1-79]\d{8}")
_WHOLE_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_ISO = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?(?:[T ].*)?$")


def long_date(value: Day) -> str:
    """Return "lun. 23 nov. 2026", with ", 14 h 30" for a moment."""
    if isinstance(value, datetime):
        return f"{long_date(_local(value).date())}, {clock_time(value)}"
    if isinstance(value, str):
        return _from_text(value, long_date, {1: "y", 2: "MMMM y"})
    return _day(value, "EEE d MMM y", language()) if value else ""


def short_date(value: Day) -> str:
    """Return "23/11/2026"; in English "23 Nov 2026", which nobody reads as the other order."""
    if isinstance(value, datetime):
        return short_date(_local(value).date())
    if isinstance(value, str):
        if len(value) == 10 and "-00" not in value and _WHOLE_DAY.fullmatch(value) and language() == "fr":
            return f"{value[8:]}/{value[5:7]}/{value[:4]}"  # the one shape that fills whole lists
        return _from_text(value, short_date, {1: "y", 2: "MM/y"})
    pattern = "dd/MM/y" if language() == "fr" else "d MMM y"
    return _day(value, pattern, language()) if value else ""


def clock_time(value: datetime | None) -> str:
    """Return "14 h 30" on one line; in English "14:30"."""
    if value is None:
        return ""
    local = _local(value)
    return f"{local.hour}\u00a0h\u00a0{local.minute:02}" if language() == "fr" else f"{local.hour}:{local.minute:02}"


def month(value: Day) -> str:
    """Return "novembre 2026"."""
    if isinstance(value, str):
        return _from_text(value, month, {1: "y", 2: "MMMM y"})
    return str(format_skeleton("yMMMM", value, locale=language())) if value else ""


def age(born: Day, on: date | None = None) -> str:
    """Return "46 ans"; months under two years and days under two months, as care of infants needs."""
    parts = _parts(born)
    return _age(language(), parts, on or today()) if parts else ""


def _age(language: str, parts: tuple[int, ...], day: date) -> str:
    if len(parts) < 3:
        return counted(language, "about %(num)s year", "about %(num)s years", max(0, day.year - parts[0]))
    months = (day.year - parts[0]) * 12 + day.month - parts[1] - (day.day < parts[2])
    if months >= 24:
        return counted(language, "%(num)s year", "%(num)s years", months // 12)
    days = (day - date(*parts)).days
    if days < 0:
        return ""
    if months < 2:
        return counted(language, "%(num)s day", "%(num)s days", days)
    return counted(language, "%(num)s month", "%(num)s months", months)


def born_with_age(birth_date: str, day: date) -> str:
    """Return "12/03/1980 (46 ans)" for a birth date as patients have it; "" for none."""
    return _born_with_age(language(), birth_date, day)


@lru_cache(maxsize=4096)
def _born_with_age(language: str, birth_date: str, day: date) -> str:
    parts = _parts(birth_date)
    years = _age(language, parts, day) if parts else ""
    return f"{short_date(birth_date)} ({years})" if years else short_date(birth_date)


def ago(value: datetime | None) -> str:
    """Return a plain age: "il y a 3 heures"; "dans 2 jours" for a moment to come."""
    if value is None:
        return ""
    passed = value - tool(Clock).now()
    if abs(passed) < timedelta(minutes=1):
        return str(gettext("just now"))
    return str(format_timedelta(passed, add_direction=True, threshold=1.2, locale=language()))


def duration(seconds: float | None) -> str:
    """Return how long something took or will take: "3 min"."""
    if seconds is None:
        return ""
    return str(format_timedelta(timedelta(seconds=seconds), threshold=1.4, format="short", locale=language()))


def person_name(person: object, *, civility: bool = True) -> str:
    """Return "Mme DUPONT Anne-Marie (née Martin)" for a patient, or anything with the same names of fields."""
    read = person.get if isinstance(person, Mapping) else partial(getattr, person)
    used, birth = read("used_family_name", None) or "", read("birth_family_name", None) or ""
    given = next(filter(None, (read(name, None) for name in _GIVEN_NAMES)), "")
    words = name_words()
    return full_name(words if civility else words._replace(titles={}), read("sex", None) or "", used, birth, given)


class NameWords(NamedTuple):
    """The words around a name, by sex, in one language."""

    titles: Mapping[str, str]
    born: Mapping[str, str]


def name_words() -> NameWords:
    """Return the words in the reader's language; a list asks once for all its lines."""
    return _name_words(language())


@lru_cache(maxsize=4)
def _name_words(language: str) -> NameWords:
    born = {"F": N_("née %(name)s"), "M": N_("né %(name)s"), "": N_("né(e) %(name)s")}
    return NameWords(
        {"F": said(language, N_("Ms")), "M": said(language, N_("Mr"))},
        {sex: said(language, text) for sex, text in born.items()},
    )


def full_name(words: NameWords, sex: str, used: str, birth: str, given: str) -> str:
    """Return a name as `person_name` does, from its parts."""
    name = f"{(used or birth).upper()} {given}".strip()
    title = words.titles.get(sex)
    if title:
        name = f"{title} {name}"
    if not used or not birth or used.casefold() == birth.casefold():
        return name
    born = words.born.get(sex) or words.born[""]
    return f"{name} ({born % {'name': birth}})"


def phone(number: str | None) -> str:
    """Return "06 12 34 56 78"; a foreign number with its country, and what is no number as it was typed."""
    if not number:
        return ""
    if number.startswith("+33"):
        number = f"0{number[3:]}"
    if _DIALLED_BY_PAIRS.fullmatch(number):
        return f"{number[:2]} {number[2:4]} {number[4:6]} {number[6:8]} {number[8:]}"
    try:
        parsed = phonenumbers.parse(number, "FR")
    except phonenumbers.NumberParseException:
        return number
    if not phonenumbers.is_possible_number(parsed):
        return number
    style = phonenumbers.PhoneNumberFormat
    return phonenumbers.format_number(parsed, style.NATIONAL if parsed.country_code == 33 else style.INTERNATIONAL)


def money(euros: Decimal | int | None) -> str:
    """Return "48,39 €"."""
    return "" if euros is None else str(format_currency(euros, "EUR", locale=language()))


def number(value: float | Decimal | None) -> str:
    """Return "1 200" with the language's separators."""
    return "" if value is None else str(format_decimal(value, locale=language()))


def file_size(octets: int | None) -> str:
    """Return "3,2 Mo"; in English "3.2 MB"."""
    if octets is None:
        return ""
    letter = "o" if language() == "fr" else "B"
    thousands = min(4, (len(str(octets)) - 1) // 3)
    size = octets / 1000**thousands
    pattern = "0" if thousands == 0 or size >= 100 else "0.#"
    unit = ("", "k", "M", "G", "T")[thousands] + letter
    return f"{format_decimal(size, format=pattern, locale=language())} {unit}"


def percent(part: float, whole: float) -> int:
    """Return how much of `whole` is done, 0 to 100; 0 of nothing is 0."""
    return min(100, max(0, int(100 * part / whole))) if whole else 0


def install(app: Flask) -> None:
    """Give every template the filters."""
    filters = (long_date, short_date, month, age, ago, duration, person_name, phone, money, number, file_size, percent)
    app.jinja_env.filters.update({each.__name__: each for each in filters})
    app.jinja_env.filters["time"] = clock_time


def today() -> date:
    """Return the practice's day, found once in a request."""
    known: date | None = g.get("day_of_filters")
    if known is None:
        known = g.day_of_filters = _local(tool(Clock).now()).date()
    return known


@lru_cache(maxsize=2048)
def _day(day: date, pattern: str, language: str) -> str:
    """Write a day; kept, since a file names the same few days again and again and babel takes its time."""
    return str(format_date(day, pattern, locale=language))


def _local(moment: datetime) -> datetime:
    return moment.astimezone(PARIS)


def _parts(day: Day) -> tuple[int, ...]:
    if isinstance(day, datetime):
        day = _local(day).date()
    if isinstance(day, date):
        return day.year, day.month, day.day
    if day and _WHOLE_DAY.fullmatch(day) and "-00" not in day:
        return int(day[:4]), int(day[5:7]), int(day[8:])
    found = _ISO.match(day or "")
    if not found:
        return ()
    known = []
    for part in found.groups():
        if part is None or not int(part):
            break
        known.append(int(part))
    return tuple(known)


def _from_text(text: str, write: Callable[[date], str], partial: Mapping[int, str]) -> str:
    parts = _parts(text)
    if not parts:
        return text
    if len(parts) == 3:
        return write(date(*parts))
    filled = date(*parts, *([1] * (3 - len(parts))))
    return str(format_date(filled, partial[len(parts)], locale=language()))
