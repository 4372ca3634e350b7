"""The embedded database as a stream of rows, and back.

An SQLCipher file copied page by page never deduplicates (each page gets a fresh random vector), so the engine is fed
the rows themselves: one read transaction, tables by name, rows in the order of their number. The same rows always give
the same bytes. They are encrypted by the backup engine and never touch a disk in clear.

Coming back, the tables are made by the same history of migrations, emptied, and filled with their triggers laid aside.
Full-text tables need no rule of their own: the tables they keep their index in are rows like any others.

The stream: frames of a 4-byte big-endian length and a msgpack value. A list of strings [name, column, …] opens a table,
a list [values…] inside a one-element list is a row, the integer at the end is the number of rows in all.
"""

import hashlib
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import msgspec
import sqlcipher3
from sqlalchemy import Engine

from socle.appliance.backups.seal import DatabaseSeal, TableSeal
from socle.foundation.database import DatabaseFull
from socle.foundation.errors import N_, SocleError

KIND = "embedded"
FORMAT = "socle-rows-1"
_PIECE = 256 * 1024
_ROWS = 1000
_LONGEST_FRAME = 512 * 1024 * 1024
_LENGTH = struct.Struct(">I")
_ROWID = "rowid"
_NOT_DATA = ("sqlite_schema", "sqlite_master", "sqlite_stat")


class StreamBroken(SocleError):
    """A stored stream of rows is cut or malformed."""

    code = "BACKUP-STREAM-BROKEN"
    message = N_("The database in this backup set is cut short or damaged.")
    hint = N_("Use another set (“socle backup list”), and run a new backup today.")
    kind = "broken"


@dataclass(frozen=True)
class _Table:
    name: str
    columns: tuple[str, ...]
    order: str


@dataclass
class Sums:
    """Adds up a table's rows: the count, and the sum of each row's digest modulo 2^128 (any order gives the same)."""

    rows: int = 0
    total: int = 0

    def add(self, encoded: Sequence[bytes]) -> None:
        """Add encoded rows."""
        self.rows += len(encoded)
        self.total += sum(int.from_bytes(blake2b(row, digest_size=16).digest()) for row in encoded)

    def seal(self) -> TableSeal:
        """Return count and sum."""
        return TableSeal(self.rows, f"{self.total % (1 << 128):032x}")


@dataclass
class Facts:
    """What was learnt on the way; whole only once the stream has ended."""

    database: DatabaseSeal | None = None
    audit: dict[int, tuple[int, str]] = field(default_factory=dict)


def dump(engine: Engine, facts: Facts) -> Iterator[bytes]:
    """Yield the whole database as one moment saw it, and fill `facts` at the end."""
    raw = engine.raw_connection()
    try:
        cursor = raw.cursor()
        cursor.execute("BEGIN")
        try:
            yield from _dump(cursor, facts)
        finally:
            cursor.execute("ROLLBACK")
    finally:
        raw.close()


def fingerprint(engine: Engine) -> Facts:
    """Read the whole database again and return what a dump would say of it."""
    facts = Facts()
    for _ in dump(engine, facts):
        pass
    return facts


def load(chunks: Iterator[bytes], engine: Engine) -> int:
    """Fill a database that stands at the stream's revision; what the migrations put there goes first. Return the rows.

    The caller compares fingerprints afterwards. StreamBroken if the stream is cut.
    """
    raw = engine.raw_connection()
    try:
        return _load(raw.cursor(), _Frames(chunks))
    except sqlcipher3.Error as error:
        if "full" in str(error):
            raise DatabaseFull() from None
        raise StreamBroken() from error
    finally:
        raw.invalidate()  # its pragmas must not reach the next user of the pool


def _load(cursor: Any, frames: "_Frames") -> int:
    cursor.execute("PRAGMA foreign_keys = OFF")
    cursor.execute("BEGIN IMMEDIATE")
    triggers = cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    # Sorted once at the end rather than kept in order row by row: a million rows load in two thirds of the time.
    indexes = cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL").fetchall()
    for name, _ in triggers:
        cursor.execute(f"DROP TRIGGER {_quoted(name)}")
    for name, _ in indexes:
        cursor.execute(f"DROP INDEX {_quoted(name)}")
    for table in _tables(cursor):
        cursor.execute(f"DELETE FROM {_quoted(table.name)}")  # noqa: S608 - a name read from this very database
    rows = _fill(frames, cursor)
    for _, statement in (*indexes, *triggers):
        cursor.execute(statement)
    cursor.execute("COMMIT")
    broken = cursor.execute("PRAGMA foreign_key_check").fetchone()
    # Not integrity_check: it looks up each row in the indexes, which were made from the rows a moment ago.
    if broken or cursor.execute("PRAGMA quick_check").fetchone() != ("ok",):
        raise StreamBroken()
    return rows


def _dump(cursor: Any, facts: Facts) -> Iterator[bytes]:
    encode, pack = msgspec.msgpack.Encoder().encode, _LENGTH.pack
    piece = bytearray(_framed(encode([FORMAT])))
    tables: dict[str, TableSeal] = {}
    for table in _tables(cursor):
        sums = Sums()
        piece += _framed(encode([table.name, *table.columns]))
        columns = ", ".join(_quoted(column) if column != _ROWID else _ROWID for column in table.columns)
        cursor.execute(f"SELECT {columns} FROM {_quoted(table.name)} ORDER BY {table.order}")  # noqa: S608 - as above
        while rows := cursor.fetchmany(_ROWS):  # a million rows: what is done for each counts
            encoded = [encode((row,)) for row in rows]
            sums.add(encoded)
            for row in encoded:
                piece += pack(len(row))
                piece += row
            if len(piece) >= _PIECE:
                yield bytes(piece)
                piece.clear()
        tables[table.name] = sums.seal()
    piece += _framed(encode(sum(table.rows for table in tables.values())))
    yield bytes(piece)
    facts.database = DatabaseSeal(KIND, _revision(cursor), _shape(cursor), tables)
    heads = cursor.execute("SELECT lane, sequence, digest FROM audit_lane ORDER BY lane").fetchall()
    facts.audit = {lane: (sequence, digest) for lane, sequence, digest in heads}


def _framed(encoded: bytes) -> bytes:
    return _LENGTH.pack(len(encoded)) + encoded


def _tables(cursor: Any) -> list[_Table]:
    """Return real tables, and those that virtual tables keep their data in, by name; statistics are not data."""
    listed = cursor.execute("SELECT name, type, wr FROM pragma_table_list WHERE schema = 'main'").fetchall()
    tables = []
    for name, kind, without_rowid in sorted(listed):
        if (
            kind not in {"table", "shadow"}
            or name in {"sqlite_schema", "sqlite_master"}
            or name.startswith("sqlite_stat")
        ):
            continue
        columns = cursor.execute(
            "SELECT name, type, pk FROM pragma_table_xinfo(?) WHERE hidden = 0 ORDER BY cid", (name,)
        ).fetchall()
        keys = [column[0] for column in sorted((one for one in columns if one[2]), key=lambda one: one[2])]
        names = tuple(column[0] for column in columns)
        if without_rowid:
            tables.append(_Table(name, names, ", ".join(map(_quoted, keys))))
        elif len(keys) == 1 and any(one[2] and one[1].upper() == "INTEGER" for one in columns):
            tables.append(_Table(name, names, _quoted(keys[0])))
        else:
            tables.append(_Table(name, (_ROWID, *names), _ROWID))
    return tables


def _revision(cursor: Any) -> str:
    (revision,) = cursor.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(revision)


def _shape(cursor: Any) -> str:
    """Return a hash of tables, columns, indexes and triggers, whatever way their SQL happens to be written."""
    shape: list[Any] = []
    for table in _tables(cursor):
        columns = 'SELECT name, upper(type), "notnull", pk FROM pragma_table_xinfo(?) WHERE hidden = 0 ORDER BY cid'
        indexes = (
            'SELECT list.name, list."unique", info.name FROM pragma_index_list(?) AS list, '
            "pragma_index_info(list.name) AS info ORDER BY list.name, info.seqno"
        )
        shape.append((table.name, [cursor.execute(query, (table.name,)).fetchall() for query in (columns, indexes)]))
    triggers = "SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger' ORDER BY name"
    shape.append(cursor.execute(triggers).fetchall())
    return hashlib.sha256(msgspec.json.encode(shape)).hexdigest()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _fill(frames: "_Frames", cursor: Any) -> int:
    if next(frames, None) != [FORMAT]:
        raise StreamBroken()
    known = {table.name: table.columns for table in _tables(cursor)}
    statement, batch, rows = "", list[Any](), 0
    for frame in frames:
        if isinstance(frame, list) and len(frame) == 1 and isinstance(frame[0], list):
            batch.append(frame[0])
            rows += 1
            if len(batch) < 2000:
                continue
        if batch:
            cursor.executemany(statement, batch)
            batch = []
        if isinstance(frame, int):
            if frame != rows or next(frames, None) is not None:
                raise StreamBroken()
            return rows
        if isinstance(frame[0], str):
            name, *columns = frame
            if known.get(name) != tuple(columns):
                raise StreamBroken()
            places = ", ".join("?" * len(columns))
            listed = ", ".join(_quoted(column) if column != _ROWID else _ROWID for column in columns)
            statement = f"INSERT INTO {_quoted(name)} ({listed}) VALUES ({places})"  # noqa: S608 - checked just above
    raise StreamBroken()


def frames(chunks: Iterator[bytes]) -> Iterator[Any]:
    """Yield the stream's values; StreamBroken when it ends inside one."""
    return _Frames(chunks)


class _Frames:
    """Cuts the stream into its values; StreamBroken when it ends inside one."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._buffer = bytearray()
        self._at = 0
        self._decoder = msgspec.msgpack.Decoder()

    def __iter__(self) -> "_Frames":
        return self

    def __next__(self) -> Any:
        if not self._have(_LENGTH.size):
            if self._at != len(self._buffer):
                raise StreamBroken()
            raise StopIteration
        (length,) = _LENGTH.unpack_from(self._buffer, self._at)
        if length > _LONGEST_FRAME or not self._have(_LENGTH.size + length):
            raise StreamBroken()
        start = self._at + _LENGTH.size
        self._at = start + length
        try:
            return self._decoder.decode(bytes(self._buffer[start : self._at]))
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise StreamBroken() from None

    def _have(self, needed: int) -> bool:
        while len(self._buffer) - self._at < needed:
            chunk = next(self._chunks, None)
            if chunk is None:
                return False
            del self._buffer[: self._at]
            self._at = 0
            self._buffer += chunk
        return True
