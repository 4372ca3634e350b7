"""Bytes as text that a person can copy from paper: Base32 in groups of five, each line with its number and its check.

A typing error is found at its line. O and 0, I and 1, B and 8 are taken for one another, for Base32 has no 0, 1 and 8.
"""

import base64
import binascii
import re
from zlib import crc32

from socle.foundation.errors import N_, SocleError

GROUP, GROUPS, CHECK = 5, 8, 2
LINE = GROUP * GROUPS
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_TAKEN_FOR = str.maketrans("018", "OIB")
_LENGTH_BYTES = 2


class LineWrong(SocleError):
    """A line is not what stands on paper."""

    code = "KIT-LINE-WRONG"
    message = N_("Line %(line)s of the envelope is not right.")
    hint = N_("Compare that line with the sheet, its two last signs too; the lines before it are right.")
    kind = "invalid"


class LineMissing(SocleError):
    """A line is not there."""

    code = "KIT-LINE-MISSING"
    message = N_("Line %(line)s of the envelope is missing.")
    hint = N_("Type every line of the envelope, in its order; the lines before it are right.")
    kind = "invalid"


def encoded(data: bytes) -> str:
    """Return the letters alone, with the length before the data, so that a missing end is noticed."""
    text = base64.b32encode(len(data).to_bytes(_LENGTH_BYTES, "big") + data).decode()
    return text.rstrip("=")


def decoded(letters: str) -> bytes | None:
    """Return the data; None when the letters are not whole."""
    try:
        data = base64.b32decode(letters + "=" * (-len(letters) % 8))
    except binascii.Error:
        return None
    length = int.from_bytes(data[:_LENGTH_BYTES], "big")
    return data[_LENGTH_BYTES:] if len(data) == length + _LENGTH_BYTES else None


def lines(data: bytes) -> list[tuple[str, str]]:
    """Return the lines as they are printed: the groups, and the check of the line."""
    letters = encoded(data)
    pieces = [letters[start : start + LINE] for start in range(0, len(letters), LINE)]
    return [(_grouped(piece), _check(number, piece)) for number, piece in enumerate(pieces, 1)]


def read(text: str) -> bytes:
    """Return the data of lines that were typed, with or without their numbers; LineWrong, LineMissing."""
    letters, number = "", 0
    for line in text.upper().splitlines():
        signs = re.sub(r"^\s*\d{1,2}(?=[\s.:)])[.:)]?|[^A-Z0-9]", "", line)
        if not signs:
            continue
        number += 1
        said = re.match(r"\s*(\d{1,2})(?=[\s.:)])", line)
        if said and int(said[1]) > number:
            raise LineMissing(line=number)
        signs = signs.translate(_TAKEN_FOR)
        piece, check = signs[:-CHECK], signs[-CHECK:]
        if not piece or set(signs) - set(_ALPHABET) or len(piece) > LINE or _check(number, piece) != check:
            raise LineWrong(line=number)
        letters += piece
    data = decoded(letters)
    if data is None:
        raise LineMissing(line=number + 1)
    return data


def _grouped(piece: str) -> str:
    return " ".join(piece[start : start + GROUP] for start in range(0, len(piece), GROUP))


def _check(number: int, piece: str) -> str:
    sum_ = crc32(f"{number} {piece}".encode())
    return _ALPHABET[sum_ >> 5 & 31] + _ALPHABET[sum_ & 31]
