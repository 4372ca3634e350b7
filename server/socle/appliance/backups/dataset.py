"""One set: database, documents, directory, keys and settings, stored part by part and sealed at the end."""

import hashlib
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from typing import Protocol

from socle.appliance.backups import seal, sets
from socle.appliance.backups.engine import Engine, SnapshotMissing, SourceUnreadable
from socle.appliance.backups.parts import documents, postgresql, rows, small
from socle.appliance.backups.parts.rows import Facts
from socle.appliance.backups.seal import DatabaseSeal, DirectorySeal, DocumentSeal, Manifest, PartSeal, SealBroken
from socle.foundation.clock import Clock
from socle.foundation.database import Database
from socle.foundation.errors import N_, SocleError
from socle.foundation.home import Home
from socle.foundation.settings import Settings
from socle.identity.people.directory import Directory, DirectoryUnreachable

DATABASE, DOCUMENTS, DIRECTORY, KEYS, SETTINGS = "database", "documents", "directory", "keys", "settings"
_UNREACHED = b"# The directory did not answer when this set was made.\n"
FULL_ID = 64
"""Letters of a snapshot's full id, in both engines."""
PARTS = (SETTINGS, KEYS, DATABASE, DIRECTORY, DOCUMENTS)
"""In this order: the anchors of the trail (settings) before the trail, the documents after the rows that name them."""


class DatabaseEmpty(SocleError):
    """The database holds nobody: it is not the practice's."""

    code = "BACKUP-DATABASE-EMPTY"
    message = N_("The practice database holds no account, so it cannot be the right one.")
    hint = N_("Nothing was sealed. Check “database.url” in the settings and the database server.")
    kind = "broken"


class Journal(Protocol):
    """Hears how far the work is, and says when somebody wants it stopped."""

    cancel: threading.Event
    added: int

    def step(self, name: str, text: str = "") -> None:
        """A new step begins."""
        ...

    def progress(self, done: int, total: int | None) -> None:
        """Bytes done in this step, and in all if known."""
        ...


@dataclass(frozen=True)
class Sources:
    """Where a set comes from."""

    home: Home
    database: Database
    directory: Directory
    settings: Settings
    clock: Clock


def store(sources: Sources, engine: Engine, set_id: str, before: Manifest | None, journal: Journal) -> Manifest:
    """Store every part, look at what was stored, seal it, and read the seal back. Any error leaves it unsealed."""
    return _Storing(sources, engine, set_id, before, journal).run()


class _Storing:
    def __init__(
        self, sources: Sources, engine: Engine, set_id: str, before: Manifest | None, journal: Journal
    ) -> None:
        self.sources, self.engine, self.set_id, self.before, self.journal = sources, engine, set_id, before, journal
        self.started_at: datetime = sources.clock.now()
        self.stored: dict[str, PartSeal] = {}

    def run(self) -> Manifest:
        home = self.sources.home
        self.journal.step(SETTINGS)
        files = small.settings_files(home)
        self._stream(SETTINGS, [small.pack_files(files)])
        self.journal.step(KEYS)
        self._stream(KEYS, [small.pack_keys(home.keys)])
        self.journal.step(DATABASE)
        facts = self._database()
        self.journal.step(DIRECTORY)
        directory = self._directory()
        self.journal.step(DOCUMENTS)
        kept = documents.inventory(home.documents_path, self.before.documents if self.before else {})
        folder = self.engine.store_folder(
            home.documents_path, sets.tags(self.set_id, DOCUMENTS), self.journal.progress, self.journal.cancel
        )
        self.journal.added += folder.added
        self.stored[DOCUMENTS] = PartSeal(folder.snapshot, folder.taken)
        self.journal.step("inspect")
        self._name_in_full()
        inspect_documents(self.engine, self.stored[DOCUMENTS].snapshot, kept)
        self.journal.step(sets.SEAL)
        return self._seal(facts[0], facts[1], directory, kept, files)

    def _stream(self, name: str, chunks: Iterable[bytes]) -> None:
        measure, was = Measure(chunks), self.before.parts.get(name) if self.before else None

        def progress(done: int, _: int | None) -> None:
            """A stream's length is not known before its end; the last one's is a fair guess."""
            self.journal.progress(done, max(done, was.bytes) if was else None)

        stored = self.engine.store_stream(name, measure, sets.tags(self.set_id, name), progress, self.journal.cancel)
        self.journal.added += stored.added
        self.stored[name] = PartSeal(stored.snapshot, measure.bytes, measure.sha256)

    def _database(self) -> tuple[DatabaseSeal, Mapping[int, tuple[int, str]]]:
        facts, engine = Facts(), self.sources.database.engine
        if engine.dialect.name == "postgresql":
            self._stream(DATABASE, postgresql.dump(engine, facts, self.journal.cancel))
        else:
            self._stream(DATABASE, rows.dump(engine, facts))
        if facts.database is None or facts.database.tables["account"].rows == 0:
            raise DatabaseEmpty()
        return facts.database, facts.audit

    def _directory(self) -> DirectorySeal:
        """Store people and groups. A silent server does not cost the night's patients: the seal tells."""
        kind, reached = self.sources.directory.kind, True
        try:
            people = b"".join(self.sources.directory.export_ldif())
        except DirectoryUnreachable as error:
            people, reached = _UNREACHED, False
            self.journal.step(DIRECTORY, error.code)
        self._stream(DIRECTORY, [people])
        return DirectorySeal(kind, sum(line.startswith(b"dn:") for line in people.splitlines()), reached)

    def _name_in_full(self) -> None:
        """Find the parts again by their tags, with their full ids (restic 0.14 tells only how an id begins)."""
        if all(len(part.snapshot) >= FULL_ID for part in self.stored.values()):
            return
        found = {one.set_id: one for one in sets.stored_sets(self.engine.snapshots())}.get(self.set_id)
        for name, part in self.stored.items():
            full = found.parts.get(name, "") if found else ""
            if not full.startswith(part.snapshot):
                raise SnapshotMissing(repository=self.engine.repository)
            self.stored[name] = PartSeal(full, part.bytes, part.sha256)

    def _seal(
        self,
        database: DatabaseSeal,
        audit: Mapping[int, tuple[int, str]],
        directory: DirectorySeal,
        kept: dict[str, DocumentSeal],
        files: Mapping[str, bytes],
    ) -> Manifest:
        home = self.sources.home
        secrets = {name: home.keys.read(name) for name in home.keys.names()}
        manifest = Manifest(
            set_id=self.set_id,
            home=home.identity(),
            practice=self.sources.settings.practice.name,
            started_at=self.started_at,
            sealed_at=self.sources.clock.now(),
            versions={"socle": version("socle-clinic"), "engine": self.engine.version()},
            parts=self.stored,
            database=database,
            directory=directory,
            documents=kept,
            settings=small.hashes(files),
            keys=small.hashes(secrets),
            audit=dict(audit),
        )
        closed = seal.close(manifest)
        kept_seal = self.engine.store_stream(
            seal.FILE_NAME,
            [closed],
            sets.tags(self.set_id, sets.SEAL),
            self.journal.progress,
            self.journal.cancel,
        )
        read_back = b"".join(self.engine.open_stream(kept_seal.snapshot, seal.FILE_NAME, self.journal.cancel))
        if read_back != closed:
            raise SealBroken()
        return seal.open_seal(read_back)


class Measure:
    """Passes a stream on, and knows its length and SHA-256 at the end."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = chunks
        self._hash = hashlib.sha256()
        self.bytes = 0

    @property
    def sha256(self) -> str:
        """The hash so far, in hex."""
        return self._hash.hexdigest()

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self._hash.update(chunk)
            self.bytes += len(chunk)
            yield chunk


def inspect_documents(engine: Engine, snapshot: str, sealed: Mapping[str, DocumentSeal]) -> None:
    """Look that every sealed document is in the snapshot with its size; restic exits 0 when a source is missing."""
    found = {entry.path: entry.size for entry in engine.entries(snapshot)}
    for name, one in sealed.items():
        if found.get(f"/{DOCUMENTS}/{name}") != one.size:
            raise SourceUnreadable()
