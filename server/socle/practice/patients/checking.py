"""Cleans what was typed or imported, and says field by field what cannot be kept and what looks odd."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

from socle.foundation.errors import N_
from socle.practice.patients import birth, identifiers, phones
from socle.practice.patients.details import (
    LIMITS,
    LONGEST_EMAIL,
    LONGEST_LABEL,
    LONGEST_PHONE,
    MOST_EMAILS,
    MOST_PHONES,
    SEVERAL_LINES,
    PatientDetails,
    Phone,
    Remark,
)
from socle.practice.patients.errors import PatientInvalid

_NAMES = ("birth_family_name", "birth_given_names", "first_given_name", "used_family_name", "used_given_name")
_STATUSES = ("provisional", "retrieved", "validated")
_EMAIL = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>.]+")
_PLACE_CODE = re.compile(r"(\d{2}|2[AB])\d{3}")
_DROPPED = re.compile("[\u00ad\u200b\u200e\u200f\u2060\ufeff]")
# Signs that turn the direction of writing: a name could read as another one.
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_LONGEST_DATE = 40


def checked(details: PatientDetails, today: date) -> PatientDetails:
    """Return the details in their stored shape; PatientInvalid with every field that cannot be kept."""
    clean, problems = examine(details, today)
    if problems:
        raise PatientInvalid(problems)
    return clean


def examine(details: PatientDetails, today: date) -> tuple[PatientDetails, list[Remark]]:
    """Return the details in their stored shape, and what forbids to store them (none: all is well).

    `birth_date` and telephone numbers may come in any French shape. A field with a problem keeps its text.
    """
    problems: list[Remark] = []
    values: dict[str, Any] = {}
    for name, longest in LIMITS.items():
        values[name] = _text(name, getattr(details, name), longest, problems)
    values["birth_date"] = _birth_date(details.birth_date, today, problems)
    values["phones"] = tuple(_phones(details.phones, problems))
    values["emails"] = tuple(_emails(details.emails, problems))
    clean = replace(details, **values)
    clean = _with_canonical_numbers(clean)
    problems += _unfit(clean)
    return clean, problems


def doubts(details: PatientDetails) -> list[Remark]:
    """Return what looks wrong in clean details without forbidding anything."""
    found = identifiers.doubts("nir", details.nir, details.sex, details.birth_date)
    if details.ins_oid not in identifiers.MADE_UP:
        found += identifiers.doubts("ins", details.ins, details.sex, details.birth_date)
    odd = [phone.number for phone in details.phones if not phones.is_plausible(phone.number)]
    if odd:
        found.append(Remark("phones", N_("This does not look like a telephone number.")))
    return found


def _text(name: str, value: object, longest: int, problems: list[Remark]) -> str:
    if not isinstance(value, str):
        problems.append(Remark(name, N_("This field takes text.")))
        return ""
    if value == "":
        return value
    # Far too long: say so before spending time on cleaning megabytes.
    clean = value if len(value) > 4 * longest + 1000 else _tidied(value, name in SEVERAL_LINES)
    if len(clean) > longest:
        too_long = N_("At most %(longest)s characters fit here; there are %(count)s.")
        problems.append(Remark(name, too_long, {"longest": longest, "count": len(clean)}))
    elif (sign := _forbidden_sign(clean, name in SEVERAL_LINES)) is not None:
        forbidden = N_("This text holds an invisible sign (%(sign)s): type it again rather than paste it.")
        problems.append(Remark(name, forbidden, {"sign": sign}))
    return clean


def _tidied(value: str, several_lines: bool) -> str:
    if value.isascii() and value.isprintable() and "  " not in value:
        return value.strip()
    text = _DROPPED.sub("", value.replace("\r\n", "\n").replace("\r", "\n"))
    if not any("\ud800" <= letter <= "\udfff" for letter in text):
        text = unicodedata.normalize("NFC", text)
    if several_lines:
        return "\n".join(_plain_spaces(line).strip() for line in text.split("\n")).strip()
    return " ".join(_plain_spaces(text).replace("\n", " ").split())


def _plain_spaces(line: str) -> str:
    return re.sub(r"[\t\u00a0\u202f\u2007\u2009]", " ", line)


def _forbidden_sign(text: str, several_lines: bool) -> str | None:
    for letter in text:
        control = unicodedata.category(letter) in {"Cc", "Cs"} and not (several_lines and letter == "\n")
        if control or letter in _TURNING:
            return f"U+{ord(letter):04X}"
    return None


def _birth_date(typed: object, today: date, problems: list[Remark]) -> str:
    text = _text("birth_date", typed, _LONGEST_DATE, problems)
    if not text or any(problem.field == "birth_date" for problem in problems):
        return text
    stored = birth.parse(text, today)
    if stored is None:
        unread = N_("This is not a date. Type it as 12/03/1980, or 1980 if only the year is known.")
        problems.append(Remark("birth_date", unread))
        return text
    if stored > today.isoformat():
        problems.append(Remark("birth_date", N_("This date is in the future.")))
    elif not birth.is_plausible(stored, today):
        ancient = N_("Nobody born more than %(years)s years ago is alive: check the year.")
        problems.append(Remark("birth_date", ancient, {"years": birth.OLDEST_YEARS}))
    return stored


def _phones(typed: tuple[Phone, ...], problems: list[Remark]) -> Iterator[Phone]:
    if len(typed) > MOST_PHONES:
        problems.append(Remark("phones", N_("At most %(most)s telephone numbers fit here."), {"most": MOST_PHONES}))
    for phone in typed[:MOST_PHONES]:
        number = _text("phones", phone.number, LONGEST_PHONE, problems)
        label = _text("phones", phone.label, LONGEST_LABEL, problems)
        if number:
            yield Phone(phones.canonical(number) if len(number) <= LONGEST_PHONE else number, label)


def _emails(typed: tuple[str, ...], problems: list[Remark]) -> Iterator[str]:
    if len(typed) > MOST_EMAILS:
        problems.append(Remark("emails", N_("At most %(most)s e-mail addresses fit here."), {"most": MOST_EMAILS}))
    for address in typed[:MOST_EMAILS]:
        text = _text("emails", address, LONGEST_EMAIL, problems)
        if text:
            if len(text) <= LONGEST_EMAIL and not is_email(text):
                problems.append(Remark("emails", N_("This is not an e-mail address.")))
            yield text


def is_email(text: str) -> bool:
    """Tell whether the text has the shape of one e-mail address."""
    return len(text) <= LONGEST_EMAIL and bool(_EMAIL.fullmatch(text))


def _with_canonical_numbers(details: PatientDetails) -> PatientDetails:
    ins = identifiers.compact(details.ins)
    contact = details.contact_phone
    first = details.first_given_name or details.birth_given_names.split(" ")[0]
    return replace(
        details,
        nir=identifiers.compact(details.nir),
        ins=ins,
        ins_oid=details.ins_oid or next(iter(identifiers.OIDS)) if ins else "",
        birth_place_code=details.birth_place_code.upper(),
        contact_phone=phones.canonical(contact) if contact and len(contact) <= LIMITS["contact_phone"] else contact,
        first_given_name=first,
        used_family_name=_different(details.used_family_name, details.birth_family_name),
        used_given_name=_different(details.used_given_name, first),
    )


def _different(used: str, birth_name: str) -> str:
    return "" if used == birth_name else used


def _unfit(details: PatientDetails) -> Iterator[Remark]:
    if not details.birth_family_name and not details.used_family_name:
        yield Remark("birth_family_name", N_("A family name is needed."))
    for name in _NAMES:
        value = getattr(details, name)
        if value and not any(letter.isalpha() for letter in value):
            yield Remark(name, N_("A name holds at least one letter."))
    if details.sex not in {"F", "M", ""}:
        yield Remark("sex", N_("Choose one of the values offered."))
    if details.birth_place_code and not _PLACE_CODE.fullmatch(details.birth_place_code):
        yield Remark("birth_place_code", N_("An INSEE code has five signs: 75056, 2A004, 99100."))
    if details.ins_oid and details.ins_oid not in identifiers.OIDS:
        yield Remark("ins_oid", N_("Choose one of the values offered."))
    yield from _unfit_identity(details)


def _unfit_identity(details: PatientDetails) -> Iterator[Remark]:
    if details.identity_status not in _STATUSES:
        yield Remark("identity_status", N_("Choose one of the values offered."))
    elif details.identity_status == "retrieved" and not details.ins:
        yield Remark("identity_status", N_("An identity is retrieved only together with its INS."))
    elif details.identity_status == "validated":
        whole_date = birth.exact(details.birth_date)
        if not (details.birth_family_name and details.first_given_name and details.sex and whole_date):
            traits = N_("To validate an identity, fill in birth name, first given name, sex and whole birth date.")
            yield Remark("identity_status", traits)
