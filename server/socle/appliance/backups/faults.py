"""The faults that a self-test plants: each turns a good set into one that a drill must refuse."""

import os
import shutil
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec
from sqlalchemy import Connection, text
from sqlalchemy import Engine as DatabaseEngine

from socle.appliance.backups import dataset, seal, sets
from socle.appliance.backups.dataset import Journal, Measure
from socle.appliance.backups.engine import Engine
from socle.appliance.backups.parts import postgresql, rows, small
from socle.appliance.backups.parts.rows import Facts
from socle.appliance.backups.seal import Manifest, PartSeal
from socle.appliance.backups.sets import StoredSet
from socle.foundation.home import Home


@dataclass(frozen=True)
class Bench:
    """Where faults are planted: the invented home and its database, its set, and the repository it lies in."""

    home: Home
    database: DatabaseEngine
    engine: Engine
    manifest: Manifest
    folder: Path
    journal: Journal

    def with_part(self, name: str, chunks: Iterator[bytes] | list[bytes]) -> Manifest:
        """Store other bytes for a part, and return a manifest that vouches for them."""
        measure = Measure(chunks)
        stored = self.engine.store_stream(
            name, measure, sets.tags(str(uuid.uuid4()), name), self.journal.progress, self.journal.cancel
        )
        return self._with(name, PartSeal(stored.snapshot, measure.bytes, measure.sha256))

    def with_documents(self, change: Callable[[Path], None]) -> Manifest:
        """Store the documents with a change, under the manifest that knows them without it."""
        folder = self.folder / dataset.DOCUMENTS
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.home.documents_path, folder)
        change(sorted(path for path in folder.rglob("*") if path.is_file())[0])
        tags = sets.tags(str(uuid.uuid4()), dataset.DOCUMENTS)
        stored = self.engine.store_folder(folder, tags, self.journal.progress, self.journal.cancel)
        return self._with(dataset.DOCUMENTS, PartSeal(stored.snapshot, stored.taken))

    def read(self, name: str) -> bytes:
        """Return a part of the good set."""
        part = self.manifest.parts[name]
        return b"".join(self.engine.open_stream(part.snapshot, name, self.journal.cancel))

    def dump(self, facts: Facts) -> Iterator[bytes]:
        """Return the database as it stands now."""
        if self.database.dialect.name == "postgresql":
            return postgresql.dump(self.database, facts, self.journal.cancel)
        return rows.dump(self.database, facts)

    def _with(self, name: str, part: PartSeal) -> Manifest:
        return msgspec.structs.replace(self.manifest, parts={**self.manifest.parts, name: part})


def flipped_byte(bench: Bench) -> Manifest:
    """One bit of one document is another; its size and its times are the same."""

    def flip(path: Path) -> None:
        about, content = path.stat(), bytearray(path.read_bytes())
        content[len(content) // 2] ^= 0x01
        path.write_bytes(content)
        os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns))

    return bench.with_documents(flip)


def missing_document(bench: Bench) -> Manifest:
    """One document is not there."""
    return bench.with_documents(Path.unlink)


def changed_row(bench: Bench) -> Manifest:
    """One row says something else; the table's sum in the seal is the old one, everything else fits."""
    with bench.database.begin() as connection:
        connection.execute(text("UPDATE account SET display_name = display_name || '.'"))
    changed = bench.with_part(dataset.DATABASE, bench.dump(Facts()))
    with bench.database.begin() as connection:
        connection.execute(text("UPDATE account SET display_name = substr(display_name, 1, length(display_name) - 1)"))
    return changed


def cut_stream(bench: Bench) -> Manifest:
    """The database's copy ends half-way, and the seal knows its length and hash as if that were all."""
    content = bench.read(dataset.DATABASE)
    return bench.with_part(dataset.DATABASE, [content[: len(content) // 2]])


def wrong_key(bench: Bench) -> Manifest:
    """The documents' key is another practice's, and the seal agrees with it: only reading a document tells."""
    keys = small.unpack_keys(bench.read(dataset.KEYS)) | {"documents": os.urandom(32)}
    folder = bench.folder / "other-keys"
    other = type(bench.home.keys)(folder)
    for name, value in keys.items():
        other.write(name, value, replace=True)
    changed = bench.with_part(dataset.KEYS, [small.pack_keys(other)])
    shutil.rmtree(folder)
    return msgspec.structs.replace(changed, keys=small.hashes(keys))


def cut_trail(bench: Bench) -> Manifest:
    """An entry is gone from the trail, and every sum was made again to match: only the chain tells."""
    with bench.database.begin() as connection:
        _without_triggers(connection, "DELETE FROM audit_entry WHERE id = (SELECT min(id) FROM audit_entry)")
    facts = Facts()
    changed = bench.with_part(dataset.DATABASE, bench.dump(facts))
    if facts.database is None:
        raise LookupError("a dump without its facts")
    return msgspec.structs.replace(changed, database=facts.database, audit=facts.audit)


def changed_seal(bench: Bench) -> Manifest:
    """The seal was written over: one letter, and its own hash does not fit any more."""
    closed = seal.close(bench.manifest).replace(b'"practice":"', b'"practice":"X', 1)
    set_id = bench.manifest.set_id
    tags = sets.tags(str(uuid.uuid4()), sets.SEAL)
    stored = bench.engine.store_stream(seal.FILE_NAME, [closed], tags, bench.journal.progress, bench.journal.cancel)
    parts = {name: part.snapshot for name, part in bench.manifest.parts.items()} | {sets.SEAL: stored.snapshot}
    return sets.read_manifest(bench.engine, StoredSet(set_id, bench.manifest.sealed_at, parts), bench.journal.cancel)


def unreadable_pack(bench: Bench) -> Manifest:
    """The disk under the repository turned bits around. Nothing good is left there, so this fault comes last."""
    folder = bench.engine.local_folder()
    for path in (folder / "data").rglob("*") if folder is not None else ():
        if path.is_file():
            path.chmod(0o600)
            content = bytearray(path.read_bytes())
            for at in range(len(content) // 7, len(content), max(1, len(content) // 7)):
                content[at] ^= 0x40
            path.write_bytes(content)
    return bench.manifest


FAULTS: Mapping[str, Callable[[Bench], Manifest]] = {
    "flipped-byte": flipped_byte,
    "missing-document": missing_document,
    "changed-row": changed_row,
    "cut-stream": cut_stream,
    "wrong-key": wrong_key,
    "cut-trail": cut_trail,
    "changed-seal": changed_seal,
    "unreadable-pack": unreadable_pack,
}
"""In the order in which they are planted."""


def _without_triggers(connection: Connection, statement: str) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text(statement))
        return
    query = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_entry'"
    triggers = connection.execute(text(query)).all()
    for name, _ in triggers:
        connection.exec_driver_sql(f'DROP TRIGGER "{name}"')
    connection.execute(text(statement))
    for _, made in triggers:
        connection.exec_driver_sql(made)
