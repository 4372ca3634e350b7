"""Which people of a file are already known: to the practice, or from an earlier line of the same file."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Final, NamedTuple

from sqlalchemy.orm import Session

from socle.practice.imports.names import letter_lost
from socle.practice.imports.reading import Person
from socle.practice.imports.remarks import Remark, remark
from socle.practice.patients import birth, identifiers, matching, phones, registry
from socle.practice.patients.details import PatientDetails
from socle.practice.patients.matching import Match
from socle.practice.patients.names import compact

_MOST_SHARING: Final = 50
"""People of one file who may share one key (a birth date, a telephone) and still be compared two by two."""


class Recognition(NamedTuple):
    """`outcome` is "new" or "same", `reason` says why; `patient_id` is who it is the same as, or looks like."""

    outcome: str
    reason: Remark
    remarks: tuple[Remark, ...] = ()
    patient_id: int | None = None


NEW: Final = Recognition("new", remark("new"))


class Recogniser:
    """Recognises the people of one file, chunk by chunk, in the order of its lines."""

    def __init__(self, today: date) -> None:
        self._today = today
        self._people: list[tuple[int, PatientDetails]] = []
        self._sharing: dict[str, list[int]] = {}

    def recognise(self, session: Session, people: Sequence[tuple[int, Person]]) -> list[Recognition]:
        """Say of each (line, person) whether they are new."""
        known = recognise_known(session, [person for _, person in people], self._today)
        return [self._within_file(line, person, found) for (line, person), found in zip(people, known, strict=True)]

    def _within_file(self, line: int, person: Person, known: Recognition) -> Recognition:
        if known.outcome == "same":
            return known
        keys = sorted(matching.block_keys(person.details))
        earlier = sorted({place for key in keys for place in self._sharing.get(key, ())[:_MOST_SHARING]})
        traits = matching.traits_of(person.details)
        looks_like: Remark | None = None
        for place in earlier:
            other_line, other = self._people[place]
            resemblance = matching.compare(traits, matching.traits_of(other))
            if resemblance is None:
                continue
            dated, reached = bool(other.birth_date), bool(other.phones)
            if resemblance.certainty == "same" or _same_without_date(
                person.details, resemblance.reasons, other_dated=dated, other_reached=reached
            ):
                return Recognition("same", remark("same-line", line=other_line))
            looks_like = looks_like or remark("looks-like-line", line=other_line)
        for key in keys:
            self._sharing.setdefault(key, []).append(len(self._people))
        self._people.append((line, person.details))
        return known._replace(remarks=(*known.remarks, looks_like)) if looks_like else known


def recognise_known(session: Session, people: Sequence[Person], today: date) -> list[Recognition]:
    """Say of each person whether the practice knows them."""
    asked: list[PatientDetails] = []
    asker: list[int] = []
    for place, person in enumerate(people):
        for details in _variants(person, today):
            asked.append(details)
            asker.append(place)
    matches: list[list[Match]] = [[] for _ in people]
    for place, details, found in zip(asker, asked, matching.find_matches(session, asked), strict=True):
        own = details.birth_date == people[place].details.birth_date
        matches[place] += found if own else [match for match in found if match.certainty == "same"]
    decided = [_decided(person, found) for person, found in zip(people, matches, strict=True)]
    same = [found.patient_id for found in decided if found.outcome == "same" and found.patient_id]
    stored = registry.find_many(session, same)
    return [
        found._replace(remarks=(*found.remarks, *_only_in_file(person.details, stored[found.patient_id].details)))
        if found.outcome == "same" and found.patient_id in stored
        else found
        for person, found in zip(people, decided, strict=True)
    ]


def _only_in_file(here: PatientDetails, there: PatientDetails) -> Iterator[Remark]:
    """Say what the line tells and the practice's own file does not: importing changes nobody who is already there."""
    numbers = {phone.number for phone in there.phones}
    for phone in here.phones:
        if phone.number not in numbers:
            yield remark("same-other-phone", written=phones.shown(phone.number))
    if here.nir and here.nir[:13] not in {there.nir[:13], there.ins[:13]}:
        yield remark("same-other-nir", written=identifiers.shown(here.nir))
    for address in here.emails:
        if address.casefold() not in {known.casefold() for known in there.emails}:
            yield remark("same-other-email", written=address)
    if here.birth_family_name and not there.birth_family_name and here.used_family_name:
        yield remark("same-birth-name", written=here.birth_family_name)


def _variants(person: Person, today: date) -> list[PatientDetails]:
    """Return the details, and again with the same day a century away where somebody may have been born then: an
    earlier import may have read two digits of a year the other way.
    """
    details = person.details
    years = {person.other_birth_date}
    exact = birth.exact(details.birth_date)
    if exact and not (exact.month == 2 and exact.day == 29):
        years |= {exact.replace(year=exact.year + step).isoformat() for step in (-100, 100)}
    others = sorted(day for day in years if day and day <= today.isoformat() and birth.is_plausible(day, today))
    return [details, *(replace(details, birth_date=day) for day in others)]


def _decided(person: Person, matches: Sequence[Match]) -> Recognition:
    for match in matches:
        if match.certainty == "same":
            return _same(person, match, "same-nir" if matching.SAME_NUMBER in match.reasons else "same-name-birth")
    for match in matches:
        if matching.SAME_DATE in match.reasons and _same_but_for_lost_letters(person.details, match):
            return _same(person, match, "same-name-birth")
        dated, reached = bool(match.patient.birth_date), bool(match.patient.phone)
        if _same_without_date(person.details, match.reasons, other_dated=dated, other_reached=reached):
            by_phone = matching.SAME_PHONE in match.reasons
            return _same(person, match, "same-name-phone" if by_phone else "same-name-only")
    if matches:
        like = matches[0].patient
        return Recognition("new", remark("new"), (remark("looks-like", name=_called(matches[0])),), like.id)
    return NEW


def _same(person: Person, match: Match, code: str) -> Recognition:
    here, there = person.details.birth_date, match.patient.birth_date
    remarks: list[Remark] = []
    if here and there and here != there and here[4:] == there[4:]:
        remarks.append(remark("same-century-apart", here=birth.shown(here), there=birth.shown(there)))
    return Recognition("same", remark(code, name=_called(match)), tuple(remarks), match.patient.id)


def _called(match: Match) -> str:
    return f"{match.patient.family_name} {match.patient.given_name}".strip()


def _same_without_date(
    details: PatientDetails, reasons: Sequence[str], *, other_dated: bool, other_reached: bool
) -> bool:
    """Two records of the same name, neither with a birth date, are one person unless numbers or telephones differ."""
    if details.birth_date or other_dated or matching.SAME_NAMES not in reasons:
        return False
    if matching.DIFFERENT_NUMBERS in reasons:
        return False
    return matching.SAME_PHONE in reasons or not (details.phones and other_reached)


def _same_but_for_lost_letters(details: PatientDetails, match: Match) -> bool:
    """Compare names of which a program turned some letters into “?”: "Aç?kgöz" and "Açıkgöz"."""
    here, there = (details.family_name, details.given_name), (match.patient.family_name, match.patient.given_name)
    if not letter_lost(*here, *there):
        return False
    return all(_alike(one, other) for one, other in zip(here, there, strict=True))


def _alike(one: str, other: str) -> bool:
    if len(one) != len(other):
        return False
    lost = "?\ufffd"
    kept = [(a, b) for a, b in zip(one, other, strict=True) if a not in lost and b not in lost]
    return compact("".join(a for a, _ in kept)) == compact("".join(b for _, b in kept))
