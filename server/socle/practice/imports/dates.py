"""Reading a birth date in every shape people write one. Nothing is guessed in silence: each choice leaves a remark.

Dates leave here in the stored form of `practice.patients.birth`: "1980-03-12", "1980-03", "1980" or "".
"""

import re
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple

from socle.practice.imports.remarks import Remark, remark
from socle.practice.imports.text import Cell, is_placeholder, written
from socle.practice.patients import birth

_UNUSUAL_AGE: Final = 110
_SERIAL_START: Final = date(1899, 12, 30)
_SERIALS: Final = range(2100, 80000)
"""Days counted by spreadsheets, from 1905 on; smaller numbers are years or slips."""

_BEFORE: Final = re.compile(
    r"^(née?(\(e\))?|born)?\s*(le|on)?\s*:?\s*((lun|mar|mercre|jeu|vendre|same)di|dimanche)?,?\s*"
)
_TIME_AFTER: Final = re.compile(r"[t ]\s*\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?z?$")
_TWO_DIGITS: Final = re.compile(r"(\d{1,2}[/.\-\s]+(?:\d{1,2}|[^\W\d]+\.?)[/.\-\s]+|\d{4})(\d{2})")
_DAY_FIRST: Final = re.compile(r"(\d{1,2})[/.\-\s]+(\d{1,2})[/.\-\s]+(\d{2,4})")


class BirthDate(NamedTuple):
    """A birth date as read. `other` is the same day a century away, where two digits leave the choice open; `kept`
    is what was written and could not be used, for the notes.
    """

    stored: str = ""
    other: str = ""
    remarks: tuple[Remark, ...] = ()
    kept: str = ""


def read_birth_date(cell: Cell, today: date) -> BirthDate:
    """Read a birth date. A two-digit year is the latest that is not in the future; the remark says so."""
    text = written(cell)
    if is_placeholder(text) or set(text) <= set("0/.- "):
        return BirthDate(remarks=(remark("birth-missing"),), kept=text if any(map(str.isalnum, text)) else "")
    if isinstance(cell, datetime):
        return _checked(cell.date().isoformat(), text, today)
    if isinstance(cell, date):
        return _checked(cell.isoformat(), text, today)
    if isinstance(cell, float | int) and not isinstance(cell, bool):
        return _from_number(float(cell), text, today)
    if text.isdecimal() and len(text) == 5:
        return _from_number(float(text), text, today)
    return _from_text(text, today)


def _from_number(number: float, text: str, today: date) -> BirthDate:
    if number.is_integer() and len(text) in {7, 8}:
        # 3051950: a date typed without separators, whose leading zero a spreadsheet ate.
        return _from_text(text.zfill(8), today)
    if _SERIALS.start <= number < _SERIALS.stop:
        day = (_SERIAL_START + timedelta(days=int(number))).isoformat()
        return _checked(day, text, today, remark("birth-serial", written=text, date=birth.shown(day)))
    return _from_text(text, today)


def _from_text(text: str, today: date) -> BirthDate:
    bare = _BEFORE.sub("", _TIME_AFTER.sub("", " ".join(text.casefold().split()))).strip()
    if short := _TWO_DIGITS.fullmatch(bare):
        return _from_two_digits(short[1], int(short[2]), text, today)
    stored = birth.parse(bare, today)
    if stored is None:
        return _not_a_date(bare, text)
    if len(stored) < len("1980-03-12"):
        return _checked(stored, text, today, remark("birth-incomplete", written=text))
    return _checked(stored, text, today)


def _from_two_digits(day_and_month: str, year: int, text: str, today: date) -> BirthDate:
    century = today.year - today.year % 100
    choices = [birth.parse(f"{day_and_month}{start + year}", today) for start in (century, century - 100)]
    past = [stored for stored in choices if stored and stored <= today.isoformat()]
    if not past:
        return _not_a_date(f"{day_and_month}{century + year}", text)
    taken, other = past[0], past[-1] if len(past) > 1 else ""
    if not other or today.year - int(other[:4]) > _UNUSUAL_AGE:
        return _checked(taken, text, today, remark("birth-century-clear", written=text, date=birth.shown(taken)))
    unsure = remark("birth-century-unsure", written=text, date=birth.shown(taken), other=birth.shown(other))
    return BirthDate(taken, other, (unsure,))


def _not_a_date(bare: str, text: str) -> BirthDate:
    numbers = _DAY_FIRST.fullmatch(bare)
    if not numbers:
        return _unusable(remark("birth-unreadable", written=text))
    day, month, year = map(int, numbers.groups())
    try:
        perhaps = date(year, day, month)
    except ValueError:
        return _unusable(remark("birth-impossible", written=text))
    return _unusable(remark("birth-month-first", written=text, perhaps=birth.shown(perhaps.isoformat())))


def _checked(stored: str, text: str, today: date, *remarks: Remark) -> BirthDate:
    if stored > today.isoformat():
        return _unusable(remark("birth-future", written=text))
    if not birth.is_plausible(stored, today):
        return _unusable(remark("birth-too-old", written=text))
    if today.year - int(stored[:4]) > _UNUSUAL_AGE:
        years = birth.age(stored, today)
        remarks = (*remarks, remark("birth-very-old", date=birth.shown(stored), age=years))
    return BirthDate(stored, "", remarks)


def _unusable(why: Remark) -> BirthDate:
    return BirthDate(remarks=(why,), kept=why.values["written"])
