"""Telephone numbers: one stored shape, and the keys by which any typed part of one is found."""

import re

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat

# Countries and territories whose numbers are dialled "0…" from France: metropolitan France, La Réunion and Mayotte,
# Guadeloupe, French Guiana, Martinique.
_DIALLED_FROM_ZERO = {33, 262, 590, 594, 596}


_STORED = re.compile(r"0[1-9]\d{8}", re.ASCII)


def canonical(text: str) -> str:
    """Return "0612345678", "+41791234567", or the text as it came if it is no telephone number."""
    typed = " ".join(text.split())
    if _STORED.fullmatch(typed):
        return typed
    try:
        number = phonenumbers.parse(_with_zero(typed), "FR")
    except NumberParseException:
        return typed
    if not phonenumbers.is_possible_number(number):
        return typed
    if number.country_code in _DIALLED_FROM_ZERO and len(str(number.national_number)) == 9:
        return f"0{number.national_number}"
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def _with_zero(typed: str) -> str:
    # A spreadsheet that took the number for a quantity has eaten its leading zero.
    digits = re.sub(r"\D", "", typed)
    return f"0{digits}" if len(digits) == 9 and digits[0] != "0" and not typed.startswith("+") else typed


def is_plausible(number: str) -> bool:
    """Tell whether a canonical number could be dialled."""
    return bool(re.fullmatch(r"0[1-9]\d{8}|\+\d{7,15}", number))


def digits_typed(text: str) -> str:
    """Return the digits of a number being typed, as the keys hold them: +33 and 0033 become 0."""
    plain = re.sub(r"[^\d+]", "", text)
    international = plain.startswith(("+", "00"))
    digits = re.sub(r"\D", "", plain)
    if not international:
        return digits
    digits = digits if plain.startswith("+") else digits[2:]
    for code in _DIALLED_FROM_ZERO:
        if digits.startswith(str(code)):
            rest = digits.removeprefix(str(code)).removeprefix("0")
            return f"0{rest}"
    return f"00{digits}"


def shown(number: str) -> str:
    """Return the number grouped for reading: 06 12 34 56 78, +41 79 123 45 67."""
    if re.fullmatch(r"0\d{9}", number):
        return " ".join(number[place : place + 2] for place in range(0, 10, 2))
    if number.startswith("+"):
        try:
            return phonenumbers.format_number(phonenumbers.parse(number), PhoneNumberFormat.INTERNATIONAL)
        except NumberParseException:
            return number
    return number
