"""The practice database: PostgreSQL, or the embedded SQLCipher file. Doors open sessions; rooms only use them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import cast

from sqlalchemy import Engine, MetaData
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Session

from socle.foundation.clock import Clock
from socle.foundation.errors import N_, SocleError


class DatabaseUnavailable(SocleError):
    """The database does not answer."""

    code = "DATABASE-UNAVAILABLE"
    message = N_("The practice database does not answer.")
    hint = N_("Nothing you typed is lost. Wait a minute and try again; if it lasts, call your maintainer.")
    kind = "unavailable"


class DatabaseFull(SocleError):
    """There is no room to write."""

    code = "DATABASE-DISK-FULL"
    message = N_("The server has no room left to write.")
    hint = N_("What was saved before is safe. Tell your maintainer to free space on the disk.")
    kind = "unavailable"


class DatabaseReadOnly(SocleError):
    """The database cannot be written."""

    code = "DATABASE-READ-ONLY"
    message = N_("The practice database cannot be written.")
    hint = N_("Reading still works. Tell your maintainer to check the rights on Socle's home folder.")
    kind = "unavailable"


class Base(DeclarativeBase):
    """The one set of tables; names of constraints follow a rule so that migrations can find them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Database:
    """Opens sessions. `info` travels with each session (the clock, the audit key) to the rooms that need it."""

    def __init__(self, engine: Engine, clock: Clock, info: Mapping[str, object] | None = None) -> None:
        self.engine = engine
        self._noting_engine = engine.execution_options(socle_waits_for_disk=False)
        if engine.dialect.name == "postgresql":
            self._reading_engine = engine.execution_options(isolation_level="AUTOCOMMIT")
            self._snapshot_engine = engine.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        else:
            self._reading_engine = engine.execution_options(socle_begin=None)
            self._snapshot_engine = engine.execution_options(socle_begin="BEGIN")
        self._info = {"clock": clock, **(info or {})}

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Open a session for reading only: no transaction is begun, so nothing waits for it."""
        with translated_errors(), self.held_for_reading() as session:
            yield session

    def held_for_reading(self) -> Session:
        """Return a session like that of `reading`, for one who reads several times and closes it himself."""
        return Session(self._reading_engine, info=dict(self._info), autoflush=False)

    @contextmanager
    def snapshot(self) -> Iterator[Session]:
        """Open a session that sees the database as it stood at its first question, however long it reads."""
        with translated_errors(), Session(self._snapshot_engine, info=dict(self._info), autoflush=False) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Open one transaction: committed at the end of the block, rolled back whole if it raises."""
        with self._committed(self.engine) as session:
            yield session

    @contextmanager
    def noting(self) -> Iterator[Session]:
        """Open one transaction for notes of who read and who came in: it does not wait for the disk.

        Committed like any other, and safe from a crash of Socle; a power cut can take what is younger than a second
        (docs/decisions/0009-notes-do-not-wait-for-the-disk.md).
        """
        with self._committed(self._noting_engine) as session:
            yield session

    @contextmanager
    def _committed(self, engine: Engine) -> Iterator[Session]:
        with translated_errors(), Session(engine, info=dict(self._info), expire_on_commit=False) as session:
            with session.begin():
                yield session


def now(session: Session) -> datetime:
    """Return the injected clock's present moment, aware, in UTC."""
    return cast("Clock", session.info["clock"]).now()


@contextmanager
def translated_errors() -> Iterator[None]:
    """Turn the database's own failures that a person can act on into Socle's errors."""
    try:
        yield
    except DBAPIError as error:
        raise _translated(error) from error


def _translated(error: DBAPIError) -> Exception:
    text = str(error.orig).lower()
    state = getattr(error.orig, "sqlstate", None)
    if state == "53100" or "database or disk is full" in text or "no space left" in text:
        return DatabaseFull()
    if state == "25006" or "readonly database" in text or "read-only" in text:
        return DatabaseReadOnly()
    lost = isinstance(error, OperationalError) and (state is None or state[:2] in {"08", "57", "53"})
    return DatabaseUnavailable() if lost or error.connection_invalidated else error
