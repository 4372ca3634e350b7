"""What a cell says, as text a person would recognise: without invisible characters, placeholders, formula errors."""

import re
import unicodedata
from datetime import date, datetime, time, timedelta

from socle.practice.patients.names import fold

Cell = str | float | int | bool | date | datetime | time | timedelta | None

_PLACEHOLDERS = {
    *"neant aucun aucune inconnu inconnue nc nr nd np na ras sans vide null none nan unknown".split(),
    "n a", "n c", "n r", "non renseigne", "non renseignee", "non communique", "pas de mail", "pas de telephone",
    "pas de tel", "a completer", "sans objet",
}  # fmt: skip
_LONGEST_PLACEHOLDER = 24
_SPREADSHEET_ERRORS = frozenset("#REF! #N/A #VALUE! #NAME? #DIV/0! #NULL! #NUM! #VALEUR! #NOM?".split())
_SPACES = re.compile(r"[^\S\n]+")
_LINE_ENDS = re.compile(r"\r\n?|_x000[dD]_\n?|[\u2028\u2029\v\f\x85]")
_INVISIBLE = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


def written(cell: Cell) -> str:
    """Return what the cell says: whole numbers without “.0”, days as dd/mm/yyyy, no invisible characters."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return clean(cell)
    if isinstance(cell, bool):
        return "oui" if cell else "non"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, datetime):
        return f"{cell:%d/%m/%Y}" if cell.time() == time() else f"{cell:%d/%m/%Y %H:%M}"
    return f"{cell:%d/%m/%Y}" if isinstance(cell, date) else str(cell)


def clean(text: str) -> str:
    """Return the text composed (NFC), on tidy lines, with ordinary spaces and without control characters."""
    if text.isascii() and text.isprintable() and "  " not in text and "_x000" not in text:
        return text.strip()
    lines = _LINE_ENDS.sub("\n", unicodedata.normalize("NFC", text))
    visible = _INVISIBLE.sub("", lines)
    return "\n".join(line.strip() for line in _SPACES.sub(" ", visible).split("\n")).strip()


def has_invisible(text: str) -> bool:
    """Tell whether the text holds control or invisible characters that `clean` takes out."""
    return _INVISIBLE.search(_LINE_ENDS.sub("\n", text)) is not None


def one_line(text: str) -> str:
    """Return the text on one line."""
    return text.replace("\n", " ")


def is_placeholder(text: str) -> bool:
    """Tell whether the text only says that there is nothing: “-”, “néant”, “@”, “?”, “aucun”, “#REF!”…"""
    if not any(character.isalnum() for character in text):
        return True
    return len(text) <= _LONGEST_PLACEHOLDER and (is_spreadsheet_error(text) or fold(text) in _PLACEHOLDERS)


def is_spreadsheet_error(text: str) -> bool:
    """Tell whether the text is the error of a formula."""
    return text.upper() in _SPREADSHEET_ERRORS


def meaningful(cell: Cell) -> str:
    """Return what the cell says, or nothing for a placeholder."""
    text = written(cell)
    return "" if text and is_placeholder(text) else text
