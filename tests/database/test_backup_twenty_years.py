"""An older version's set, restored and upgraded by today's version: every kept one, on its database."""

import threading
from importlib.metadata import version
from pathlib import Path

import pytest
from sqlalchemy import func, select
from tests.builders import released
from tests.builders.backups import ACTOR, RealRestic
from tests.parts import postgresql, restic

from socle.appliance.backups.engine import Access
from socle.appliance.backups.opening import ChildOpening, Opened, Scratch
from socle.appliance.backups.restore import Restoration, restore_home
from socle.foundation.clock import SettableClock
from socle.foundation.database import Database
from socle.foundation.engines import embedded_engine, postgresql_engine
from socle.foundation.settings import BackupTarget
from socle.identity.audit.models import AuditEntry
from socle.identity.audit.verification import verify
from socle.migrations import history
from socle.practice.agenda import schedule
from socle.practice.documents.storage import Storage
from socle.practice.patients import registry, search
from socle.practice.patients.models import Patient

pytestmark = pytest.mark.real
NEVER = threading.Event()


def test_the_released_schema_is_kept() -> None:
    kept = [file.name for file in released.kept()]
    assert [name for name in kept if name.startswith(f"{version('socle-clinic')}-") and "postgresql" in name]
    assert [name for name in kept if name.startswith(f"{version('socle-clinic')}-") and "embedded" in name]
    assert sum(file.stat().st_size for file in released.kept()) < 200_000


@pytest.mark.parametrize("file", released.kept(), ids=lambda file: file.name.removesuffix(".tar.xz"))
def test_a_kept_set_restores_and_becomes_todays(
    file: Path, tmp_path: Path, clock: SettableClock, request: pytest.FixtureRequest
) -> None:
    old = released.load(file)
    assert old.manifest.database.revision in file.name
    password = tmp_path / "password"
    password.write_text("any")
    target = BackupTarget(name="disk", repository=str(tmp_path / "repository"))
    engine = RealRestic(restic.program()).open(target, Access(password))
    engine.create()
    restoration = Restoration(engine, released.put_into(engine, old, tmp_path / "put"), history, NEVER)
    given, url = None, ""
    if old.manifest.database.kind == "postgresql":
        cluster: postgresql.Cluster = request.getfixturevalue("postgresql_cluster")
        url = cluster.url(cluster.create())
        given = postgresql_engine(url)
    done = restore_home(restoration, tmp_path / "home", tmp_path / "keys", given, clock, ACTOR)
    assert done.rows > 20
    opened = given or embedded_engine(done.home.database_path, done.home.keys.read("database"))
    try:
        with opened.connect() as connection:
            assert history.current(connection) == history.latest()
        _read(Database(opened, clock, {"audit_key": done.home.keys.read("audit")}))
        storage = Storage(done.home.documents_path, done.home.keys.read("documents"))
        assert [b"".join(storage.open(name)) for name in storage.names()] == [released.LETTER]
        keys = {name: done.home.keys.read(name) for name in done.home.keys.names()}
        scratch = Scratch(str(done.home.folder), keys, str(done.home.database_path), url)
        assert ChildOpening().look(scratch, NEVER) == Opened(pages=2, documents=1)
    finally:
        opened.dispose()


def _read(database: Database) -> None:
    with database.reading() as session:
        people = list(session.scalars(select(Patient.id).order_by(Patient.id)))
        names = [registry.find(session, number).details.birth_family_name for number in people]
        assert names == [family for family, *_ in released.PEOPLE]
        found = search.by_text(session, "berenger", 10)
        assert [patient.id for patient in found.patients] == [people[1]]
        assert [len(schedule.of_patient(session, number)) for number in people] == [1, 1, 1]
        assert session.scalar(select(func.count()).select_from(AuditEntry)) or 0 > 4
    with database.snapshot() as session:
        assert verify(session).damages == ()
