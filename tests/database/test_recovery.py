"""The worst day on both databases: machine, home and keys are gone; two scanned sheets bring every row back."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine
from tests.builders import backups as places
from tests.builders import recovery_kits as kits
from tests.builders.backups import ACTOR, Place
from tests.conftest import AUDIT_KEY, DATABASE_KEY
from tests.parts import postgresql

from socle.appliance.backups import runs
from socle.appliance.backups.recovery_kit import envelope, reaching, recovery, scanning, state, words
from socle.appliance.backups.recovery_kit.kit_secret import KitSecret
from socle.appliance.backups.restore import fingerprint
from socle.foundation import settings as settings_file
from socle.foundation.clock import SettableClock
from socle.foundation.database import Database
from socle.foundation.engines import embedded_engine, postgresql_engine
from socle.foundation.home import Home
from socle.migrations import history

pytestmark = pytest.mark.real
CHANGED_BY_A_RESTORE = {"session", "audit_entry", "audit_lane", "backup_run", "recovery_kit"}
"""Sessions are ended; the trail and the kit's own row say that it was."""


@pytest.fixture
def place(tmp_path: Path, database: Database, clock: SettableClock) -> Place:
    """A small practice on each database, with a repository on another disk."""
    made = places.make(tmp_path / "place", database, clock, DATABASE_KEY, AUDIT_KEY)
    made.home.settings_path.write_text(
        f'{places.SETTINGS_TEXT}\n[[backup.targets]]\nname = "disk"\nrepository = "{made.target.repository}"\n'
    )
    return made


@contextmanager
def new_database(place: Place, request: pytest.FixtureRequest) -> Iterator[Engine | None]:
    """Give an empty PostgreSQL database where one is needed."""
    if place.database.engine.dialect.name != "postgresql":
        yield None
        return
    cluster: postgresql.Cluster = request.getfixturevalue("postgresql_cluster")
    name = cluster.create()
    engine = postgresql_engine(cluster.url(name))
    yield engine
    engine.dispose()
    cluster.drop(name)


def test_two_scanned_sheets_bring_every_row_back(
    place: Place, tmp_path: Path, request: pytest.FixtureRequest, clock: SettableClock
) -> None:
    runs.back_up(place.backups, place.target, ACTOR)
    place.later(hours=1)
    manifest = runs.back_up(place.backups, place.target, ACTOR)
    kit = kits.make(place)  # printed after the last night: the set does not know it
    paper = kits.scanned(kit, tmp_path, 2, 3)
    before = fingerprint(place.database.engine).database
    assert before is not None
    letters = {path.name: path.read_bytes() for path in place.home.documents_path.rglob("*") if path.is_file()}
    shutil.rmtree(place.home.folder)
    shutil.rmtree(place.home.keys.folder)

    clock.advance(timedelta(days=3))
    scanned = scanning.read(paper)
    secret = KitSecret(words.combine(*scanned.sheets))
    sealed = envelope.joined(list(scanned.parts))
    held = envelope.unseal(sealed, secret)
    told: list[str] = []
    into, keys = tmp_path / "again", tmp_path / "again-keys"
    with (
        new_database(place, request) as given,
        reaching.at_hand(held, secret, place.backups.engines) as targets,
    ):
        chosen = recovery.best(recovery.look(targets, "newest", clock.now()))
        assert chosen.manifest is not None
        assert chosen.manifest.set_id == manifest.set_id
        done = recovery.recover(
            chosen, into, keys, given, history, clock, ACTOR, lambda name, _seconds: told.append(name)
        )
        assert told == ["keys", "settings", "database", "audit", "documents"]
        engine = given or embedded_engine(into / "database" / "practice.db", done.restored.home.keys.read("database"))
        database = Database(engine, clock, {"audit_key": done.restored.home.keys.read("audit")})
        after = fingerprint(engine).database
        assert after is not None
        for table in before.tables.keys() - CHANGED_BY_A_RESTORE:
            assert after.tables[table] == before.tables[table], table
        kept = done.restored.home.documents_path
        assert {path.name: path.read_bytes() for path in kept.rglob("*") if path.is_file()} == letters

        assert _code(database, done.restored.home) == "RECOVERY-KIT-DUE"
        with database.writing() as session:
            recovery.remember(session, ACTOR, secret, held, sealed, ["disk"])
        assert _code(database, done.restored.home) == "RECOVERY-KIT"  # the same sheets stay good
        written = recovery.report(chosen, done, clock.now(), {})
        assert (written.set_id, written.rows, written.passed) == (manifest.set_id, done.restored.rows, True)
        if given is None:
            engine.dispose()


def _code(database: Database, home: Home) -> str:
    with database.reading() as session:
        return state.read(session, home, settings_file.load(home.settings_path)).code


def test_an_address_and_two_sheets_are_enough_for_restic(place: Place) -> None:
    runs.back_up(place.backups, place.target, ACTOR)
    kit = kits.make(place)
    held = envelope.Contents("", "1970-01-01", (envelope.Reach("given", "restic", place.target.repository),), {})
    with reaching.at_hand(held, kit.secret, place.backups.engines) as targets:
        assert recovery.best(recovery.look(targets, "newest", place.clock.now())).manifest is not None


def test_what_cannot_be_found_is_said(place: Place) -> None:
    kit = kits.make(place)
    with reaching.at_hand(kit.contents, kit.secret, place.backups.engines) as targets:
        [empty] = recovery.look(targets, "newest", place.clock.now())
        assert empty.error is not None
        assert empty.error.code == "BACKUP-SET-MISSING"
        with pytest.raises(recovery.NothingToRecover):
            recovery.best([empty])
    place.repository.rename(place.repository.with_name("elsewhere"))
    with reaching.at_hand(kit.contents, kit.secret, place.backups.engines) as targets:
        [missing] = recovery.look(targets, "newest", place.clock.now())
        assert missing.error is not None
        assert missing.error.code == "BACKUP-REPOSITORY-MISSING"


def test_another_practices_sheets_open_nothing(place: Place) -> None:
    runs.back_up(place.backups, place.target, ACTOR)
    kits.make(place)
    stranger = KitSecret(bytes(16))
    held = envelope.Contents("", "1970-01-01", (envelope.Reach("given", "restic", place.target.repository),), {})
    with reaching.at_hand(held, stranger, place.backups.engines) as targets:
        [refused] = recovery.look(targets, "newest", place.clock.now())
    assert refused.error is not None
    assert refused.error.code == "BACKUP-WRONG-PASSWORD"
