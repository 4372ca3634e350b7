"""Looking into a sealed set without restoring the practice: one document, one table, or the database as it was.

The living practice is not touched. What is handed over was compared with the seal first.
"""

import hashlib
import threading
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import text

from socle.appliance.backups import dataset, sets
from socle.appliance.backups.dataset import Measure
from socle.appliance.backups.drill import DATABASE_FILE, scratch_folder
from socle.appliance.backups.engine import Engine
from socle.appliance.backups.parts import postgresql, rows
from socle.appliance.backups.restore import History, Restoration, RestoredDiffers, database_place, opened
from socle.appliance.backups.seal import Manifest
from socle.foundation.clock import Clock
from socle.foundation.database import Database
from socle.foundation.errors import N_, SocleError

SHORTEST_NAME = 8
PLACE = "past"


class PastTableMissing(SocleError):
    """The set holds no such table."""

    code = "BACKUP-PAST-TABLE-MISSING"
    message = N_("The backup set holds no table called “%(table)s”.")
    hint = N_("“socle backup past show” lists its tables.")
    kind = "missing"


class PastDocumentMissing(SocleError):
    """The set holds no such document, or several that begin so."""

    code = "BACKUP-PAST-DOCUMENT-MISSING"
    message = N_("The backup set holds no one document whose name begins with “%(name)s”.")
    hint = N_("Give the whole name (64 signs), or another set with --set or --at.")
    kind = "missing"


@dataclass(frozen=True)
class Restored:
    """A past database, brought to today's version in a scratch place, and the keys of that day."""

    database: Database
    keys: dict[str, bytes]


def chosen(engine: Engine, wanted: str, before: datetime | None, now: datetime, cancel: threading.Event) -> Manifest:
    """Return the set of that name, or the newest one sealed at or before a moment; SetMissing, SealBroken."""
    if before is None:
        return sets.find(engine, wanted, now, cancel)
    known = [one for one in sets.stored_sets(engine.snapshots()) if one.sealed]
    # Halving: a seal takes a second to read, and twenty years have many.
    later = bisect_right(known, before, key=lambda one: sets.read_manifest(engine, one, cancel).sealed_at)
    if later == 0:
        raise sets.SetMissing(wanted=f"≤ {before.isoformat(timespec='minutes')}", repository=engine.repository)
    return sets.read_manifest(engine, known[later - 1], cancel)


def document_named(manifest: Manifest, name: str) -> str:
    """Return the whole name of the one document that begins so; PastDocumentMissing."""
    found = [path for path in manifest.documents if path.rpartition("/")[2].startswith(name)]
    if len(name) < SHORTEST_NAME or len(found) != 1:
        raise PastDocumentMissing(name=name)
    return found[0].rpartition("/")[2]


def document(restoration: Restoration, name: str, into: Path) -> Path:
    """Put one (encrypted) document under `into` as the store keeps it; return its path. RestoredDiffers."""
    path = next(path for path in restoration.manifest.documents if path.rpartition("/")[2] == name)
    part = restoration.manifest.parts[dataset.DOCUMENTS]
    target, digest = into / path, hashlib.sha256()
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with target.open("xb") as file:
        for chunk in restoration.engine.open_stream(part.snapshot, f"{dataset.DOCUMENTS}/{path}", restoration.cancel):
            digest.update(chunk)
            file.write(chunk)
    if digest.hexdigest() != restoration.manifest.documents[path].sha256:
        target.unlink()
        raise RestoredDiffers(what=dataset.DOCUMENTS)
    return target


def table(restoration: Restoration, name: str) -> Iterator[Sequence[Any]]:
    """Yield a table's column names, then its rows; RestoredDiffers at the end if they are not what was sealed.

    PastTableMissing. Nobody may believe a row before the end.
    """
    if name not in restoration.manifest.database.tables:
        raise PastTableMissing(table=name)
    if restoration.manifest.database.kind == rows.KIND:
        return _embedded(restoration, name)
    return _postgresql(restoration, name)


def _embedded(restoration: Restoration, name: str) -> Iterator[Sequence[Any]]:
    part = restoration.manifest.parts[dataset.DATABASE]
    measure = Measure(restoration.engine.open_stream(part.snapshot, dataset.DATABASE, restoration.cancel))
    sums, inside = rows.Sums(), False
    for frame in rows.frames(iter(measure)):
        if isinstance(frame, list) and isinstance(frame[0], str):
            inside = frame[0] == name
            if inside:
                yield frame[1:]
        elif inside and isinstance(frame, list):
            sums.add([msgspec.msgpack.encode(frame)])
            yield frame[0]
    if measure.sha256 != part.sha256 or sums.seal() != restoration.manifest.database.tables[name]:
        raise RestoredDiffers(what=name)


def _postgresql(restoration: Restoration, name: str) -> Iterator[Sequence[Any]]:
    part = restoration.manifest.parts[dataset.DATABASE]
    with postgresql.scratch_server() as engine:
        stream = restoration.engine.open_stream(part.snapshot, dataset.DATABASE, restoration.cancel)
        postgresql.load(stream, engine, name)
        with engine.connect() as connection, connection.begin():
            if postgresql.table_seal(connection, name) != restoration.manifest.database.tables[name]:
                raise RestoredDiffers(what=name)
            quoted = connection.dialect.identifier_preparer.quote(name)
            query = text(f"SELECT * FROM {quoted} ORDER BY 1")  # noqa: S608 - a name of the seal
            found = connection.execution_options(stream_results=True).execute(query)
            yield list(found.keys())
            for row in found:
                yield list(row)


@contextmanager
def database(restoration: Restoration, history: History, home: Path, clock: Clock) -> Iterator[Restored]:
    """Restore a set's database to a scratch place, compare it with the seal, and bring it to today's version."""
    manifest, keys = restoration.manifest, restoration.keys()
    with (
        scratch_folder(home, PLACE) as folder,
        database_place(manifest) as given,
        opened(manifest, keys, folder / DATABASE_FILE, given) as engine,
    ):
        restoration.database(engine)
        with engine.begin() as connection:
            history.upgrade(connection)
        yield Restored(Database(engine, clock, {"audit_key": keys["audit"]}), keys)


def write_whole(file: Path, chunks: Iterator[bytes]) -> int:
    """Write a file that only its owner may read, whole or not at all; return its size in bytes."""
    part = file.with_name(f".{file.name}.part")
    written = 0
    try:
        part.touch(mode=0o600, exist_ok=False)
        with part.open("wb") as opened_part:
            for chunk in chunks:
                written += opened_part.write(chunk)
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
    return written
