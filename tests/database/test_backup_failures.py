"""Bad days of a backup: nothing false is sealed, the reason has a name, and the next run works."""

import os
import shutil
import stat
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import Engine, select
from tests.builders import backups as places
from tests.builders.backups import ACTOR, Place
from tests.conftest import AUDIT_KEY, DATABASE_KEY

from socle.appliance.backups import asking, dataset, journal, runs, sets
from socle.appliance.backups import status as statuses
from socle.appliance.backups.dataset import DatabaseEmpty, Sources
from socle.appliance.backups.drill import DrillFailed, drill
from socle.appliance.backups.engine import BackupCancelled, RepositoryDamaged, SourceUnreadable, Stored, WrongPassword
from socle.appliance.backups.engines.restic import Restic
from socle.appliance.backups.journal import RunInProgress
from socle.appliance.backups.models import BackupRun, Kind
from socle.appliance.backups.parts import documents, rows
from socle.appliance.backups.parts.documents import DocumentsGone
from socle.appliance.backups.parts.postgresql import DumpFailed
from socle.appliance.backups.parts.rows import Facts
from socle.appliance.backups.runs import Backups
from socle.appliance.backups.seal import DocumentSeal
from socle.foundation.clock import SettableClock
from socle.foundation.database import Database, now
from socle.foundation.secrets import RESTIC_PASSWORD
from socle.identity.people.directories.embedded import EmbeddedDirectory
from socle.migrations import history
from socle.practice.documents.storage import Storage

pytestmark = pytest.mark.real
embedded_only = pytest.mark.parametrize("engine", ["sqlcipher"], indirect=True)
postgresql_only = pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
NEVER = threading.Event()


@pytest.fixture
def place(tmp_path: Path, database: Database, clock: SettableClock) -> Place:
    """A small practice, never backed up."""
    return places.make(tmp_path / "place", database, clock, DATABASE_KEY, AUDIT_KEY)


def sealed(place: Place) -> int:
    """Return how many sealed sets the repository holds; there must be no other ones."""
    stored = sets.stored_sets(place.engine().snapshots())
    assert all(one.sealed for one in stored), "a failed run left its parts behind"
    return len(stored)


def last_run(place: Place) -> BackupRun:
    with place.database.reading() as session:
        return session.scalars(select(BackupRun).order_by(BackupRun.id.desc()).limit(1)).one()


def state(place: Place) -> str:
    with place.database.reading() as session:
        return statuses.read(session, place.backups, look=False).state


@embedded_only
def test_lost_sources_fail_the_run_aloud_and_the_next_one_works(place: Place) -> None:
    folder = place.home.documents_path
    runs.back_up(place.backups, place.target, ACTOR)
    folder.rename(folder.parent / ".elsewhere")
    with pytest.raises(DocumentsGone):
        runs.back_up(place.backups, place.target, ACTOR)
    assert (last_run(place).outcome, last_run(place).error_code) == ("failed", "BACKUP-DOCUMENTS-GONE")
    folder.mkdir()  # an unmounted disk: the folder is there, and empty
    with pytest.raises(DocumentsGone):
        runs.back_up(place.backups, place.target, ACTOR)
    assert state(place) == "red"
    assert sealed(place) == 1
    folder.rmdir()
    (folder.parent / ".elsewhere").rename(folder)
    runs.back_up(place.backups, place.target, ACTOR)
    assert sealed(place) == 2


@embedded_only
def test_a_database_without_any_account_is_not_the_practices(engine: Engine, place: Place) -> None:
    raw = engine.raw_connection()
    raw.cursor().execute("PRAGMA foreign_keys = OFF")
    raw.cursor().execute("DELETE FROM account")
    raw.invalidate()
    with pytest.raises(DatabaseEmpty):
        runs.back_up(place.backups, place.target, ACTOR)
    assert sealed(place) == 0


@embedded_only
def test_a_repository_of_somebody_else_is_refused(place: Place) -> None:
    key = place.home.keys.read(RESTIC_PASSWORD)
    place.home.keys.write(RESTIC_PASSWORD, b"another", replace=True)
    with pytest.raises(WrongPassword):
        runs.back_up(place.backups, place.target, ACTOR)
    assert last_run(place).error_code == "BACKUP-WRONG-PASSWORD"
    place.home.keys.write(RESTIC_PASSWORD, key, replace=True)
    assert sealed(place) == 0


@embedded_only
def test_what_a_killed_run_left_is_cleaned_by_the_next(place: Place) -> None:
    """kill -9 leaves parts without a seal in the repository, and a row that says it is still running."""
    left = str(uuid.uuid4())
    place.engine().store_stream("database", [b"half"], sets.tags(left, "database"), lambda *_: None, NEVER)
    with place.database.writing() as session:
        session.add(
            BackupRun(
                target="disk", kind="backup", outcome="running", asked_by="x", asked_at=now(session),
                started_at=now(session), bytes_done=0, log=[],
            )
        )  # fmt: skip
    runs.back_up(place.backups, place.target, ACTOR)
    assert sealed(place) == 1
    with place.database.reading() as session:
        outcomes = session.scalars(select(BackupRun.outcome).order_by(BackupRun.id)).all()
    assert outcomes == ["interrupted", "good"]


@embedded_only
def test_two_runs_at_once_are_one_too_many(place: Place) -> None:
    with journal.alone(place.home, "disk"):
        with pytest.raises(RunInProgress):
            runs.back_up(place.backups, place.target, ACTOR)
    with place.database.writing() as session:
        number = asking.ask(session, ACTOR, place.home, "disk", Kind.BACKUP)
        with pytest.raises(RunInProgress):
            asking.ask(session, ACTOR, place.home, "disk", Kind.VERIFY)
    with place.database.writing() as session:
        asking.cancel(session, ACTOR, number)
    assert last_run(place).outcome == "cancelled"


class _SlowDirectory(EmbeddedDirectory):
    """A directory so slow that somebody cancels the run meanwhile."""

    def __init__(self, database: Database, meanwhile: Callable[[], None]) -> None:
        super().__init__(database)
        self._meanwhile = meanwhile

    def export_ldif(self) -> Iterator[bytes]:
        """Yield something for a minute at most."""
        self._meanwhile()
        for _ in range(1200):
            yield b"# still here\n"
            threading.Event().wait(0.05)


@embedded_only
def test_a_run_is_cancelled_from_another_door(place: Place) -> None:
    def cancel() -> None:
        with place.database.writing() as session:
            asking.cancel(session, ACTOR, last_run(place).id)

    known = place.backups.sources
    slow = Sources(known.home, known.database, _SlowDirectory(known.database, cancel), known.settings, known.clock)
    with pytest.raises(BackupCancelled):
        runs.back_up(Backups(slow, place.backups.engines), place.target, ACTOR)
    assert last_run(place).outcome == "cancelled"
    assert sealed(place) == 0


@postgresql_only
def test_a_dump_that_breaks_half_way_is_never_sealed(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real pg_dump, cut after 20 kB and ending with an error: the engine's own exit code would have been 0."""
    tools, real = tmp_path / "tools", shutil.which("pg_dump")
    tools.mkdir()
    (tools / "pg_dump").write_text(f'#!/bin/sh\n{real} "$@" | head -c 20000\nexit 1\n')
    (tools / "pg_dump").chmod(0o755)
    with monkeypatch.context() as patched:
        patched.setenv("PATH", f"{tools}:{os.environ['PATH']}")
        with pytest.raises(DumpFailed):
            runs.back_up(place.backups, place.target, ACTOR)
    assert sealed(place) == 0
    runs.back_up(place.backups, place.target, ACTOR)
    assert sealed(place) == 1


def _altered(change: Callable[[list[Any]], list[Any]]) -> Callable[[Engine, Facts], Iterator[bytes]]:
    """Return a dump with true facts and untrue rows: `change` gets each frame, and returns what to write."""
    true_dump = rows.dump

    def dump(engine: Engine, facts: Facts) -> Iterator[bytes]:
        for frame in rows.frames(true_dump(engine, facts)):
            for written in change(frame):
                encoded = msgspec.msgpack.encode(written)
                yield len(encoded).to_bytes(4) + encoded

    return dump


def _renamed(frame: Any) -> Any:
    """Change one letter of one patient, and keep every count."""
    if isinstance(frame, list) and isinstance(frame[0], list) and "DUPONT" in frame[0]:
        frame[0][frame[0].index("DUPONT")] = "DUPOND"
    return frame


class _LoseOne:
    """Leave out the last row of the appointments, and correct the count at the end of the stream."""

    def __init__(self) -> None:
        self.inside, self.held = False, list[Any]()

    def __call__(self, frame: Any) -> list[Any]:
        if isinstance(frame, int):
            return [frame - 1]
        if isinstance(frame[0], list):
            if not self.inside:
                return [frame]
            before, self.held = self.held, [frame]
            return before
        self.inside, self.held = frame[0] == "appointment", []
        return [frame]


@embedded_only
def test_a_drill_refuses_every_planted_fault(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    true_store, lose_one = Restic.store_folder, _LoseOne()

    def store(engine: Restic, folder: Path, *others: Any) -> Stored:
        """Store the folder without one of its files, which is back when it is looked for."""
        victim = next(path for path in sorted(folder.rglob("*")) if path.is_file())
        victim.rename(place.home.folder / "aside")
        try:
            return true_store(engine, folder, *others)
        finally:
            (place.home.folder / "aside").rename(victim)

    runs.back_up(place.backups, place.target, ACTOR)  # what has its hash already is not read again
    with monkeypatch.context() as patched:
        patched.setattr(rows, "dump", _altered(lambda frame: lose_one(_renamed(frame))))
        patched.setattr(Restic, "store_folder", store)
        with pytest.raises(SourceUnreadable):
            runs.back_up(place.backups, place.target, ACTOR)
        assert sealed(place) == 1
        patched.setattr(dataset, "missing", lambda *_: set())
        runs.back_up(place.backups, place.target, ACTOR)
    with pytest.raises(DrillFailed):
        drill(place.backups, place.target, history, ACTOR)
    report = last_run(place).report
    assert report is not None
    assert report["passed"] is False
    failed = {check["name"]: check["what"] for check in report["checks"] if not check["passed"]}
    assert failed == {"database": "appointment, patient", "documents": "documents (1)"}
    assert state(place) == "red"


@embedded_only
def test_a_document_deleted_or_added_during_the_run_costs_nothing(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    true_listed, late = documents.listed, list[str]()

    def listed(folder: Path, before: Mapping[str, DocumentSeal]) -> dict[str, tuple[int, int]]:
        """List the files, one of which is deleted, and one added, before the engine comes by."""
        found = true_listed(folder, before)
        (folder / sorted(found)[0]).unlink()
        late.append(Storage(folder, place.home.keys.read("documents")).keep(BytesIO(os.urandom(99))))
        return found

    with monkeypatch.context() as patched:
        patched.setattr(documents, "listed", listed)
        manifest = runs.back_up(place.backups, place.target, ACTOR)
    assert len(manifest.documents) == 4
    assert not any(name.endswith(late[0]) for name in manifest.documents)
    runs.verify(place.backups, place.target, ACTOR)
    assert drill(place.backups, place.target, history, ACTOR).report.passed
    following = runs.back_up(place.backups, place.target, ACTOR).documents
    assert any(name.endswith(late[0]) for name in following)


@embedded_only
def test_a_damaged_repository_fails_its_drill_and_its_verification(place: Place) -> None:
    runs.back_up(place.backups, place.target, ACTOR)
    for path in (place.repository / "data").rglob("*"):
        if path.is_file():
            path.chmod(stat.S_IRUSR | stat.S_IWUSR)
            content = bytearray(path.read_bytes())
            content[len(content) // 3] ^= 0x40
            path.write_bytes(content)
    with pytest.raises((DrillFailed, RepositoryDamaged)):
        drill(place.backups, place.target, history, ACTOR)
    with pytest.raises(RepositoryDamaged):
        runs.verify(place.backups, place.target, ACTOR)
    assert state(place) == "red"
