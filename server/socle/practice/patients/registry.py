"""The register of patients: create, read, edit, archive. Callers commit; every change leaves its entry in the trail."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from socle.foundation.clock import PARIS
from socle.foundation.database import now
from socle.identity.actor import Actor
from socle.identity.audit import trail
from socle.identity.audit.models import AuditEntry
from socle.practice.patients import keys
from socle.practice.patients.checking import checked
from socle.practice.patients.details import PatientDetails, Phone
from socle.practice.patients.errors import PatientChanged, PatientMissing
from socle.practice.patients.models import NameToken, Patient, PatientKey, PatientNameToken
from socle.practice.patients.summaries import CHUNK

_FIELDS = tuple(PatientDetails.__dataclass_fields__)
_patient = Patient.__table__.c
_STORED = select(
    *(_patient[name] for name in ("id", "version", "archived", "created_at", "changed_at", "changed_by")),
    *(_patient[name] for name in _FIELDS),
)
_one = _STORED.where(_patient.id == bindparam("id"))
_many = _STORED.where(_patient.id.in_(bindparam("ids", expanding=True)))
_insert_numbered = insert(Patient).returning(Patient.id, sort_by_parameter_order=True)


@dataclass(frozen=True, slots=True)
class StoredPatient:
    """A patient as stored. `version` is what an edit must give back."""

    id: int
    version: int
    archived: bool
    created_at: datetime
    changed_at: datetime
    changed_by: str
    details: PatientDetails


@dataclass(frozen=True, slots=True)
class Opened:
    """When and by whom a file was opened."""

    at: datetime
    by: str


_entry = AuditEntry.__table__.c
_last_opened = (
    select(_entry.at, _entry.actor)
    .where(
        _entry.subject_type == "patient",
        _entry.subject_id == bindparam("patient_id"),
        _entry.action == "patient.read",
    )
    .order_by(_entry.at.desc())
    .limit(1)
)


def today(session: Session) -> date:
    """Return the day it is in the practice."""
    return now(session).astimezone(PARIS).date()


def find(session: Session, patient_id: int) -> StoredPatient:
    """Return one patient; PatientMissing if there is none. For showing a file to a person use `read`."""
    row = session.execute(_one, {"id": patient_id}).first()
    if row is None:
        raise PatientMissing()
    return _stored(row)


def find_many(session: Session, ids: Iterable[int]) -> dict[int, StoredPatient]:
    """Return many patients by number, for comparing; unknown numbers are left out."""
    wanted = list(dict.fromkeys(ids))
    found: dict[int, StoredPatient] = {}
    for start in range(0, len(wanted), CHUNK):
        rows = session.execute(_many, {"ids": wanted[start : start + CHUNK]})
        found |= {row.id: _stored(row) for row in rows}
    return found


def read(session: Session, actor: Actor, patient_id: int) -> StoredPatient:
    """Return one patient for a person to look at, and leave the entry `patient.read` in the trail."""
    patient = find(session, patient_id)
    trail.record(session, actor, "patient.read", "patient", patient_id)
    return patient


def changed_since(session: Session, moment: datetime) -> bool:
    """Tell whether anybody was added or changed since. Looks at the whole table: meant for once per import."""
    return session.execute(select(Patient.id).where(Patient.changed_at >= moment).limit(1)).first() is not None


def last_opened(session: Session, patient_id: int) -> Opened | None:
    """Return who opened the file last, None if nobody did; ask before `read`."""
    row = session.execute(_last_opened, {"patient_id": patient_id}).first()
    return Opened(row.at, row.actor) if row else None


def create(session: Session, actor: Actor, details: PatientDetails) -> int:
    """Add a patient and return their number; PatientInvalid if a field cannot be kept."""
    clean = checked(details, today(session))
    (patient_id,) = _add(session, actor, [clean])
    trail.record(session, actor, "patient.create", "patient", patient_id, fields=_filled(clean))
    return patient_id


def create_many(session: Session, actor: Actor, people: Sequence[PatientDetails]) -> list[int]:
    """Add many patients, already cleaned by `checking.examine`, and return their numbers in the same order.

    One entry in the trail says how many and which numbers.
    """
    ids: list[int] = []
    for start in range(0, len(people), CHUNK):
        ids += _add(session, actor, people[start : start + CHUNK])
    if ids:
        extent = f"{len(ids)} patients, {min(ids)} to {max(ids)}"
        trail.record(session, actor, "patient.create_many", reason=extent)
    return ids


def edit(session: Session, actor: Actor, patient_id: int, version: int, details: PatientDetails) -> int:
    """Change a patient and return the new version.

    PatientChanged if somebody saved another version than `version` meanwhile; PatientInvalid; PatientMissing.
    """
    stored = find(session, patient_id)
    clean = checked(details, today(session))
    if stored.version != version:
        raise PatientChanged(stored.changed_by, stored.changed_at, stored.version)
    changed = [name for name in _FIELDS if getattr(clean, name) != getattr(stored.details, name)]
    if not changed:
        return version
    _replace(session, actor, stored, clean, archived=stored.archived)
    trail.record(session, actor, "patient.edit", "patient", patient_id, fields=changed)
    return version + 1


def archive(session: Session, actor: Actor, patient_id: int) -> None:
    """Put a patient aside: still found, after the others. Does nothing if it is so already."""
    _move(session, actor, patient_id, "patient.archive", archived=True)


def restore(session: Session, actor: Actor, patient_id: int) -> None:
    """Undo `archive`. Does nothing if the patient is not archived."""
    _move(session, actor, patient_id, "patient.restore", archived=False)


def remove_unused(session: Session, actor: Actor, ids: Sequence[int]) -> list[int]:
    """Take back patients that an import created; return the numbers of those that stay.

    A patient stays when somebody changed it since, or when another record (an appointment) leans on it.
    """
    kept: list[int] = []
    for start in range(0, len(ids), CHUNK):
        chunk = list(ids[start : start + CHUNK])
        try:
            with session.begin_nested():
                gone = _remove(session, chunk)
        except IntegrityError:
            gone = {patient_id for patient_id in chunk if _remove_one(session, patient_id)}
        kept += [patient_id for patient_id in chunk if patient_id not in gone]
    if len(kept) < len(ids):
        extent = f"{len(ids) - len(kept)} patients, {min(ids)} to {max(ids)}"
        trail.record(session, actor, "patient.remove_many", reason=extent)
    return kept


def _remove(session: Session, ids: Sequence[int]) -> set[int]:
    gone = delete(Patient).where(Patient.id.in_(ids), Patient.version == 1).returning(Patient.id)
    return set(session.execute(gone, execution_options={"synchronize_session": False}).scalars())


def _remove_one(session: Session, patient_id: int) -> bool:
    try:
        with session.begin_nested():
            return bool(_remove(session, [patient_id]))
    except IntegrityError:
        return False


def _add(session: Session, actor: Actor, people: Sequence[PatientDetails]) -> list[int]:
    at = now(session)
    # The derived rows need the number: it is given by the database first, then written into them.
    rows = [keys.rows_for(details, 0, at=at, by=actor.name) for details in people]
    columns = [{name: value for name, value in row.patient.items() if name != "id"} for row in rows]
    ids = list(session.execute(_insert_numbered, columns).scalars())
    tokens = [token | {"patient_id": number} for number, row in zip(ids, rows, strict=True) for token in row.tokens]
    found = [key | {"patient_id": number} for number, row in zip(ids, rows, strict=True) for key in row.keys]
    _insert_derived(session, tokens, found)
    return ids


def _insert_derived(session: Session, tokens: list[dict[str, Any]], found: list[dict[str, Any]]) -> None:
    if tokens:
        session.execute(insert(PatientNameToken.__table__), tokens)  # type: ignore[arg-type]
    if found:
        session.execute(insert(PatientKey.__table__), found)  # type: ignore[arg-type]
    _learn(session, {row["token"] for row in tokens})


def _learn(session: Session, tokens: Iterable[str]) -> None:
    """Add to the dictionary the words it does not know yet."""
    wanted = sorted(tokens)
    for start in range(0, len(wanted), CHUNK):
        chunk = wanted[start : start + CHUNK]
        known = set(session.execute(select(NameToken.token).where(NameToken.token.in_(chunk))).scalars())
        new = [{"token": token} for token in chunk if token not in known]
        if new:
            session.execute(insert(NameToken.__table__), new)  # type: ignore[arg-type]


def _move(session: Session, actor: Actor, patient_id: int, action: str, *, archived: bool) -> None:
    stored = find(session, patient_id)
    if stored.archived != archived:
        _replace(session, actor, stored, stored.details, archived=archived)
        trail.record(session, actor, action, "patient", patient_id)


def _replace(session: Session, actor: Actor, stored: StoredPatient, details: PatientDetails, *, archived: bool) -> None:
    rows = keys.rows_for(
        details,
        stored.id,
        at=now(session),
        by=actor.name,
        archived=archived,
        version=stored.version + 1,
        created_at=stored.created_at,
    )
    without_synchronizing = {"synchronize_session": False}
    done = session.execute(
        update(Patient).where(Patient.id == stored.id, Patient.version == stored.version).values(**rows.patient),
        execution_options=without_synchronizing,
    )
    if done.rowcount == 0:  # type: ignore[attr-defined]
        # Another transaction committed between our reading and our writing.
        other = find(session, stored.id)
        raise PatientChanged(other.changed_by, other.changed_at, other.version)
    for table in (PatientNameToken, PatientKey):
        session.execute(delete(table).where(table.patient_id == stored.id), execution_options=without_synchronizing)
    _insert_derived(session, rows.tokens, rows.keys)


def _filled(details: PatientDetails) -> list[str]:
    return [name for name in _FIELDS if getattr(details, name)]


def _stored(row: Row[Any]) -> StoredPatient:
    values: dict[str, Any] = dict(zip(_FIELDS, row[6:], strict=True))
    values["phones"] = tuple(Phone(**phone) for phone in values["phones"])
    values["emails"] = tuple(values["emails"])
    return StoredPatient(
        row.id,
        row.version,
        bool(row.archived),
        row.created_at,
        row.changed_at,
        row.changed_by,
        PatientDetails(**values),
    )
