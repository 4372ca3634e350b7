"""Engines on the two databases: PostgreSQL, and the embedded SQLCipher file. `database.py` opens sessions on them.

Execution options of ours: `socle_begin` is how a transaction begins on the embedded database; `socle_waits_for_disk`
(default true) says whether its commit waits until the disk has it.
"""

import os
import threading
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import sqlcipher3
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

_LATE_SECONDS = 0.5
_CACHE_KILOBYTES = 16_000
BUSY_SECONDS = 15
"""How long a writer waits for another on the embedded database before it gives up."""


def embedded_engine(path: Path, key: bytes, *, read_only: bool = False) -> Engine:
    """Make an engine on the SQLCipher file at `path`; `key` is 32 raw bytes (a passphrase costs 88 ms each).

    With `read_only` SQLite itself refuses every change of the file; temporary tables can still be written.
    """
    if len(key) != 32:
        raise ValueError("the database key is 32 bytes")

    def connect() -> Any:
        address = f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rwc'}"
        connection = sqlcipher3.connect(
            address, uri=True, timeout=BUSY_SECONDS, check_same_thread=False, isolation_level=None
        )
        connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
        if not read_only:
            connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KILOBYTES}")
        return connection

    engine = create_engine(
        "sqlite+pysqlite://",
        creator=connect,
        module=sqlcipher3,
        hide_parameters=True,
        poolclass=QueuePool,
        pool_size=8,
        max_overflow=16,
        # Each page read costs a decryption and a proof of its origin, kept by its connection until another one writes:
        # the last connection used is the one that knows most.
        pool_use_lifo=True,
    )
    event.listen(engine, "begin", _begin)
    event.listen(engine, "commit", partial(_write_down, LateSync(path.with_name(f"{path.name}-wal"))))
    return engine


def _begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    # A deferred transaction that turns into a writer half-way can only fail: one that writes says so at once.
    statement = options.get("socle_begin", "BEGIN IMMEDIATE")
    if statement == "BEGIN IMMEDIATE":
        waits = options.get("socle_waits_for_disk", True)
        connection.exec_driver_sql("PRAGMA synchronous = FULL" if waits else "PRAGMA synchronous = NORMAL")
    if statement:
        connection.exec_driver_sql(statement)


def _write_down(late: "LateSync", connection: Connection) -> None:
    if not connection.get_execution_options().get("socle_waits_for_disk", True):
        late.ask()


class LateSync:
    """Brings the embedded database's log to the disk within a second, for commits that did not wait for it."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._asked = threading.Event()
        self._process = 0

    def ask(self) -> None:
        """Have the log brought to the disk soon; returns at once."""
        self._asked.set()
        if self._process != os.getpid():  # a thread does not survive a fork: each process starts its own
            self._process = os.getpid()
            threading.Thread(target=self._work, name="late-sync", daemon=True).start()

    def _work(self) -> None:
        while self._asked.wait():
            time.sleep(_LATE_SECONDS)
            self._asked.clear()
            with suppress(OSError):  # gone with a closed database, which left nothing unwritten
                descriptor = os.open(self._log, os.O_RDONLY)
                try:
                    os.fdatasync(descriptor)
                finally:
                    os.close(descriptor)


def postgresql_engine(url: str | URL, role: str | None = None) -> Engine:
    """Make an engine on PostgreSQL; with `role`, every connection works under that role's grants only."""
    arguments = {"options": f"-c role={role}"} if role else {}
    engine = create_engine(
        make_url(url).set(drivername="postgresql+psycopg"),
        hide_parameters=True,
        connect_args={"connect_timeout": 5, "application_name": "socle", **arguments},
        pool_size=8,
        max_overflow=16,
        pool_pre_ping=True,
    )
    event.listen(engine, "connect", _in_utc)
    event.listen(engine, "begin", _begin_on_postgresql)
    return engine


def _in_utc(connection: Any, _entry: ConnectionPoolEntry) -> None:
    connection.execute("SET TIME ZONE 'UTC'")
    connection.commit()


def _begin_on_postgresql(connection: Connection) -> None:
    if not connection.get_execution_options().get("socle_waits_for_disk", True):
        connection.exec_driver_sql("SET LOCAL synchronous_commit TO off")
