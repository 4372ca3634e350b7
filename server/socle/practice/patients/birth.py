"""Birth dates as people know them: whole, or only the month and year, or only the year, or not at all.

Stored as the beginning of an ISO date ("1980-03-12", "1980-03", "1980", ""), which sorts and ranges as it stands.
"""

import re
from datetime import date

from dateutil.relativedelta import relativedelta

from socle.practice.patients.names import fold

OLDEST_YEARS = 130
"""No birth older than this: the longest life on record is 122 years."""

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "janvier janv jan",
            "fevrier fevr fev",
            "mars mar",
            "avril avr",
            "mai",
            "juin",
            "juillet juil",
            "aout",
            "septembre sept sep",
            "octobre oct",
            "novembre nov",
            "decembre dec",
        ),
        start=1,
    )
    for name in names.split()
}
_ISO = re.compile(r"(\d{4})-(\d{1,2})(?:-(\d{1,2}))?")
_FRENCH = re.compile(r"(?:(\d{1,2})\s*[/.\-\s]\s*)?(\d{1,2})\s*[/.\-\s]\s*(\d{4}|\d{2})")
_WORDS = re.compile(r"(?:(\d{1,2})(?:er)?\s+)?([a-z]+)\s+(\d{4})")
_TOGETHER = re.compile(r"(\d{2})(\d{2})(\d{4}|\d{2})")


def parse(text: str, today: date) -> str | None:
    """Return the stored form of a date typed in any French shape, or None if it is none.

    Two-digit years are the last hundred years before `today`. An unknown day or month may be left out or typed as 00.
    """
    typed = text.strip()[:40]
    if iso := _ISO.fullmatch(typed):
        return _assembled(int(iso[1]), iso[2], iso[3])
    if re.fullmatch(r"\d{4}", typed):
        return _assembled(int(typed), None, None)
    if french := _FRENCH.fullmatch(typed) or _TOGETHER.fullmatch(typed):
        return _assembled(_full_year(french[3], today), french[2], french[1])
    if spelled := _WORDS.fullmatch(fold(typed)):
        month = _MONTHS.get(spelled[2])
        return _assembled(int(spelled[3]), str(month), spelled[1]) if month else None
    return None


def _full_year(digits: str, today: date) -> int:
    if len(digits) == 4:
        return int(digits)
    year = today.year - today.year % 100 + int(digits)
    return year if year <= today.year else year - 100


def _assembled(year: int, month: str | None, day: str | None) -> str | None:
    months, days = int(month or 0), int(day or 0)
    if months == 0:
        return f"{year:04d}" if days == 0 and year > 0 else None
    try:
        date(year, months, days or 1)
    except ValueError:
        return None
    return f"{year:04d}-{months:02d}-{days:02d}" if days else f"{year:04d}-{months:02d}"


def is_plausible(stored: str, today: date) -> bool:
    """Tell whether somebody in care today may have been born then."""
    return stored <= today.isoformat() and int(stored[:4]) >= today.year - OLDEST_YEARS


def exact(stored: str) -> date | None:
    """Return the date when all of it is known."""
    try:
        return date.fromisoformat(stored) if len(stored) == 10 else None
    except ValueError:
        return None


def age(stored: str, today: date) -> int | None:
    """Return the age in whole years (the greatest possible one when day or month are unknown), None if unknown."""
    if not stored:
        return None
    born = date.fromisoformat((stored + "-01-01")[:10])
    return relativedelta(today, born).years


def shown(stored: str) -> str:
    """Return the date as the French write it: 12/03/1980, 03/1980 or 1980."""
    return "/".join(reversed(stored.split("-")))
