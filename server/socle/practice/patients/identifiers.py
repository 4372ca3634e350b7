"""The number of the social security (NIR) and the national health identity (INS).

Nothing here ever blocks care: a number that breaks its rule is kept as written, with the reason it looks wrong.
Rules: key = 97 - (first 13 digits mod 97), Corsica 2A as 19 and 2B as 18 (INSEE; python-stdnum). INS = matricule, OID
of its authority, and traits (référentiel INS). It is "qualified" only by the INSi teleservice, which Socle does not
call: that status does not exist here.
"""

import re

from stdnum.exceptions import InvalidChecksum, InvalidFormat, InvalidLength
from stdnum.fr import nir as french

from socle.foundation.errors import N_
from socle.practice.patients.details import Remark

OIDS = {
    "1.2.250.1.213.1.4.8": N_("NIR"),
    "1.2.250.1.213.1.4.9": N_("NIA (waiting number)"),
    "1.2.250.1.213.1.4.10": N_("test"),
    "1.2.250.1.213.1.4.11": N_("demonstration"),
}
"""Authorities of an INS matricule (FR Core). The last two are made-up numbers whose key need not hold."""
MADE_UP = frozenset({"1.2.250.1.213.1.4.10", "1.2.250.1.213.1.4.11"})

_MALE, _FEMALE = "137", "248"


def compact(number: str) -> str:
    """Return the number without its spaces, dots and hyphens."""
    return re.sub(r"[\s.\-]", "", number).upper()


def shown(number: str) -> str:
    """Return the number grouped as on the card: 2 80 03 75 116 005 47."""
    if not re.fullmatch(r"\d{5}(\d{2}|2[AB])\d{6}(\d{2})?", number):
        return number
    return french.format(number).strip()


def doubts(field: str, number: str, sex: str = "", birth_date: str = "") -> list[Remark]:
    """Return why a NIR looks wrong, by itself or beside the person's sex and birth date; empty when it looks right."""
    if not number:
        return []
    try:
        french.validate(number)
    except InvalidChecksum:
        return [Remark(field, N_("The key of this number is wrong: check it against the card."))]
    except InvalidLength:
        return [_wrong_length(field, number)]
    except InvalidFormat:
        return [Remark(field, N_("This is not a social security number: it holds a wrong sign."))]
    return _against_traits(field, number, sex, birth_date)


def _wrong_length(field: str, number: str) -> Remark:
    if len(number) == 13:
        key = french.calc_check_digits(number)
        return Remark(field, N_("The key (last two digits) is missing; it should be %(key)s."), {"key": key})
    return Remark(
        field, N_("This number has %(count)s digits; a social security number has 15."), {"count": len(number)}
    )


def _against_traits(field: str, number: str, sex: str, birth_date: str) -> list[Remark]:
    found: list[Remark] = []
    if (sex == "F" and number[0] in _MALE) or (sex == "M" and number[0] in _FEMALE):
        found.append(Remark(field, N_("Its first digit does not go with the sex: it may be a parent's number.")))
    month = int(number[3:5])
    known_month = 1 <= month <= 12 and len(birth_date) >= 7
    if birth_date and (number[1:3] != birth_date[2:4] or (known_month and number[3:5] != birth_date[5:7])):
        found.append(Remark(field, N_("It does not go with the birth date: it may be a parent's number.")))
    return found
