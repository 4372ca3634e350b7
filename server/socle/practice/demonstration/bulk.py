"""Fills an empty database with a crowd (see `crowd`), through the databases' own doors for bulk."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from sqlalchemy import Table, func, insert, select, text, update
from sqlalchemy.orm import Session

from socle.foundation.database import Base, now
from socle.foundation.errors import N_, SocleError
from socle.identity.actor import Actor, Role
from socle.identity.audit import trail
from socle.identity.people.models import Account
from socle.practice.agenda.models import AgendaRevision, AppointmentType, Colour
from socle.practice.demonstration import crowd
from socle.practice.patients import keys
from socle.practice.patients.models import Patient

CHUNK = 20_000
Rows = Iterable[Mapping[str, Any]]


class PracticeNotEmpty(SocleError):
    """Measuring data would be mixed with patients."""

    code = "BENCH-NOT-EMPTY"
    message = N_("This practice already holds patients.")
    hint = N_("Data for measuring go into a home of their own: give another folder with --home.")
    kind = "conflict"


@dataclass(frozen=True, slots=True)
class Filled:
    """What was written: the numbers of the practitioners and of the types, and how much of the rest."""

    practitioners: tuple[int, ...]
    types: tuple[int, ...]
    patients: int
    appointments: int


def fill(session: Session, actor: Actor, patients: int, appointments: int, seed: int) -> Filled:
    """Write the whole crowd in the session's transaction; PracticeNotEmpty if there is any patient."""
    if session.execute(select(Patient.id).limit(1)).first() is not None:
        raise PracticeNotEmpty()
    doctors = _add_practitioners(session, crowd.practitioners_for(appointments))
    types = _add_types(session)
    _add_patients(session, actor, patients, seed)
    planned = crowd.appointments(appointments, patients, len(doctors), seed)
    _copy(session, "appointment", _appointment_rows(session, planned, doctors, types))
    session.execute(update(AgendaRevision).values(value=1))
    if session.get_bind().dialect.name == "postgresql":
        _settle_postgresql(session)
    trail.record(session, actor, "bench.fill", reason=f"{patients} patients, {appointments} appointments, seed {seed}")
    return Filled(tuple(doctors), tuple(types), patients, appointments)


def _add_practitioners(session: Session, count: int) -> list[int]:
    accounts = [
        {
            "username": f"praticien.{number}",
            "display_name": f"Praticien {number}",
            "profession": "Masseur-kinésithérapeute",
            "rpps": "",
            "email": "",
            "roles": [Role.PRACTITIONER],
            "active": True,
            "language": "fr",
            "created_at": now(session),
        }
        for number in range(1, count + 1)
    ]
    found = list(
        session.execute(insert(Account).returning(Account.id, sort_by_parameter_order=True), accounts).scalars()
    )
    _copy(session, "practitioner_agenda", ({"practitioner_id": one, "position": at} for at, one in enumerate(found)))
    hours = [
        {"practitioner_id": one, "weekday": weekday, "from_minute": start, "to_minute": start + 225}
        for one in found
        for weekday in range(1, 6)
        for start in (8 * 60 + 30, 14 * 60)
    ]
    _copy(session, "opening_hours", hours)
    return found


def _add_types(session: Session) -> list[int]:
    named = (("Séance", Colour.TEAL), ("Bilan", Colour.BLUE), ("Visite à domicile", Colour.SAND))
    rows = [{"name": name, "colour": colour.value, "minutes": 15} for name, colour in named]
    return list(session.execute(insert(AppointmentType).returning(AppointmentType.id), rows).scalars())


def _add_patients(session: Session, actor: Actor, count: int, seed: int) -> None:
    at, words = now(session), set[str]()
    numbered = enumerate(crowd.people(count, seed), start=1)
    while chunk := list(islice(numbered, CHUNK)):
        rows = [keys.rows_for(details, number, at=at, by=actor.name) for number, details in chunk]
        _copy(session, "patient", (row.patient for row in rows))
        _copy(session, "patient_name_token", (token for row in rows for token in row.tokens))
        _copy(session, "patient_key", (key for row in rows for key in row.keys))
        words.update(word for row in rows for word in row.words)
    _copy(session, "name_token", ({"token": word} for word in sorted(words)))


def _appointment_rows(
    session: Session, planned: Iterable[crowd.CrowdAppointment], doctors: list[int], types: list[int]
) -> Iterator[dict[str, Any]]:
    at = now(session)
    for number, one in enumerate(planned):
        yield {
            "practitioner_id": doctors[one.practitioner],
            "patient_id": one.patient + 1,
            "type_id": types[number % len(types)],
            "starts_at": one.starts_at,
            "ends_at": one.starts_at + crowd.SLOT,
            "status": one.status,
            "revision": 1,
            "changed_at": at,
        }


def _copy(session: Session, name: str, rows: Rows) -> None:
    """Write rows, all with the same columns, into a table: COPY on PostgreSQL, prepared inserts elsewhere."""
    table = Base.metadata.tables[name]
    source = iter(rows)
    first = next(source, None)
    if first is None:
        return
    columns = list(first)
    encode = _encoder(session, table, columns)
    encoded = (encode(row) for row in chain([first], source))
    connection = session.connection().connection.driver_connection
    if connection is None:
        raise LookupError("the session has no open connection")
    if session.get_bind().dialect.name == "postgresql":
        with connection.cursor() as cursor, cursor.copy(f"COPY {name} ({', '.join(columns)}) FROM STDIN") as stream:
            for values in encoded:
                stream.write_row(values)
        return
    places = ", ".join("?" * len(columns))
    connection.executemany(f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({places})", encoded)  # noqa: S608


def _encoder(session: Session, table: Table, columns: list[str]) -> Callable[[Mapping[str, Any]], list[Any]]:
    dialect = session.get_bind().dialect
    found = [(name, table.c[name].type.dialect_impl(dialect).bind_processor(dialect)) for name in columns]
    processors = [(name, process) for name, process in found if process is not None]

    def encode(row: Mapping[str, Any]) -> list[Any]:
        if processors:
            row = {**row, **{name: process(row[name]) for name, process in processors}}
        return [row[name] for name in columns]

    return encode


def _settle_postgresql(session: Session) -> None:
    """Let the sequence go on after the numbers we gave, and the planner know what is there."""
    last = select(func.setval(func.pg_get_serial_sequence("patient", "id"), func.max(Patient.id)))
    session.execute(last)
    session.execute(text("ANALYZE"))
