"""What a list shows of a patient."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, bindparam, select
from sqlalchemy.orm import Session

from socle.practice.patients.models import Patient

CHUNK = 500
"""As many numbers as one query asks for at once."""


@dataclass(frozen=True, slots=True)
class PatientSummary:
    """One line of a list. `birth_date` is the beginning of an ISO date; `phone` the first number, stored shape."""

    id: int
    birth_family_name: str
    used_family_name: str
    first_given_name: str
    used_given_name: str
    sex: str
    birth_date: str
    phone: str
    city: str
    archived: bool

    @property
    def family_name(self) -> str:
        """The family name this person goes by."""
        return self.used_family_name or self.birth_family_name

    @property
    def given_name(self) -> str:
        """The given name this person goes by."""
        return self.used_given_name or self.first_given_name


_patient = Patient.__table__
# Columns of the table rather than of the class: a list pays nothing for what the object layer could do.
COLUMNS = tuple(
    _patient.c[name]
    for name in (
        "id",
        "birth_family_name",
        "used_family_name",
        "first_given_name",
        "used_given_name",
        "sex",
        "birth_date",
        "phones",
        "city",
        "archived",
    )
)
ARCHIVED = 9
"""The place of `archived` among COLUMNS."""
_by_ids = select(*COLUMNS).where(_patient.c.id.in_(bindparam("ids", expanding=True)))


def from_row(row: Row[Any]) -> PatientSummary:
    """Make the summary from a row that begins with COLUMNS."""
    number, birth_family, used_family, first_given, used_given, sex, birth_date, phones, city, archived = tuple(row)[
        :10
    ]
    first_phone = phones[0]["number"] if phones else ""
    return PatientSummary(
        number, birth_family, used_family, first_given, used_given, sex, birth_date, first_phone, city, bool(archived)
    )


def find_by_ids(session: Session, ids: Iterable[int]) -> dict[int, PatientSummary]:
    """Return the summaries of these patients by number; unknown numbers are left out."""
    wanted = list(dict.fromkeys(ids))
    found: dict[int, PatientSummary] = {}
    for start in range(0, len(wanted), CHUNK):
        rows = session.execute(_by_ids, {"ids": wanted[start : start + CHUNK]})
        found |= {row.id: from_row(row) for row in rows}
    return found
