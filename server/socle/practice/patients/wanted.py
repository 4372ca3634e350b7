"""Understands what somebody typed to find a patient: names, birth dates, telephone numbers, NIR, in any order."""

import re
from dataclasses import dataclass
from datetime import date

from socle.practice.patients import birth, names, phones

LONGEST_TEXT = 120
MOST_WORDS = 6
MOST_CRITERIA = 3

_DATE = re.compile(r"(?<![\d./-])(?:\d{1,2}\s?[/.-]\s?)?\d{1,2}\s?[/.-]\s?(?:\d{4}|\d{2})(?![./-]?\d)")
_ISO_DATE = re.compile(r"(?<!\d)\d{4}-\d{1,2}(?:-\d{1,2})?(?!\d)")
_SPELLED_DATE = re.compile(r"(?:\d{1,2}(?:er)?\s+)?[^\W\d_]{3,9}\.?\s+\d{4}(?!\d)")
_CORSICAN_NIR = re.compile(r"[1-478]\d{4}2[AB]\d{0,8}")
_NUMBER = re.compile(r"\+?\d(?:[\s.\-/()]*\d)*")
_EMAIL = re.compile(r"\S*@\S*")
_TITLES = frozenset({"mme", "mlle", "mr", "madame", "mademoiselle", "monsieur", "nee"})


@dataclass(frozen=True, slots=True)
class Wanted:
    """Name words (folded), and for each number typed the beginnings of keys (see `keys`) it may stand for."""

    words: tuple[str, ...]
    criteria: tuple[tuple[str, ...], ...]


def understand(text: str, today: date) -> Wanted:
    """Return what the text asks for; what it cannot mean is left out."""
    rest = text[:LONGEST_TEXT]
    criteria: list[tuple[str, ...]] = []

    def take(match: re.Match[str], meanings: tuple[str, ...]) -> str:
        if meanings:
            criteria.append(meanings)
            return " "
        return match[0]

    whole = re.sub(r"[\s.]", "", rest).upper()
    if _CORSICAN_NIR.fullmatch(whole):
        return Wanted((), ((f"n{whole[:13]}",),))
    rest = _EMAIL.sub(lambda found: take(found, _email(found[0])), rest)
    for shape in (_ISO_DATE, _DATE, _SPELLED_DATE):
        rest = shape.sub(lambda found: take(found, _date(found[0], today)), rest)
    rest = _NUMBER.sub(lambda found: take(found, _number(found[0], today)), rest)
    return Wanted(_names(rest), tuple(criteria[:MOST_CRITERIA]))


def _names(text: str) -> tuple[str, ...]:
    words = [word for word in names.words(re.sub(r"^\s*M\.", " ", text)) if not word.isdecimal()]
    without_titles = [word for word in words if word not in _TITLES]
    return tuple((without_titles or words)[:MOST_WORDS])


def _email(text: str) -> tuple[str, ...]:
    address = text.strip("<>,;").casefold()
    return (f"e{address}",) if not address.startswith("@") else ()


def _date(text: str, today: date) -> tuple[str, ...]:
    stored = birth.parse(text.replace(" /", "/").replace("/ ", "/"), today)
    meanings = [f"d{stored}"] if stored and birth.is_plausible(stored, today) else []
    digits = re.sub(r"\D", "", text)
    if digits.startswith("0") and len(digits) <= 6 and re.search(r"[.-]", text):
        meanings += [f"p{digits}"]  # the beginning of 06.12.34.56.78
    return tuple(meanings)


def _number(text: str, today: date) -> tuple[str, ...]:
    digits = re.sub(r"\D", "", text)
    if len(digits) < 2:
        return ()
    typed = phones.digits_typed(text)
    meanings: list[str] = []
    if len(digits) in {4, 6, 8} and (stored := birth.parse(digits, today)) and birth.is_plausible(stored, today):
        meanings.append(f"d{stored}")
    meanings.append(f"p{typed}")
    if len(digits) == 9 and digits[0] != "0":
        meanings.append(f"p0{digits}")
    if 4 <= len(digits) <= 12:
        meanings.append(f"r{typed[::-1]}")
    if len(digits) >= 5 and digits[0] in "123478":
        meanings.append(f"n{digits[:13]}")
    return tuple(meanings)


def is_narrow(prefix: str) -> bool:
    """Tell whether few patients can have a key that begins so: better to start from it than from a name."""
    return len(prefix) >= (11 if prefix[0] == "d" else 7)
