"""Tells whether two records are the same person. Symmetric: what A says of B, B says of A.

Candidates share a birth date, a telephone number, a NIR, or the sound of their names (keys of `patient_key`); then
`compare` decides from all that is known of both.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from rapidfuzz.distance import OSA
from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from socle.foundation.errors import N_
from socle.practice.patients import keys, names, summaries
from socle.practice.patients.details import PatientDetails, Phone
from socle.practice.patients.models import Patient, PatientKey
from socle.practice.patients.summaries import CHUNK, PatientSummary

Certainty = Literal["same", "likely"]
MOST_SHOWN = 10

SAME_NUMBER = N_("same social security number")
SAME_NAMES = N_("same names")
CLOSE_NAMES = N_("names that look alike")
SAME_DATE = N_("same birth date")
CLOSE_DATE = N_("birth dates that differ by one slip")
SAME_PHONE = N_("same telephone number")
DIFFERENT_NUMBERS = N_("but different social security numbers")


@dataclass(frozen=True, slots=True)
class Traits:
    """What comparing needs of a person, folded. Built by `traits_of`."""

    families: frozenset[str]
    given: frozenset[str]
    birth_date: str
    numbers: frozenset[str]
    phones: frozenset[str]


@dataclass(frozen=True, slots=True)
class Resemblance:
    """`same`: an import may take it for the same person; `likely`: a person should look. `reasons` are msgids."""

    certainty: Certainty
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Match:
    """A patient of the practice who resembles somebody."""

    patient: PatientSummary
    certainty: Certainty
    reasons: tuple[str, ...]


def traits_of(details: PatientDetails) -> Traits:
    """Return the traits of clean details (see `checking.examine`)."""
    return _traits(
        (details.birth_family_name, details.used_family_name),
        (details.first_given_name, details.used_given_name),
        details.birth_date,
        (details.nir, details.ins),
        [phone.number for phone in details.phones],
    )


def _traits(
    families: Iterable[str], given: Iterable[str], birth_date: str, numbers: Iterable[str], phones: Iterable[str]
) -> Traits:
    return Traits(
        frozenset(names.compact(name) for name in families if name),
        frozenset(names.compact(name) for name in given if name),
        birth_date,
        frozenset(number[:13] for number in numbers if len(number) >= 13),
        frozenset(phones),
    )


def block_keys(details: PatientDetails) -> set[str]:
    """Return the keys of which two records of one person share at least one: also for rows of the same file."""
    found = {key for key in keys.phone_keys(details) if key.startswith("p")}
    found |= {*keys.number_keys(details), *keys.sound_keys(details)}
    return found | ({keys.date_key(details.birth_date)} if len(details.birth_date) == 10 else set())


def compare(one: Traits, other: Traits) -> Resemblance | None:
    """Return how much two records look like one person, None if they do not."""
    family = _names_alike(one.families, other.families)
    given = _names_alike(one.given, other.given)
    born = _dates_alike(one.birth_date, other.birth_date)
    number = bool(one.numbers & other.numbers)
    phone = bool(one.phones & other.phones)
    contradicted = bool(one.numbers and other.numbers) and not number
    certainty = _certainty(family, given, born, number=number, phone=phone, contradicted=contradicted)
    if certainty is None:
        return None
    reasons = [
        SAME_NUMBER if number else "",
        (SAME_NAMES if min(family, given) == _EQUAL else CLOSE_NAMES) if min(family, given) > _OTHER else "",
        {_EQUAL: SAME_DATE, _CLOSE: CLOSE_DATE}.get(born, ""),
        SAME_PHONE if phone else "",
        DIFFERENT_NUMBERS if contradicted else "",
    ]
    return Resemblance(certainty, tuple(reason for reason in reasons if reason))


_OTHER, _UNKNOWN, _CLOSE, _EQUAL = 0, 1, 2, 3


def _certainty(
    family: int, given: int, born: int, *, number: bool, phone: bool, contradicted: bool
) -> Certainty | None:
    both_names = min(family, given)
    if both_names == _EQUAL and born == _EQUAL:
        return "likely" if contradicted else "same"
    if number and given >= _CLOSE and (born == _EQUAL or (family == _EQUAL and born != _OTHER)):
        return "same"
    # A child on a parent's number shares it, but neither the given name nor the birth date.
    resembling = (
        (number and (born == _EQUAL or given >= _CLOSE))
        or (born == _EQUAL and both_names >= _CLOSE)
        or (phone and given >= _CLOSE and (family >= _CLOSE or born == _EQUAL))
        or (both_names >= _CLOSE and born == _CLOSE)
        or (both_names == _EQUAL and born == _UNKNOWN)
    )
    return "likely" if resembling else None


def _names_alike(ones: frozenset[str], others: frozenset[str]) -> int:
    if not ones or not others:
        return _OTHER
    if ones & others:
        return _EQUAL
    return _CLOSE if any(_close(one, other) for one in ones for other in others) else _OTHER


def _close(one: str, other: str) -> bool:
    shorter, longer = sorted((one, other), key=len)
    if len(shorter) >= 4 and (longer.startswith(shorter) or longer.endswith(shorter)):
        return True  # “Dupont” and “Dupont-Martin”, “Marie” and “Anne-Marie”
    mistakes = 0 if len(shorter) < 4 else 1 if len(shorter) < 7 else 2
    if mistakes and OSA.distance(one, other, score_cutoff=mistakes) <= mistakes:
        return True
    return len(shorter) >= 3 and names.sound(one) == names.sound(other)


def _dates_alike(one: str, other: str) -> int:
    if not one or not other:
        return _UNKNOWN
    if one == other:
        return _EQUAL
    if one.startswith(other) or other.startswith(one):
        return _UNKNOWN
    if len(one) != 10 or len(other) != 10:
        return _OTHER
    if one[:4] == other[:4] and one[5:7] == other[8:] and one[8:] == other[5:7]:
        return _CLOSE  # day and month changed places
    return _CLOSE if sum(a != b for a, b in zip(one, other, strict=True)) == 1 else _OTHER


_COLUMNS = (*summaries.COLUMNS, Patient.nir, Patient.ins, PatientKey.key)
_candidates = select(*_COLUMNS).join(PatientKey, PatientKey.patient_id == Patient.id)


def _traits_of_row(row: Row[Any]) -> Traits:
    return _traits(
        (row.birth_family_name, row.used_family_name),
        (row.first_given_name, row.used_given_name),
        row.birth_date,
        (row.nir, row.ins),
        [Phone(**phone).number for phone in row.phones],
    )


def find_matches(session: Session, people: Sequence[PatientDetails]) -> list[list[Match]]:
    """Return for each of many people (clean details) the patients they resemble, the surest first.

    The number of queries grows with the number of distinct keys over CHUNK, not with the size of the practice.
    """
    wanted: dict[str, list[int]] = {}
    for place, details in enumerate(people):
        for key in block_keys(details):
            wanted.setdefault(key, []).append(place)
    traits = [traits_of(details) for details in people]
    found: list[dict[int, Match]] = [{} for _ in people]
    compared: set[tuple[int, int]] = set()
    all_keys = sorted(wanted)
    for start in range(0, len(all_keys), CHUNK):
        rows = session.execute(_candidates.where(PatientKey.key.in_(all_keys[start : start + CHUNK])))
        for row in rows:
            places = [place for place in wanted[row.key] if (place, row.id) not in compared]
            if not places:
                continue
            known = _traits_of_row(row)
            for place in places:
                compared.add((place, row.id))
                resemblance = compare(traits[place], known)
                if resemblance:
                    patient = summaries.from_row(row)
                    found[place][row.id] = Match(patient, resemblance.certainty, resemblance.reasons)
    return [sorted(matches.values(), key=_surest_first) for matches in found]


def _surest_first(match: Match) -> tuple[bool, int, int]:
    return match.certainty != "same", -len(match.reasons), match.patient.id


def likely_duplicates(
    session: Session, details: PatientDetails, besides: int | None = None, limit: int = MOST_SHOWN
) -> list[Match]:
    """Return the patients whom these clean details resemble, except the patient numbered `besides`."""
    (matches,) = find_matches(session, [details])
    return [match for match in matches if match.patient.id != besides][:limit]
