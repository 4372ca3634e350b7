"""Reading postal addresses: one cell with everything in it, or postal code and town apart."""

import re
from typing import Final, NamedTuple

from socle.practice.imports.remarks import Remark, remark
from socle.practice.imports.text import one_line

_TAIL: Final = re.compile(r"(?:^|[,\n]|\s-\s|\s)\s*(?:F-)?(\d{5}|\d{2} \d{3}|2[ABab]\d{3})\s+([^\d,\n][^,\n]*?)\s*$")
_INSEE_CORSICA: Final = re.compile(r"2[AB]\d{3}", re.IGNORECASE)


class Address(NamedTuple):
    """A postal address as read; the parts that are not known stay empty."""

    street: str = ""
    postal_code: str = ""
    city: str = ""
    remarks: tuple[Remark, ...] = ()


def read_address(street: str, postal_code: str, city: str) -> Address:
    """Read an address; a postal code and town at the end of `street` are taken apart if no column gives them."""
    street = one_line(street) if "\n" not in street else street.replace("\n", ", ")
    if not postal_code and not city and (tail := _TAIL.search(street)):
        postal_code, city = tail[1], tail[2]
        street = street[: tail.start()].rstrip(" ,-")
    code, remarks = _read_postal_code(one_line(postal_code))
    return Address(street, code, one_line(city), tuple(remarks))


def _read_postal_code(text: str) -> tuple[str, list[Remark]]:
    bare = text.replace(" ", "").upper().removeprefix("F-")
    if not bare:
        return "", []
    if bare.isdecimal() and len(bare) == 5:
        return bare, []
    if bare.isdecimal() and len(bare) == 4:
        return bare.zfill(5), [remark("postal-zero", written=text)]
    if _INSEE_CORSICA.fullmatch(bare):
        return bare, [remark("postal-insee", written=text)]
    return text, [remark("postal-unreadable", written=text)]
