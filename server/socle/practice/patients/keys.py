"""Derives, from what is known of a patient, every row that lets a search find it. Pure: no database here.

Keys of `patient_key` begin with one letter for their kind: `d` birth date, `p` telephone, `r` telephone read backwards
(for its last digits), `n` NIR or INS without the key digits, `e` e-mail, `s` sound of family and given name.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from socle.practice.patients import names, phones
from socle.practice.patients.details import PatientDetails

LONGEST_WORDS = 160
"""The part of the search words that names may take, so that an index row stays far below the databases' limit."""
AFTER_ALL = "\U0010ffff"
"""Sorts after every text that begins with the same prefix: a prefix is the range [prefix, prefix + AFTER_ALL)."""
GOES_BY, BIRTH, GIVEN, ARCHIVED = 0, 1, 2, 3
"""Ranks of a word: of the family name in use, of the birth name, of a given name; archived patients come after."""


@dataclass(frozen=True, slots=True)
class PatientRows:
    """The rows of one patient in three tables, and the words that `name_token` must know."""

    patient: dict[str, Any]
    tokens: list[dict[str, Any]]
    keys: list[dict[str, Any]]

    @property
    def words(self) -> list[str]:
        """The distinct words of the names."""
        return [row["token"] for row in self.tokens]


def rows_for(
    details: PatientDetails,
    patient_id: int,
    *,
    at: datetime,
    by: str,
    archived: bool = False,
    version: int = 1,
    created_at: datetime | None = None,
) -> PatientRows:
    """Return every row to store for a patient with that number (`at`: aware moment of the change, `by`: its author)."""
    patient = columns_of(details) | {
        "id": patient_id,
        "version": version,
        "archived": archived,
        "created_at": created_at or at,
        "changed_at": at,
        "changed_by": by,
    }
    return PatientRows(patient, token_rows(details, patient_id, archived), key_rows(details, patient_id))


def columns_of(details: PatientDetails) -> dict[str, Any]:
    """Return the columns that follow from the details alone."""
    columns = {name: getattr(details, name) for name in PatientDetails.__dataclass_fields__}
    columns["phones"] = [asdict(phone) for phone in details.phones]
    columns["emails"] = list(details.emails)
    columns["search_words"] = search_words(details)
    return columns


def search_words(details: PatientDetails) -> str:
    """Return " dupont anne marie martin dupontmartin #1980-03-12": sorts by family then given name, and each word
    can be asked for by its beginning, after a space.
    """
    families = (details.used_family_name, details.birth_family_name)
    known = dict.fromkeys(
        [
            *names.words(details.family_name, details.given_name),
            *names.words(details.birth_family_name, details.first_given_name, details.birth_given_names),
            *names.joined(*families, details.used_given_name, details.first_given_name),
        ]
    )
    text = "".join(f" {word}" for word in known)
    if len(text) > LONGEST_WORDS:
        text = text[:LONGEST_WORDS].rpartition(" ")[0] or text[:LONGEST_WORDS]
    return f"{text} #{details.birth_date}" if details.birth_date else text


def token_rows(details: PatientDetails, patient_id: int, archived: bool) -> list[dict[str, Any]]:
    """Return the rows of `patient_name_token`."""
    first = (details.first_given_name, details.used_given_name)
    ranked = (
        (GOES_BY, [*names.words(details.family_name), *names.joined(details.family_name)]),
        (BIRTH, [*names.words(details.birth_family_name), *names.joined(details.birth_family_name)]),
        (GIVEN, [*names.words(*first, details.birth_given_names), *names.joined(*first)]),
    )
    ranks: dict[str, int] = {}
    for rank, group in ranked:
        for word in group:
            ranks.setdefault(word, rank)
    copy = search_words(details)
    later = ARCHIVED if archived else 0
    return [
        {"token": word, "rank": rank + later, "words": copy, "patient_id": patient_id} for word, rank in ranks.items()
    ]


def key_rows(details: PatientDetails, patient_id: int) -> list[dict[str, Any]]:
    """Return the rows of `patient_key`."""
    found = [*phone_keys(details), *number_keys(details), *sound_keys(details)]
    found += [f"e{address.casefold()}" for address in details.emails]
    if details.birth_date:
        found.append(date_key(details.birth_date))
    return [{"key": key, "patient_id": patient_id} for key in dict.fromkeys(found)]


def date_key(birth_date: str) -> str:
    """Return the key of a birth date, or the beginning of the keys of a year or month."""
    return f"d{birth_date}"


def phone_keys(details: PatientDetails) -> list[str]:
    """Return the keys of all telephone numbers, forwards and backwards."""
    numbers = [phone.number for phone in details.phones] + [details.contact_phone]
    digits = [phones.digits_typed(number) for number in numbers]
    return [f"{kind}{text}" for text in digits if text for kind, text in (("p", text), ("r", text[::-1]))]


def number_keys(details: PatientDetails) -> list[str]:
    """Return the keys of NIR and INS: their first 13 characters, so that a missing or wrong key changes nothing."""
    return [number_key(number) for number in (details.nir, details.ins) if number]


def number_key(number: str) -> str:
    """Return the key of one NIR or INS in compact form."""
    return f"n{number[:13]}"


def sound_keys(details: PatientDetails) -> list[str]:
    """Return how each family name followed by each first given name sounds."""
    families = {names.compact(name) for name in (details.birth_family_name, details.used_family_name) if name}
    given = {names.compact(name) for name in (details.first_given_name, details.used_given_name) if name}
    return [f"s{names.sound(family)} {names.sound(first)}" for family in sorted(families) for first in sorted(given)]
