"""One set: database, documents, directory, keys and settings, stored part by part and sealed at the end."""

import hashlib
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Protocol

from socle.appliance.backups import pace, seal, sets
from socle.appliance.backups.engine import Engine, Progress, SnapshotMissing, SourceUnreadable, Stored
from socle.appliance.backups.pace import Limit
from socle.appliance.backups.parts import documents, postgresql, rows, slapd, small
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


def store(
    sources: Sources, engine: Engine, set_id: str, before: Manifest | None, journal: Journal, limit: Limit = lambda: 0
) -> Manifest:
    """Store every part, look at what was stored, seal it, and read the seal back. Any error leaves it unsealed.

    `limit` tells the KiB/s that may be sent, and is asked again and again.
    """
    return _Storing(sources, engine, set_id, before, journal, limit).run()


class _Storing:
    def __init__(
        self,
        sources: Sources,
        engine: Engine,
        set_id: str,
        before: Manifest | None,
        journal: Journal,
        limit: Limit,
    ) -> None:
        self.limit = limit
        self.sources, self.engine, self.set_id, self.before, self.journal = sources, engine, set_id, before, journal
        self.started_at: datetime = sources.clock.now()
        self.stored: dict[str, PartSeal] = {}
        self.grown: dict[str, int] = {}
        self.whole = False

    def run(self) -> Manifest:
        home = self.sources.home
        self.journal.step(SETTINGS)
        files = small.settings_files(home)
        self.journal.step(KEYS)
        with ThreadPoolExecutor(1) as aside:  # each call of an engine derives its key anew: half a second of one core
            small_parts = aside.submit(self._small_parts, files)
            if not self.engine.shared:
                small_parts.result()
            self.journal.step(DATABASE)
            facts = self._database()
            self.journal.step(DIRECTORY)
            directory, unreached = small_parts.result()
            if unreached:
                self.journal.step(DIRECTORY, unreached)
            self.journal.step(DOCUMENTS)
            kept = self._documents(aside)
        self.journal.step("inspect")
        self._name_in_full()
        kept = self._inspect(kept)
        self.journal.step(sets.SEAL)
        return self._seal(facts[0], facts[1], directory, kept, files)

    def _stream(self, name: str, source: Callable[[], Iterable[bytes]], progress: Progress) -> None:
        """Store what `source` makes, made anew when the hour changes the pace."""

        def work(engine: Engine, stop: threading.Event) -> tuple[Stored, Measure]:
            with closing(Measure(source())) as measure:
                return engine.store_stream(name, measure, sets.tags(self.set_id, name), progress, stop), measure

        stored, measure = pace.send(self.engine, self.limit, self.journal, name, work)
        self.grown[name] = stored.added
        self.stored[name] = PartSeal(stored.snapshot, measure.bytes, measure.sha256)

    def _heard(self, name: str) -> Progress:
        """A stream's length is not known before its end; the last one's is a fair guess."""
        was = self.before.parts.get(name) if self.before else None
        return lambda done, _: self.journal.progress(done, max(done, was.bytes) if was else None)

    def _small_parts(self, files: Mapping[str, bytes]) -> tuple[DirectorySeal, str]:
        """Store what is small, without a word: it goes on beside the database, whose progress is shown."""
        self._stream(SETTINGS, lambda: [small.pack_files(files)], _unheard)
        self._stream(KEYS, lambda: [small.pack_keys(self.sources.home.keys)], _unheard)
        return self._directory()

    def _documents(self, aside: ThreadPoolExecutor) -> dict[str, DocumentSeal]:
        """Store the folder while what is in it is hashed: all that was there before the engine began to look."""
        folder = self.sources.home.documents_path
        listed = documents.listed(folder, self.before.documents if self.before else {})
        hashed = aside.submit(documents.inventory, folder, listed, self.before.documents if self.before else {})
        stored = self._store_folder(folder)
        self.grown[DOCUMENTS] = stored.added
        self.stored[DOCUMENTS] = PartSeal(stored.snapshot, stored.taken)
        kept = hashed.result()
        self.whole = (stored.files, stored.taken) == (len(kept), sum(one.size for one in kept.values()))
        return kept

    def _store_folder(self, folder: Path) -> Stored:
        """A file that is deleted at the very moment the engine comes to it spoils the snapshot, not the night."""
        tags = sets.tags(self.set_id, DOCUMENTS)

        def work(engine: Engine, stop: threading.Event) -> Stored:
            return engine.store_folder(folder, tags, self.journal.progress, stop)

        try:
            return pace.send(self.engine, self.limit, self.journal, DOCUMENTS, work)
        except SourceUnreadable as error:
            self.journal.step(DOCUMENTS, error.code)
            return pace.send(self.engine, self.limit, self.journal, DOCUMENTS, work)

    def _inspect(self, kept: dict[str, DocumentSeal]) -> dict[str, DocumentSeal]:
        """Look that every listed document was stored, unless the engine counted exactly these; what is gone is gone."""
        if self.whole:
            return kept
        gone = missing(stored_sizes(self.engine, self.stored[DOCUMENTS].snapshot), kept)
        if any((self.sources.home.documents_path / name).exists() for name in gone):
            raise SourceUnreadable()
        return {name: one for name, one in kept.items() if name not in gone}

    def _database(self) -> tuple[DatabaseSeal, Mapping[int, tuple[int, str]]]:
        facts, engine = Facts(), self.sources.database.engine

        def source() -> Iterator[bytes]:
            nonlocal facts
            facts = Facts()
            if engine.dialect.name == "postgresql":
                return postgresql.dump(engine, facts, self.journal.cancel)
            return rows.dump(engine, facts)

        self._stream(DATABASE, source, self._heard(DATABASE))
        if facts.database is None or facts.database.tables["account"].rows == 0:
            raise DatabaseEmpty()
        return facts.database, facts.audit

    def _directory(self) -> tuple[DirectorySeal, str]:
        """Store people and groups. A silent server does not cost the night's patients: the seal and a code tell."""
        config, code = slapd.config_folder(self.sources.settings.directory), ""
        kind = slapd.KIND if config else self.sources.directory.kind
        try:
            if config:
                people, entries = slapd.pack(config)
            else:
                people = b"".join(self.sources.directory.export_ldif())
                entries = sum(line.startswith(b"dn:") for line in people.splitlines())
        except (DirectoryUnreachable, slapd.SlapcatFailed) as error:
            people, entries, code = _UNREACHED, 0, error.code
        self._stream(DIRECTORY, lambda: [people], _unheard)
        return DirectorySeal(kind, entries, not code), code

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
        tags = sets.tags(self.set_id, sets.SEAL)

        def work(engine: Engine, stop: threading.Event) -> Stored:
            return engine.store_stream(seal.FILE_NAME, [closed], tags, self.journal.progress, stop)

        kept_seal = pace.send(self.engine, self.limit, self.journal, sets.SEAL, work)
        self.journal.added = sum(self.grown.values()) + kept_seal.added
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

    def close(self) -> None:
        """Let go of the source, whether it came to its end or not."""
        if isinstance(self._chunks, Generator):
            self._chunks.close()

    @property
    def sha256(self) -> str:
        """The hash so far, in hex."""
        return self._hash.hexdigest()

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self._hash.update(chunk)
            self.bytes += len(chunk)
            yield chunk


def stored_sizes(engine: Engine, snapshot: str) -> dict[str, int]:
    """Return the size of each document in a snapshot, by its path; restic exits 0 when a source is missing."""
    return {entry.path: entry.size for entry in engine.entries(snapshot)}


def missing(found: Mapping[str, int], sealed: Mapping[str, DocumentSeal]) -> set[str]:
    """Return the sealed documents that are not among those found, or have another size there."""
    return {name for name, one in sealed.items() if found.get(f"/{DOCUMENTS}/{name}") != one.size}


def _unheard(_done: int, _total: int | None) -> None:
    """Hear no progress: what is small is stored at once."""
