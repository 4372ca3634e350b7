"""A set: stored, sealed, verified, drilled, restored to the last row. On both databases, with the real restic."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import Engine, func, select, text
from tests.builders import backups as places
from tests.builders import recovery_kits
from tests.builders.backups import ACTOR, Place
from tests.conftest import AUDIT_KEY, DATABASE_KEY
from tests.parts import postgresql

from socle.appliance.backups import runs, sets
from socle.appliance.backups import status as statuses
from socle.appliance.backups.drill import drill
from socle.appliance.backups.models import BackupRun
from socle.appliance.backups.parts import postgresql as dumps
from socle.appliance.backups.parts import rows
from socle.appliance.backups.restore import FolderNotEmpty, Restoration, restore_home
from socle.appliance.backups.runs import Backups
from socle.appliance.backups.seal import DatabaseSeal
from socle.foundation import settings
from socle.foundation.clock import SettableClock
from socle.foundation.database import Database
from socle.foundation.engines import embedded_engine, postgresql_engine
from socle.foundation.home import Home
from socle.foundation.secrets import DATABASE_PASSWORD
from socle.identity.people.directories.embedded import EmbeddedDirectory
from socle.identity.people.directory import DirectoryUnreachable
from socle.identity.people.models import Account
from socle.migrations import history
from socle.practice.patients.models import Patient

pytestmark = pytest.mark.real
SOMEBODY = b"CHEVALLIER DE LA ROCHE"


@pytest.fixture
def place(tmp_path: Path, database: Database, clock: SettableClock) -> Place:
    """A small practice on each database, never backed up."""
    return places.make(tmp_path / "place", database, clock, DATABASE_KEY, AUDIT_KEY)


def fingerprint(engine: Engine) -> DatabaseSeal:
    facts = dumps.fingerprint(engine) if engine.dialect.name == "postgresql" else rows.fingerprint(engine)
    found = facts.database
    assert found is not None
    return found


def state(place: Place, *, look: bool = True) -> tuple[str, list[str]]:
    with place.database.reading() as session:
        found = statuses.read(session, place.backups, look=look)
    return found.state, [finding.code for finding in found.findings]


@contextmanager
def empty_postgresql(place: Place, request: pytest.FixtureRequest) -> Iterator[Engine | None]:
    """Give the empty database that a PostgreSQL set is restored into, and nothing for the embedded one."""
    if place.database.engine.dialect.name != "postgresql":
        yield None
        return
    cluster: postgresql.Cluster = request.getfixturevalue("postgresql_cluster")
    name = cluster.create()
    engine = postgresql_engine(cluster.url(name))
    yield engine
    engine.dispose()
    cluster.drop(name)


def test_a_state_is_earned_step_by_step_and_lost_with_time(place: Place) -> None:
    assert state(place) == ("red", ["BACKUP-NEVER", "RECOVERY-KIT-DUE"])
    manifest = runs.back_up(place.backups, place.target, ACTOR)
    assert state(place) == ("amber", ["BACKUP-NOT-VERIFIED", "BACKUP-NOT-DRILLED", "RECOVERY-KIT-DUE"])
    runs.verify(place.backups, place.target, ACTOR)
    assert state(place) == ("amber", ["BACKUP-NOT-DRILLED", "RECOVERY-KIT-DUE"])
    done = drill(place.backups, place.target, history, ACTOR)
    assert state(place) == ("amber", ["RECOVERY-KIT-DUE"])
    kit = recovery_kits.make(place)
    assert state(place) == ("amber", ["RECOVERY-KIT-UNPROVEN"])
    recovery_kits.prove(place, kit)
    assert state(place) == ("green", [])

    counts = {check.name: check.count for check in done.report.checks}
    assert set(counts) == {"keys", "settings", "directory", "database", "audit", "upgrade", "documents", "application"}
    assert all(counts.values())
    assert msgspec.json.decode(done.file.read_bytes())["passed"] is True
    assert not list((place.home.folder / "backups").glob("drill-*"))

    with place.database.reading() as session:
        kept = session.scalars(select(BackupRun).order_by(BackupRun.id)).all()
    assert [(run.kind, run.outcome, run.set_id) for run in kept] == [
        (kind, "good", manifest.set_id) for kind in ("backup", "verify", "drill")
    ]
    assert [line["step"] for line in kept[0].log] == [
        "open", "settings", "keys", "database", "directory", "documents", "inspect", "seal", "end",
    ]  # fmt: skip

    place.later(hours=27)
    assert state(place) == ("red", ["BACKUP-OVERDUE", "BACKUP-VERIFY-OVERDUE"])
    place.later(hours=-28)
    assert "BACKUP-CLOCK" in state(place)[1]
    place.later(hours=1)
    place.engine().forget([place.engine().snapshots()[-1].id])
    assert state(place) == ("red", ["BACKUP-SNAPSHOT-MISSING"])
    (place.repository / "config").rename(place.repository / "config.gone")
    assert state(place, look=False) == ("red", ["BACKUP-REPOSITORY-MISSING"])


class Silent(EmbeddedDirectory):
    """A directory whose servers do not answer tonight."""

    def export_ldif(self) -> Iterator[bytes]:
        raise DirectoryUnreachable


def test_a_silent_directory_does_not_cost_the_night_and_is_not_green(place: Place) -> None:
    sources = replace(place.backups.sources, directory=Silent(place.database))
    backups = Backups(sources, place.backups.engines)
    recovery_kits.prove(place, recovery_kits.make(place))
    assert not runs.back_up(backups, place.target, ACTOR).directory.reached
    runs.verify(backups, place.target, ACTOR)
    assert drill(backups, place.target, history, ACTOR).report.passed
    assert state(place) == ("amber", ["BACKUP-WITHOUT-DIRECTORY"])
    runs.back_up(place.backups, place.target, ACTOR)
    assert state(place) == ("green", [])


def test_restored_the_practice_is_the_same_to_the_last_row(
    place: Place, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    before = fingerprint(place.database.engine)
    manifest = runs.back_up(place.backups, place.target, ACTOR)
    assert set(manifest.parts) == {"database", "documents", "directory", "keys", "settings"}
    with place.database.reading() as session:
        patients = session.scalars(select(func.count()).select_from(Patient)).one()
    assert manifest.database.tables["patient"].rows == patients > 20
    assert manifest.database.tables["appointment"] == before.tables["appointment"]
    assert {"database", "audit", "restic_password"} <= set(manifest.keys)
    assert set(manifest.settings) == {"socle.toml", "home-identity"}

    into, keys, engine = tmp_path / "restored", tmp_path / "new-keys", place.engine()
    manifest = sets.find(engine, "newest", place.clock.now(), threading.Event())
    restoration = Restoration(engine, manifest, history, threading.Event())
    into.mkdir()
    (into / "letter").write_text("mine")
    with pytest.raises(FolderNotEmpty):
        restore_home(restoration, into, keys, None, place.clock, ACTOR)
    assert (into / "letter").read_text() == "mine"
    (into / "letter").unlink()

    with empty_postgresql(place, request) as given:
        done = restore_home(restoration, into, keys, given, place.clock, ACTOR)
        restored = given or embedded_engine(into / "database" / "practice.db", DATABASE_KEY)
        _same(place, done.home, before, fingerprint(restored))
        stream = engine.open_stream(manifest.parts["database"].snapshot, "database", threading.Event())
        assert SOMEBODY in b"".join(stream)
        _nothing_in_clear(tmp_path)
        _works(Database(restored, place.clock, {"audit_key": AUDIT_KEY}))
        restored.dispose()


def test_the_password_of_a_new_database_server_becomes_a_key(
    place: Place, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    if place.database.engine.dialect.name != "postgresql":
        pytest.skip("of PostgreSQL only")
    place.home.keys.write(DATABASE_PASSWORD, b"of the old server")
    runs.back_up(place.backups, place.target, ACTOR)
    engine = place.engine()
    manifest = sets.find(engine, "newest", place.clock.now(), threading.Event())
    restoration = Restoration(engine, manifest, history, threading.Event())
    with empty_postgresql(place, request) as given:
        assert given is not None
        told = postgresql_engine(given.url.set(password="of the new one"))  # trusted here whatever it is
        done = restore_home(restoration, tmp_path / "restored", tmp_path / "new-keys", told, place.clock, ACTOR)
        told.dispose()
    assert done.home.keys.read(DATABASE_PASSWORD) == b"of the new one"
    assert "of the new one" not in done.home.settings_path.read_text()


def _same(place: Place, home: Home, before: DatabaseSeal, found: DatabaseSeal) -> None:
    assert found.shape == before.shape
    changed = {name for name, table in before.tables.items() if found.tables[name] != table}
    assert changed <= {"audit_entry", "audit_lane", "backup_run"}, "what the run and the restoration wrote, no more"
    assert home.settings_path.read_text().startswith(places.SETTINGS_TEXT)
    opens = settings.load(home.settings_path).database.url
    assert bool(opens) == (place.database.engine.dialect.name == "postgresql")
    assert home.identity() == place.home.identity()
    assert _content(home.keys.folder) == _content(place.home.keys.folder)
    assert _content(home.documents_path) == _content(place.home.documents_path)
    assert len(_content(home.documents_path)) == 5


def _nothing_in_clear(folder: Path) -> None:
    """No file of the home, the repository, or the restored home shows a patient (PostgreSQL's own lie elsewhere)."""
    assert not [name for name, content in _content(folder).items() if SOMEBODY in content]


def _content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _works(restored: Database) -> None:
    """Triggers, sequences and constraints came back too."""
    with restored.writing() as session:
        created = restored.engine.dialect.name
        session.add(Account(username=created, display_name="New", roles=[], created_at=places.MOMENT))
    with pytest.raises(Exception, match="append-only"), restored.engine.begin() as connection:
        connection.execute(text("DELETE FROM audit_entry"))
