"""Reading a cell of telephones: several numbers, words beside them, and the first 0 that spreadsheets eat."""

import re
from typing import Final, NamedTuple

from socle.practice.imports.remarks import Remark, remark
from socle.practice.imports.text import clean
from socle.practice.patients.details import LONGEST_LABEL, Phone
from socle.practice.patients.phones import canonical, is_plausible

_SEPARATORS: Final = re.compile(r"[/;,\n|]| ou | et | puis ", re.IGNORECASE)
_NUMBER: Final = re.compile(r"\+?\(?\d[\d\s.\-()/_]*")


class Phones(NamedTuple):
    """What a cell of telephones gave: the numbers, the remarks, and what could not be read."""

    phones: tuple[Phone, ...] = ()
    remarks: tuple[Remark, ...] = ()
    kept: tuple[str, ...] = ()


def read_phones(text: str) -> Phones:
    """Read every telephone of a cell, in its order, each once."""
    phones: dict[str, Phone] = {}
    remarks: list[Remark] = []
    kept: list[str] = []
    for part in _SEPARATORS.split(text):
        piece = clean(part).strip(" .-:")
        if not any(map(str.isalnum, piece)):
            continue
        digits, label = _apart(piece)
        number = canonical(digits) if digits else ""
        # "+33…" is what remains of a French number with a digit too few or too many.
        if not is_plausible(number) or number.startswith("+33") or len(label) > LONGEST_LABEL:
            kept.append(piece)
            remarks.append(remark("phone-unreadable", written=piece))
            continue
        if len(digits) == 9 and number == f"0{digits}":
            remarks.append(remark("phone-zero", written=piece))
        phones.setdefault(number, Phone(number, label))
    return Phones(tuple(phones.values()), tuple(remarks), tuple(kept))


def _apart(piece: str) -> tuple[str, str]:
    """Return the digits of a number, and the words beside it ("fille 06 11 22 33 44")."""
    found = _NUMBER.search(piece)
    if found is None:
        return "", piece
    around = f"{piece[: found.start()]} {piece[found.end() :]}"
    digits = re.sub(r"[^\d+]", "", found.group().replace("(0)", ""))
    return digits, " ".join(around.strip(" :.-()").split())
