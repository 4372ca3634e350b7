"""How dates, ages, names, telephone numbers and money are written on every page, in French and in English.

Moments are aware datetimes, shown at the practice's time; a `date` or an ISO text ("1980-03-01", also the partial
"1980-03" and "1980" of an identity whose birth day is unknown) is shown as it is. Nothing at all gives "".
"""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache

import phonenumbers
from babel.dates import format_date, format_datetime, format_skeleton, format_timedelta
from babel.numbers import format_currency, format_decimal
from flask import Flask, g
from flask_babel import get_locale, get_timezone

from socle.foundation.clock import Clock
from socle.foundation.wording import catalogue
from socle.web.kit.unit_of_work import tool

Day = date | datetime | str | None
_GIVEN_NAMES = ("used_given_name", "first_given_name", "birth_given_names")
_DIALLED_BY_PAIRS = re.compile(r"0[1-79]\d{8}")
_ISO = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?(?:[T ].*)?$")


def long_date(value: Day) -> str:
    """Return "lun. 23 nov. 2026", with ", 14 h 30" for a moment."""
    if isinstance(value, datetime):
        return f"{long_date(_local(value).date())}, {clock_time(value)}"
    if isinstance(value, str):
        return _from_text(value, long_date, {1: "y", 2: "MMMM y"})
    return format_date(value, "EEE d MMM y", locale=_language()) if value else ""


def short_date(value: Day) -> str:
    """Return "23/11/2026"; in English "23 Nov 2026", which nobody reads as the other order."""
    if isinstance(value, datetime):
        return short_date(_local(value).date())
    if isinstance(value, str):
        if len(value) == 10 and "-00" not in value and _language() == "fr" and _ISO.fullmatch(value):
            return f"{value[8:]}/{value[5:7]}/{value[:4]}"  # the one shape that fills whole lists
        return _from_text(value, short_date, {1: "y", 2: "MM/y"})
    pattern = "dd/MM/y" if _language() == "fr" else "d MMM y"
    return format_date(value, pattern, locale=_language()) if value else ""


def clock_time(value: datetime | None) -> str:
    """Return "14 h 30" on one line; in English "14:30"."""
    pattern = "H\u00a0'h'\u00a0mm" if _language() == "fr" else "H:mm"
    return str(format_datetime(_local(value), pattern, locale=_language())) if value else ""


def month(value: Day) -> str:
    """Return "novembre 2026"."""
    if isinstance(value, str):
        return _from_text(value, month, {1: "y", 2: "MMMM y"})
    return str(format_skeleton("yMMMM", value, locale=_language())) if value else ""


def age(born: Day, on: date | None = None) -> str:
    """Return "46 ans"; months under two years and days under two months, as care of infants needs."""
    parts = _parts(born)
    if not parts:
        return ""
    today = on or _today()
    if len(parts) < 3:
        return str(ngettext("about %(num)s year", "about %(num)s years", max(0, today.year - parts[0])))
    birth = date(*parts)
    months = (today.year - birth.year) * 12 + today.month - birth.month - (today.day < birth.day)
    if birth > today:
        return ""
    if months < 2:
        return str(ngettext("%(num)s day", "%(num)s days", (today - birth).days))
    if months < 24:
        return str(ngettext("%(num)s month", "%(num)s months", months))
    return str(ngettext("%(num)s year", "%(num)s years", months // 12))


def ago(value: datetime | None) -> str:
    """Return a plain age: "il y a 3 heures"; "dans 2 jours" for a moment to come."""
    if value is None:
        return ""
    passed = value - tool(Clock).now()
    if abs(passed) < timedelta(minutes=1):
        return str(gettext("just now"))
    return str(format_timedelta(passed, add_direction=True, threshold=1.2, locale=_language()))


def duration(seconds: float | None) -> str:
    """Return how long something took or will take: "3 min"."""
    if seconds is None:
        return ""
    return str(format_timedelta(timedelta(seconds=seconds), threshold=1.4, format="short", locale=_language()))


def person_name(person: object, *, civility: bool = True) -> str:
    """Return "Mme DUPONT Anne-Marie (née Martin)" for a patient, or anything with the same names of fields."""
    used, birth = _field(person, "used_family_name"), _field(person, "birth_family_name")
    given = next(filter(None, (_field(person, name) for name in _GIVEN_NAMES)), "")
    sex = _field(person, "sex")
    title = {"F": gettext("Ms"), "M": gettext("Mr")}.get(sex, "") if civility else ""
    name = " ".join(part for part in (title, (used or birth).upper(), given) if part)
    if not used or not birth or used.casefold() == birth.casefold():
        return name
    born = {"F": gettext("née %(name)s"), "M": gettext("né %(name)s")}.get(sex, gettext("né(e) %(name)s"))
    return f"{name} ({born % {'name': birth}})"


def phone(number: str | None) -> str:
    """Return "06 12 34 56 78"; a foreign number with its country, and what is no number as it was typed."""
    if not number:
        return ""
    if number.startswith("+33"):
        number = f"0{number[3:]}"
    if _DIALLED_BY_PAIRS.fullmatch(number):
        return " ".join(number[place : place + 2] for place in range(0, 10, 2))
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
    return "" if euros is None else str(format_currency(euros, "EUR", locale=_language()))


def number(value: float | Decimal | None) -> str:
    """Return "1 200" with the language's separators."""
    return "" if value is None else str(format_decimal(value, locale=_language()))


def file_size(octets: int | None) -> str:
    """Return "3,2 Mo"; in English "3.2 MB"."""
    if octets is None:
        return ""
    letter = "o" if _language() == "fr" else "B"
    thousands = min(4, (len(str(octets)) - 1) // 3)
    size = octets / 1000**thousands
    pattern = "0" if thousands == 0 or size >= 100 else "0.#"
    unit = ("", "k", "M", "G", "T")[thousands] + letter
    return f"{format_decimal(size, format=pattern, locale=_language())} {unit}"


def percent(part: float, whole: float) -> int:
    """Return how much of `whole` is done, 0 to 100; 0 of nothing is 0."""
    return min(100, max(0, int(100 * part / whole))) if whole else 0


def install(app: Flask) -> None:
    """Give every template the filters."""
    filters = (long_date, short_date, month, age, ago, duration, person_name, phone, money, number, file_size, percent)
    app.jinja_env.filters.update({each.__name__: each for each in filters})
    app.jinja_env.filters["time"] = clock_time
    app.jinja_env.globals["language"] = _language
    # A page says forty words: each through flask_babel costs more than the rest of the frame.
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        lambda text: _said(_language(), text),
        lambda one, many, num: _said_of_number(_language(), one, many, num),
        newstyle=True,
    )


def gettext(text: str, **places: object) -> str:
    """Translate as flask_babel does, without asking it for the language at every word of a list."""
    translated = _said(_language(), text)
    return translated % places if places else translated


@lru_cache(maxsize=4096)
def _said(language: str, text: str) -> str:
    return catalogue(language).gettext(text)


def ngettext(one: str, many: str, num: int) -> str:
    """Translate the form that goes with a number."""
    return _said_of_number(_language(), one, many, num) % {"num": num}


@lru_cache(maxsize=4096)
def _said_of_number(language: str, one: str, many: str, num: int) -> str:
    return catalogue(language).ngettext(one, many, num)


def _language() -> str:
    """Return the request's language, found once."""
    known: str | None = g.get("language_of_filters")
    if known is None:
        known = g.language_of_filters = str(get_locale() or "fr")
    return known


def _today() -> date:
    """Return the practice's day, found once in a request."""
    known: date | None = g.get("day_of_filters")
    if known is None:
        known = g.day_of_filters = _local(tool(Clock).now()).date()
    return known


def _local(moment: datetime) -> datetime:
    return moment.astimezone(get_timezone())


def _parts(day: Day) -> tuple[int, ...]:
    if isinstance(day, datetime):
        day = _local(day).date()
    if isinstance(day, date):
        return day.year, day.month, day.day
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
    return str(format_date(filled, partial[len(parts)], locale=_language()))


def _field(person: object, name: str) -> str:
    found = person.get(name) if isinstance(person, Mapping) else getattr(person, name, "")
    return str(found or "").strip()
