"""The patients' tables.

`patient` is the truth; `patient_name_token` and `patient_key` are derived from it (see `keys`) so that every search is
a range of an index. `name_token` lists the distinct words of all names, for typing errors.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from socle.foundation.columns import FoldedText, Identifier, JsonText, UtcDateTime
from socle.foundation.database import Base
from socle.practice.patients.details import LIMITS


def _limits() -> list[CheckConstraint]:
    return [CheckConstraint(f"length({name}) <= {longest}", name=f"{name}_length") for name, longest in LIMITS.items()]


class Patient(Base):
    """One person. `version` grows with each change; `search_words` is the sort key and the filter of searches."""

    __tablename__ = "patient"
    __table_args__ = (
        *_limits(),
        CheckConstraint("birth_family_name <> '' or used_family_name <> ''", name="has_family_name"),
        CheckConstraint("sex in ('F', 'M', '')", name="sex_known"),
        CheckConstraint(
            "identity_status in ('provisional', 'retrieved', 'validated')", name="identity_never_qualified"
        ),
        Index("ix_patient_list", "archived", "search_words", "id"),
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    version: Mapped[int]
    birth_family_name: Mapped[str] = mapped_column(Text)
    birth_given_names: Mapped[str] = mapped_column(Text)
    first_given_name: Mapped[str] = mapped_column(Text)
    used_family_name: Mapped[str] = mapped_column(Text)
    used_given_name: Mapped[str] = mapped_column(Text)
    sex: Mapped[str] = mapped_column(Text)
    birth_date: Mapped[str] = mapped_column(FoldedText)
    birth_place_code: Mapped[str] = mapped_column(Text)
    birth_place_name: Mapped[str] = mapped_column(Text)
    nir: Mapped[str] = mapped_column(Text)
    ins: Mapped[str] = mapped_column(Text)
    ins_oid: Mapped[str] = mapped_column(Text)
    identity_status: Mapped[str] = mapped_column(Text)
    phones: Mapped[list[dict[str, Any]]] = mapped_column(JsonText)
    emails: Mapped[list[str]] = mapped_column(JsonText)
    address: Mapped[str] = mapped_column(Text)
    postal_code: Mapped[str] = mapped_column(Text)
    city: Mapped[str] = mapped_column(Text)
    country: Mapped[str] = mapped_column(Text)
    contact_name: Mapped[str] = mapped_column(Text)
    contact_relation: Mapped[str] = mapped_column(Text)
    contact_phone: Mapped[str] = mapped_column(Text)
    alerts: Mapped[str] = mapped_column(Text)
    notes: Mapped[str] = mapped_column(Text)
    archived: Mapped[bool]
    search_words: Mapped[str] = mapped_column(FoldedText)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_by: Mapped[str] = mapped_column(Text)


class PatientNameToken(Base):
    """One word of one patient's names. The index answers and sorts a search by itself.

    `rank` puts the name in use before birth and given names, and archived patients last; `words`, a copy of the
    patient's search words, filters on the other words typed.
    """

    __tablename__ = "patient_name_token"
    __table_args__ = (Index("ix_patient_name_token_patient_id", "patient_id"), {"sqlite_with_rowid": False})

    token: Mapped[str] = mapped_column(FoldedText, primary_key=True)
    rank: Mapped[int] = mapped_column(primary_key=True)
    words: Mapped[str] = mapped_column(FoldedText, primary_key=True)
    patient_id: Mapped[int] = mapped_column(Identifier, ForeignKey("patient.id", ondelete="CASCADE"), primary_key=True)


class PatientKey(Base):
    """One other way to a patient: birth date, telephone (both ways round), number, e-mail, sound of the names."""

    __tablename__ = "patient_key"
    __table_args__ = (Index("ix_patient_key_patient_id", "patient_id"), {"sqlite_with_rowid": False})

    key: Mapped[str] = mapped_column(FoldedText, primary_key=True)
    patient_id: Mapped[int] = mapped_column(Identifier, ForeignKey("patient.id", ondelete="CASCADE"), primary_key=True)


class NameToken(Base):
    """One distinct word of names. Twice the same word does no harm: two writers need not wait for each other."""

    __tablename__ = "name_token"
    __table_args__ = (Index("ix_name_token_token", "token"),)

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    token: Mapped[str] = mapped_column(FoldedText)
