"""Sets as released versions sealed them, kept for twenty years: today's version must restore and upgrade every one.

Made once for each released schema, and never again: `python -m tests.builders.released REVISION…` writes
`tests/fixtures/released/<version>-<revision>-<database>.tar.xz` for both databases. The practice in them is invented,
its keys are thrown away. A file that exists is kept as it is: it is what that version wrote.
"""

import io
import sys
import tarfile
import tempfile
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

import msgspec
from sqlalchemy import Engine, insert, inspect
from sqlalchemy.orm import Session
from tests.builders.backups import SETTINGS_TEXT, RealRestic
from tests.parts import postgresql, restic

from socle.appliance.backups import dataset, seal, sets
from socle.appliance.backups.dataset import Sources
from socle.appliance.backups.engine import Engine as BackupEngine
from socle.appliance.backups.restore import IDENTITY
from socle.appliance.backups.runs import Backups
from socle.appliance.backups.seal import Manifest, PartSeal
from socle.foundation import home as homes
from socle.foundation.clock import SettableClock
from socle.foundation.database import Database
from socle.foundation.engines import embedded_engine, postgresql_engine
from socle.foundation.home import Home
from socle.foundation.settings import BackupTarget, Settings
from socle.identity.actor import machine
from socle.identity.audit import trail
from socle.identity.people.directory import Directory
from socle.identity.people.models import Account
from socle.migrations import history
from socle.practice.agenda.models import Appointment, AppointmentType, PractitionerAgenda
from socle.practice.documents.storage import Storage
from socle.practice.patients import registry
from socle.practice.patients.details import PatientDetails, Phone

FOLDER = Path(__file__).resolve().parents[1] / "fixtures" / "released"
MOMENT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
PEOPLE = (("ARNOUX", "Solène", "F", "1984-02-29"), ("BÉRENGER", "Noël", "M", "1951-12-24"), ("ÇELIK", "Aylin", "F", ""))
LETTER = b"Lettre d'essai. " * 60
NEVER = threading.Event()
_DATABASE_KEY, _AUDIT_KEY = b"r" * 32, b"t" * 32


@dataclass(frozen=True)
class Released:
    """One kept set: its manifest, and the bytes of its parts and documents by name."""

    manifest: Manifest
    parts: dict[str, bytes]
    documents: dict[str, bytes]


class _Nobody:
    kind = "embedded"

    def export_ldif(self) -> Iterator[bytes]:
        """Yield one entry; the real one asks for tables that an old schema has not."""
        yield b"dn: ou=people\n\n"


def kept() -> list[Path]:
    """Return the fixtures' files."""
    return sorted(FOLDER.glob("*.tar.xz"))


def load(file: Path) -> Released:
    """Read a fixture."""
    found: dict[str, bytes] = {}
    with tarfile.open(file, "r:xz") as archive:
        for about in archive:
            content = archive.extractfile(about)
            assert content is not None
            found[about.name] = content.read()
    documents = {name.removeprefix("documents/"): data for name, data in found.items() if name.startswith("documents/")}
    manifest = seal.open_seal(found[seal.FILE_NAME])
    return Released(manifest, {name: found[name] for name in manifest.parts if name in found}, documents)


def put_into(engine: BackupEngine, released: Released, folder: Path) -> Manifest:
    """Store a kept set in a repository, under a seal that names the snapshots there; everything else is as it was."""
    parts = {}
    for name, data in released.parts.items():
        stored = engine.store_stream(name, [data], sets.tags(released.manifest.set_id, name), _unheard, NEVER)
        parts[name] = PartSeal(stored.snapshot, len(data), released.manifest.parts[name].sha256)
    documents = folder / dataset.DOCUMENTS
    for name, data in released.documents.items():
        (documents / name).parent.mkdir(parents=True, exist_ok=True)
        (documents / name).write_bytes(data)
    tags = sets.tags(released.manifest.set_id, dataset.DOCUMENTS)
    stored = engine.store_folder(documents, tags, _unheard, NEVER)
    parts[dataset.DOCUMENTS] = PartSeal(stored.snapshot, stored.taken)
    return msgspec.structs.replace(released.manifest, parts=parts)


def make(revision: str, kind: str, open_database: Callable[[], Engine]) -> Path:
    """Found a practice at a revision of the history, seal it, and keep the set."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    file = FOLDER / f"{version('socle-clinic')}-{revision}-{kind}.tar.xz"
    if file.exists():
        return file
    engine = open_database()
    with engine.begin() as connection:
        history.upgrade(connection, revision)
    with tempfile.TemporaryDirectory() as place:
        home = _home(Path(place))
        database = Database(engine, SettableClock(MOMENT), {"audit_key": _AUDIT_KEY})
        with database.writing() as session:
            _fill(session)
        Storage(home.documents_path, home.keys.read("documents")).keep(io.BytesIO(LETTER))
        _keep(home, database, file, Path(place))
    engine.dispose()
    return file


def _home(place: Path) -> Home:
    home = homes.create(place / "home", place / "keys")
    for name, value in (("database", _DATABASE_KEY), ("audit", _AUDIT_KEY)):
        home.keys.write(name, value, replace=True)
    home.settings_path.write_text(SETTINGS_TEXT)
    return home


def _keep(home: Home, database: Database, file: Path, place: Path) -> None:
    target = BackupTarget(name="released", repository=str(place / "repository"))
    sources = Sources(home, database, cast("Directory", _Nobody()), Settings(), SettableClock(MOMENT))
    repository = Backups(sources, RealRestic(restic.program())).engine(target)
    repository.create()
    manifest = dataset.store(sources, repository, str(uuid.uuid4()), None, _Unheard())
    with tarfile.open(file, "w:xz") as archive:
        for name, part in manifest.parts.items():
            if name != dataset.DOCUMENTS:
                _add(archive, name, b"".join(repository.open_stream(part.snapshot, name, NEVER)))
        for name in manifest.documents:
            _add(archive, f"documents/{name}", (home.documents_path / name).read_bytes())
        _add(archive, seal.FILE_NAME, seal.close(manifest))
    assert IDENTITY in manifest.settings


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    about = tarfile.TarInfo(name)
    about.size = len(content)
    archive.addfile(about, io.BytesIO(content))


class _Unheard:
    """A journal nobody reads."""

    cancel = NEVER
    added = 0

    def step(self, name: str, text: str = "") -> None:
        """Say nothing."""

    def progress(self, done: int, total: int | None) -> None:
        """Say nothing."""


def _unheard(_done: int, _total: int | None) -> None:
    return


def _fill(session: Session) -> None:
    """Put in an account, patients, appointments and a trail, with the columns that the revision has."""
    actor = machine("released")
    account = {
        "username": "sarnaud", "display_name": "Sophie Arnaud", "profession": "Orthophoniste", "rpps": "", "email": "",
        "roles": ["practitioner"], "active": True, "language": "fr", "created_at": MOMENT,
    }  # fmt: skip
    _insert(session, Account, {"id": 1, **account})
    _insert(session, PractitionerAgenda, {"practitioner_id": 1, "position": 0})
    _insert(session, AppointmentType, {"id": 1, "name": "Bilan", "colour": "teal", "minutes": 45})
    people = [
        PatientDetails(
            birth_family_name=family, first_given_name=given, birth_given_names=given, sex=cast("Any", sex),
            birth_date=born, phones=(Phone("+33612345678"),), notes="Note d'essai\nsur deux lignes",
        )
        for family, given, sex, born in PEOPLE
    ]  # fmt: skip
    for turn, patient in enumerate(registry.create_many(session, actor, people)):
        start = MOMENT + timedelta(days=turn)
        booked = {
            "id": turn + 1, "practitioner_id": 1, "patient_id": patient, "type_id": 1, "starts_at": start,
            "ends_at": start + timedelta(minutes=45), "status": "booked", "note": "", "revision": turn + 1,
            "changed_at": MOMENT,
        }  # fmt: skip
        _insert(session, Appointment, booked)
        trail.record(session, actor, "appointment.booked", "appointment", turn + 1)


def _insert(session: Session, model: Any, values: dict[str, Any]) -> None:
    existing = {column["name"] for column in inspect(session.connection()).get_columns(model.__tablename__)}
    session.execute(insert(model.__table__).values({name: value for name, value in values.items() if name in existing}))


@contextmanager
def _both() -> Iterator[dict[str, Callable[[], Engine]]]:
    with postgresql.running() as cluster, tempfile.TemporaryDirectory() as place:
        yield {
            "embedded": lambda: embedded_engine(Path(place) / f"{uuid.uuid4()}.db", _DATABASE_KEY),
            "postgresql": lambda: postgresql_engine(cluster.url(cluster.create())),
        }


def main() -> None:
    """Make the fixtures of the revisions named, or of the newest one."""
    with _both() as databases:
        for revision in sys.argv[1:] or [history.latest()]:
            for kind, opener in databases.items():
                file = make(revision, kind, opener)
                print(f"{file.name}: {file.stat().st_size} bytes")


if __name__ == "__main__":
    main()
