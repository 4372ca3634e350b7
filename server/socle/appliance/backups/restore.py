"""Bringing a set back, and comparing what came with what was sealed, before anybody is told that it worked."""

import hashlib
import os
import secrets
import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, Engine

from socle.appliance.backups import dataset
from socle.appliance.backups.dataset import Measure
from socle.appliance.backups.engine import Engine as BackupEngine
from socle.appliance.backups.parts import documents, postgresql, rows, slapd, small
from socle.appliance.backups.seal import DatabaseSeal, Manifest
from socle.foundation import home as homes
from socle.foundation import log
from socle.foundation.addresses import without_password
from socle.foundation.clock import Clock
from socle.foundation.database import Database, DatabaseFull, translated_errors
from socle.foundation.engines import embedded_engine
from socle.foundation.errors import N_, SocleError
from socle.foundation.home import Home
from socle.foundation.secrets import (
    DATABASE_PASSWORD,
    MAINTAINER_DATABASE_PASSWORD,
    KeyExists,
    Keys,
    default_folder,
)
from socle.foundation.settings import FILE_NAME
from socle.identity.actor import Actor
from socle.identity.audit import trail, verification
from socle.identity.sessions import sessions
from socle.identity.sessions.reasons import Why

UNFINISHED = ".restoration-unfinished"
IDENTITY = "home-identity"
_ROOM = 256 * 1024
"""With less left on its disk, whatever stopped a restoration was the lack of room."""


class History(Protocol):
    """The history of migrations, handed over because rooms do not import it."""

    def upgrade(self, connection: Connection, revision: str = ...) -> None:
        """Bring a database to a revision, the newest by default."""
        ...


class FolderNotEmpty(SocleError):
    """A restoration would mix with what is there."""

    code = "RESTORE-FOLDER-NOT-EMPTY"
    message = N_("The folder %(folder)s is not empty.")
    hint = N_("Nothing was changed. Give a new or empty folder.")
    kind = "conflict"


class RestoreDatabaseNeeded(SocleError):
    """The set holds a PostgreSQL database, and nobody said where it goes."""

    code = "RESTORE-DATABASE-NEEDED"
    message = N_("This set holds a PostgreSQL database.")
    hint = N_("Create an empty database and give its address with --database.")
    kind = "invalid"


class RestoreNoSpace(SocleError):
    """The disk of the new home is full."""

    code = "RESTORE-NO-SPACE"
    message = N_("There is no room left on the disk of %(folder)s, so nothing was restored.")
    hint = N_("What was begun was removed. Free space there, or give a folder on another disk, and start again.")
    kind = "unavailable"


class RestoredDiffers(SocleError):
    """What came back is not what was sealed."""

    code = "RESTORE-DIFFERS"
    message = N_("What was restored differs from what was sealed: %(what)s.")
    hint = N_("It was not accepted. Use another set (“socle backup list”) or another target, and tell your maintainer.")
    kind = "broken"


@dataclass(frozen=True)
class Restored:
    """A finished restoration."""

    home: Home
    manifest: Manifest
    rows: int
    documents: int
    sessions_ended: int


@dataclass(frozen=True)
class Restoration:
    """Gives back one set part by part; every part is compared with the seal before it is handed over."""

    engine: BackupEngine
    manifest: Manifest
    history: History
    cancel: threading.Event

    def keys(self) -> dict[str, bytes]:
        """Return the secrets, in memory only; RestoredDiffers."""
        found = small.unpack_keys(self._bytes(dataset.KEYS))
        if small.hashes(found) != self.manifest.keys:
            raise RestoredDiffers(what=dataset.KEYS)
        return found

    def settings(self) -> dict[str, bytes]:
        """Return the home's own files by their path; RestoredDiffers."""
        found = small.unpack_files(self._bytes(dataset.SETTINGS))
        if small.hashes(found) != self.manifest.settings:
            raise RestoredDiffers(what=dataset.SETTINGS)
        return found

    def directory(self) -> Mapping[str, bytes]:
        """Return the LDIF files by name: "directory.ldif", or a slapd's configuration and data; RestoredDiffers."""
        sealed, found = self.manifest.directory, self._bytes(dataset.DIRECTORY)
        whole = sealed.kind == slapd.KIND and sealed.reached
        files = slapd.unpack(found) if whole else {"directory.ldif": found}
        if slapd.entries(files) != sealed.entries:
            raise RestoredDiffers(what=dataset.DIRECTORY)
        return files

    def documents(self, into: Path) -> int:
        """Put the documents folder back inside `into`, hash every file, and return how many; RestoredDiffers."""
        # Into a place of its own first: a program that outlives a killed restoration must not write into the next one.
        place = into / f".restoring-{secrets.token_hex(4)}"
        place.mkdir(mode=0o700, parents=True)
        self.engine.restore_folder(self.manifest.parts[dataset.DOCUMENTS].snapshot, place, self.cancel)
        folder = into / dataset.DOCUMENTS
        (place / dataset.DOCUMENTS).mkdir(mode=0o700, exist_ok=True)
        (place / dataset.DOCUMENTS).rename(folder)
        shutil.rmtree(place, ignore_errors=True)
        differing = documents.differences(folder, self.manifest.documents)
        if differing:
            raise RestoredDiffers(what=f"{dataset.DOCUMENTS} ({len(differing)})")
        return len(self.manifest.documents)

    def database(self, into: Engine) -> int:
        """Fill an empty database, read all of it again, and return how many rows; RestoredDiffers."""
        part = self.manifest.parts[dataset.DATABASE]
        measure = Measure(self.engine.open_stream(part.snapshot, dataset.DATABASE, self.cancel))
        if self.manifest.database.kind == rows.KIND:
            with into.begin() as connection:
                self.history.upgrade(connection, self.manifest.database.revision)
            rows.load(iter(measure), into)
        else:
            postgresql.load(iter(measure), into)
        facts = fingerprint(into)
        if measure.sha256 != part.sha256:
            raise RestoredDiffers(what=dataset.DATABASE)
        _compare(self.manifest.database, facts.database)
        if facts.audit != self.manifest.audit:
            raise RestoredDiffers(what="audit")
        return sum(table.rows for table in self.manifest.database.tables.values())

    def trail(self, database: Database) -> int:
        """Walk the restored audit trail up to the sealed heads and return its entries; RestoredDiffers."""
        anchors = {lane: head for lane, head in self.manifest.audit.items() if head[0] > 0}
        with database.reading() as session:
            verdict = verification.verify(session, anchors)
        if verdict.damages:
            raise RestoredDiffers(what="audit")
        return verdict.entries

    def _bytes(self, name: str) -> bytes:
        part = self.manifest.parts[name]
        data = b"".join(self.engine.open_stream(part.snapshot, name, self.cancel))
        if hashlib.sha256(data).hexdigest() != part.sha256:
            raise RestoredDiffers(what=name)
        return data


def fingerprint(engine: Engine) -> rows.Facts:
    """Read a whole database of either kind and return what a dump would say of it."""
    return postgresql.fingerprint(engine) if engine.dialect.name == "postgresql" else rows.fingerprint(engine)


@contextmanager
def database_place(manifest: Manifest) -> Iterator[Engine | None]:
    """Give a throwaway PostgreSQL database to a set that needs one; `opened` makes the embedded one."""
    if manifest.database.kind == postgresql.KIND:
        with postgresql.scratch_server() as engine:
            yield engine
    else:
        yield None


@contextmanager
def opened(manifest: Manifest, keys: dict[str, bytes], file: Path, url_engine: Engine | None) -> Iterator[Engine]:
    """Open the empty database a set goes into: a new encrypted file, or the PostgreSQL one that is given."""
    if manifest.database.kind == postgresql.KIND:
        if url_engine is None:
            raise RestoreDatabaseNeeded()
        yield url_engine
        return
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    engine = embedded_engine(file, keys["database"])
    try:
        yield engine
    finally:
        engine.dispose()


def restore_home(
    restoration: Restoration,
    into: Path,
    keys_folder: Path | None,
    postgresql_engine: Engine | None,
    clock: Clock,
    actor: Actor,
) -> Restored:
    """Make `into` a complete home again; its identity is written last, so a half-made one is never taken for a home.

    Every sign-in of before is ended. FolderNotEmpty, DatabaseNotEmpty, KeyExists (other keys lie where these belong),
    RestoredDiffers, RestoreNoSpace. What a failure leaves in `into` is removed.
    """
    _claim(into)
    manifest = restoration.manifest
    try:
        held = _secrets(restoration.keys(), postgresql_engine)
        keys = Keys(keys_folder or default_folder(manifest.home))
        _check_keys(keys, held)
        files = restoration.settings()
        if postgresql_engine is not None and manifest.database.kind == postgresql.KIND:
            url = without_password(postgresql_engine.url)
            files[FILE_NAME] = small.with_database_url(files.get(FILE_NAME, b""), url)
        for name, content in files.items():
            if name != IDENTITY:
                write_private(into / name, content)
        if manifest.directory.kind != "embedded" and manifest.directory.reached:
            for name, content in restoration.directory().items():
                write_private(into / "directory" / name, content)
        file = into / "database" / "practice.db"
        with translated_errors(), opened(manifest, held, file, postgresql_engine) as engine:
            count = restoration.database(engine)
            database = Database(engine, clock, {"audit_key": held["audit"]})
            restoration.trail(database)
            with engine.begin() as connection:
                restoration.history.upgrade(connection)
            with database.writing() as session:
                ended = sessions.end_all(session, actor, Why.SERVER_RESTORED)
                trail.record(session, actor, "backup.restored", reason=manifest.set_id)
        stored = restoration.documents(into)
        (into / "reports").mkdir(mode=0o700, exist_ok=True)
        for name, value in held.items():
            keys.write(name, value, replace=True)
        _become_home(into, files[IDENTITY])
    except BaseException as error:
        full = isinstance(error, OSError | SocleError) and shutil.disk_usage(into).free < _ROOM
        # A database that found no room to grow may have given back what it had; PostgreSQL's disk is its own.
        full = full or (isinstance(error, DatabaseFull) and postgresql_engine is None)
        _clear(into)
        if full:  # programs and databases have many words for it
            raise RestoreNoSpace(folder=into) from error
        raise
    log.info("backup_restored", set_id=manifest.set_id, count=count)
    return Restored(homes.find(into, keys_folder), manifest, count, stored, ended)


def _secrets(restored: dict[str, bytes], given: Engine | None) -> dict[str, bytes]:
    """Return the keys for the new home: of another PostgreSQL server the passwords are others."""
    if given is None:
        return restored
    kept = {
        name: value for name, value in restored.items() if name not in {DATABASE_PASSWORD, MAINTAINER_DATABASE_PASSWORD}
    }
    return kept | ({DATABASE_PASSWORD: str(given.url.password).encode()} if given.url.password else {})


def _compare(sealed: DatabaseSeal, found: DatabaseSeal | None) -> None:
    if found is None or found.tables.keys() != sealed.tables.keys() or found.revision != sealed.revision:
        raise RestoredDiffers(what=dataset.DATABASE)
    differing = [name for name, table in sealed.tables.items() if found.tables[name] != table]
    if differing:
        raise RestoredDiffers(what=", ".join(differing))
    if found.shape != sealed.shape:
        raise RestoredDiffers(what="schema")


def _claim(into: Path) -> None:
    """Take an empty folder, or one that an interrupted restoration of ours left."""
    if into.exists() and (not into.is_dir() or (any(into.iterdir()) and not (into / UNFINISHED).exists())):
        raise FolderNotEmpty(folder=into)
    try:
        _clear(into)
        into.mkdir(mode=0o700, parents=True, exist_ok=True)
        (into / UNFINISHED).touch(mode=0o600)
    except OSError:
        raise homes.HomeNotWritable(folder=into) from None


def _become_home(into: Path, identity: bytes) -> None:
    """Turn the mark of an unfinished restoration into the home's identity, in one step that no power cut can halve.

    A home that kept the mark would be cleared by the next restoration into its folder.
    """
    with (into / UNFINISHED).open("wb") as mark:
        mark.write(identity)
        mark.flush()
        os.fsync(mark.fileno())
    (into / UNFINISHED).replace(into / IDENTITY)


def _clear(into: Path) -> None:
    if into.is_dir() and (into / UNFINISHED).exists():
        for path in into.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            elif path.name != UNFINISHED:
                path.unlink()
        (into / UNFINISHED).unlink()


def _check_keys(keys: Keys, secrets: dict[str, bytes]) -> None:
    for name, value in secrets.items():
        if keys.has(name) and keys.read(name) != value:
            raise KeyExists(name=name, folder=keys.folder)


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read, and the folders it needs."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_bytes(content)
