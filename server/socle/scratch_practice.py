"""A child process of the drill: opens the staff's application on a restored practice, or founds a tiny one to try on.

No network reaches it: requests are calls inside the process, and the viewer is given by it. The database is opened
read-only. Opening a file leaves an entry in the trail, as always: the entries go into temporary tables that hide the
real ones and vanish with their connection. The answer holds counts and codes, never a patient's datum.
"""

import io
import sys
from collections.abc import Callable, Mapping
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import msgspec
from flask import Flask, g
from markupsafe import escape
from sqlalchemy import Engine, event, insert, select
from sqlalchemy.orm import Session

from socle import wiring
from socle.appliance.backups.opening import Opened, Scratch
from socle.foundation import settings as settings_file
from socle.foundation.clock import PARIS, SystemClock
from socle.foundation.database import Database, now
from socle.foundation.engines import embedded_engine, postgresql_engine
from socle.foundation.errors import SocleError
from socle.foundation.home import Home
from socle.foundation.secrets import KeyMissing, Keys
from socle.foundation.settings import DirectorySettings, Settings
from socle.foundation.toolbox import Toolbox
from socle.identity.actor import Actor, Role, machine
from socle.identity.people.models import Account
from socle.practice.agenda import appointment_types, booking, practitioners
from socle.practice.agenda.models import HOLDING, Appointment, Colour
from socle.practice.documents.storage import Storage
from socle.practice.patients import registry
from socle.practice.patients.details import PatientDetails
from socle.practice.patients.models import Patient
from socle.web.apps import staff_app
from socle.web.kit.permissions import CLINIC
from socle.web.kit.viewer import Viewer

ADDRESS = "https://localhost"
NOTED = ("audit_entry", "audit_lane")
"""The tables that reading a file writes to."""
DOCUMENTS_READ = 5


class Shut(Exception):
    """Something did not open; the code says what."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class HeldKeys(Keys):
    """The restored keys, in memory only."""

    def __init__(self, folder: Path, held: Mapping[str, bytes]) -> None:
        super().__init__(folder)
        self._held = held

    def read(self, name: str) -> bytes:
        """Return the secret; KeyMissing."""
        if name not in self._held:
            raise KeyMissing(name=name, folder="memory")
        return self._held[name]

    def has(self, name: str) -> bool:
        """Tell whether it is there."""
        return name in self._held

    def names(self) -> list[str]:
        """Return all names."""
        return sorted(self._held)


def read_only(scratch: Scratch) -> Engine:
    """Open the restored database so that the database itself refuses every change."""
    if scratch.url:
        engine = postgresql_engine(scratch.url)
        event.listen(engine, "connect", _only_read_postgresql)
    else:
        engine = embedded_engine(Path(scratch.file), scratch.keys["database"], read_only=True)
        event.listen(engine, "connect", _notes_aside_embedded)
    return engine


def _only_read_postgresql(connection: Any, _entry: object) -> None:
    for table in NOTED:
        some = "" if table == "audit_lane" else "WITH NO DATA"
        connection.execute(f"CREATE TEMPORARY TABLE {table} AS SELECT * FROM public.{table} {some}")  # noqa: S608
    connection.execute("SET default_transaction_read_only = on")
    connection.commit()


def _notes_aside_embedded(connection: Any, _entry: object) -> None:
    for table in NOTED:
        some = "" if table == "audit_lane" else "WHERE 0"
        connection.execute(f"CREATE TEMPORARY TABLE {table} AS SELECT * FROM main.{table} {some}")  # noqa: S608


def tools_for(scratch: Scratch, engine: Engine) -> Toolbox:
    """Return the tools of the staff's door on the scratch home; nothing in them reaches the living practice."""
    keys = HeldKeys(Path(scratch.folder) / "no-keys", scratch.keys)
    home = Home(Path(scratch.folder), keys)
    tools = wiring.toolbox(home, "staff")
    database = Database(engine, SystemClock(), {"audit_key": scratch.keys["audit"]})
    tools.provide(Database, lambda: database)
    settings = msgspec.structs.replace(settings_file.load(home.settings_path), directory=DirectorySettings())
    tools.provide(Settings, lambda: settings)
    return tools


def look(scratch: Scratch) -> Opened:
    """Open the record of whoever was booked last, the week of that appointment, and some documents."""
    tools = tools_for(scratch, read_only(scratch))
    app = staff_app(tools)
    app.before_request_funcs.setdefault(None, []).insert(0, _stand_in)
    with tools.of(Database).reading() as session:
        found = _somebody(session)
    pages = 0
    if found is None:
        _page(app, "/patients", "OPENING-PATIENTS")
        _page(app, "/agenda", "OPENING-AGENDA")
        pages = 2
    else:
        pages = _record(app, *found)
    return Opened(pages, _documents(tools.of(Storage)))


def _stand_in() -> None:
    """Look as somebody of the practice would; nobody signs in, for that would write."""
    g.viewer = Viewer(0, 0, "drill", "drill", CLINIC, None, "fr")


def _somebody(session: Session) -> tuple[Patient, Appointment | None] | None:
    """Return the patient of the newest appointment, or the newest patient, or nobody in an empty practice."""
    held = (
        select(Appointment)
        .join(Account, Account.id == Appointment.practitioner_id)
        .where(Account.active, Appointment.status.in_(HOLDING))
    )
    booked = session.scalars(held.order_by(Appointment.id.desc()).limit(1)).first()
    if booked is not None:
        return session.get_one(Patient, booked.patient_id), booked
    patient = session.scalars(select(Patient).order_by(Patient.id.desc()).limit(1)).first()
    return None if patient is None else (patient, None)


def _record(app: Flask, patient: Patient, booked: Appointment | None) -> int:
    """Open the file, and the week with the appointment in it; what the rows say must stand on the pages."""
    family = (patient.used_family_name or patient.birth_family_name).upper()
    if str(escape(family)) not in _page(app, f"/patients/{patient.id}", "OPENING-PATIENT"):
        raise Shut("OPENING-PATIENT-DIFFERS")
    if booked is None:
        return 1
    day = booked.starts_at.astimezone(PARIS).date()
    address = f"/agenda?view=week&date={day}&who={booked.practitioner_id}"
    if f"[{booked.id},{booked.practitioner_id},".encode() not in _page(app, address, "OPENING-AGENDA").encode():
        raise Shut("OPENING-AGENDA-DIFFERS")
    return 2


def _page(app: Flask, address: str, code: str) -> str:
    answer = app.test_client().get(address, base_url=ADDRESS)
    if answer.status_code != 200:
        raise Shut(f"{code}-{answer.status_code}")
    return answer.text


def _documents(storage: Storage) -> int:
    """Read some documents to their end with the restored key: each chunk proves itself; DocumentDamaged."""
    read = 0
    for name in storage.names():
        for _ in storage.open(name):
            pass
        read += 1
        if read == DOCUMENTS_READ:
            break
    return read


def found(scratch: Scratch) -> Opened:
    """Make one practitioner, one patient, one appointment and three documents; all of them invented."""
    if scratch.url:
        engine = postgresql_engine(scratch.url)
    else:
        engine = embedded_engine(Path(scratch.file), scratch.keys["database"])
    database = Database(engine, SystemClock(), {"audit_key": scratch.keys["audit"]})
    with database.writing() as session:
        _fill(session)
    engine.dispose()
    storage = Storage(Path(scratch.folder) / "documents", scratch.keys["documents"])
    for number in range(3):
        storage.keep(io.BytesIO(f"Essai {number}. ".encode() * 500))
    return Opened(0, 3)


def _fill(session: Session) -> None:
    account = session.execute(
        insert(Account)
        .values(
            username="essai", display_name="Essai", profession="", rpps="", email="", roles=[Role.PRACTITIONER.value],
            active=True, language="fr", created_at=now(session),
        )
        .returning(Account.id)
    ).scalar_one()  # fmt: skip
    actor = Actor(account, "Essai", frozenset({Role.PRACTITIONER}))
    practitioners.open_agenda(session, actor, account)
    kind = appointment_types.add_type(session, actor, "Essai", Colour.TEAL, 30)
    person = PatientDetails(birth_family_name="ESSAI", first_given_name="Essai", birth_given_names="Essai", sex="F")
    (patient,) = registry.create_many(session, machine("self-test"), [person])
    start = datetime.combine(now(session).astimezone(PARIS).date() + timedelta(days=7), time(10), PARIS)
    span = booking.span_from(start, timedelta(minutes=30))
    booking.book(session, actor, booking.Booking(account, patient, kind, span), confirmed=True)


VERBS: Mapping[str, Callable[[Scratch], Opened]] = {"look": look, "found": found}


def main() -> None:
    """Read the place from the standard input, do what is asked, answer on the standard output."""
    scratch = msgspec.json.decode(sys.stdin.buffer.read(), type=Scratch)
    try:
        answer = VERBS[sys.argv[1]](scratch)
    except SocleError as error:
        answer = Opened(code=error.code)
    except Shut as shut:
        answer = Opened(code=shut.code)
    except Exception as error:  # noqa: BLE001 - its text may quote a patient: only its kind goes out
        answer = Opened(code=type(error).__name__)
    sys.stdout.buffer.write(msgspec.json.encode(answer))


if __name__ == "__main__":
    main()
