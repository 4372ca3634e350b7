"""What a list shows of a patient."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from socle.practice.patients.models import Patient

CHUNK = 500
"""As many numbers as one query asks for at once."""


@dataclass(frozen=True, slots=True)
class PatientSummary:
    """One line of a list. `birth_date` is the beginning of an ISO date; `phone` the first number, stored shape."""

    id: int
    family_name: str
    given_name: str
    birth_family_name: str
    sex: str
    birth_date: str
    phone: str
    city: str
    archived: bool


COLUMNS = (
    Patient.id,
    Patient.birth_family_name,
    Patient.used_family_name,
    Patient.first_given_name,
    Patient.used_given_name,
    Patient.sex,
    Patient.birth_date,
    Patient.phones,
    Patient.city,
    Patient.archived,
)
_by_ids = select(*COLUMNS)


def from_row(row: Row[Any]) -> PatientSummary:
    """Make the summary from a row that begins with COLUMNS."""
    number, birth_family, used_family, first_given, used_given, sex, birth_date, phones, city, archived = tuple(row)[
        :10
    ]
    return PatientSummary(
        number,
        used_family or birth_family,
        used_given or first_given,
        birth_family,
        sex,
        birth_date,
        phones[0]["number"] if phones else "",
        city,
        bool(archived),
    )


def find_by_ids(session: Session, ids: Iterable[int]) -> dict[int, PatientSummary]:
    """Return the summaries of these patients by number; unknown numbers are left out."""
    wanted = list(dict.fromkeys(ids))
    found: dict[int, PatientSummary] = {}
    for start in range(0, len(wanted), CHUNK):
        rows = session.execute(_by_ids.where(Patient.id.in_(wanted[start : start + CHUNK])))
        found |= {row.id: from_row(row) for row in rows}
    return found
