"""Notes about reading are committed without waiting for the disk; changes wait for it, on both databases."""

import os
import time
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session
from tests.conftest import DATABASE_KEY

from socle.foundation.clock import SystemClock
from socle.foundation.database import Database
from socle.foundation.engines import embedded_engine
from socle.identity.actor import Actor
from socle.identity.audit import trail
from socle.identity.audit.models import AuditEntry

WAITS, WAITS_NOT = {"postgresql": "on", "sqlite": 2}, {"postgresql": "off", "sqlite": 1}


def _waiting(session: Session) -> object:
    name = session.get_bind().dialect.name
    return session.execute(text("SHOW synchronous_commit" if name == "postgresql" else "PRAGMA synchronous")).scalar()


def test_only_notes_do_not_wait_whatever_came_before_on_the_connection(database: Database, actor: Actor) -> None:
    name = database.engine.dialect.name
    if name == "postgresql":
        database.engine.dispose()
        with database.engine.begin() as connection:  # the tests' cluster is in haste: set what a practice has
            connection.execute(text(f'ALTER DATABASE "{database.engine.url.database}" SET synchronous_commit = on'))
        database.engine.dispose()
    for _ in range(2):
        with database.noting() as session:
            assert _waiting(session) == WAITS_NOT[name]
            trail.record(session, actor, "patient.read", "patient", 7)
        with database.writing() as session:
            assert _waiting(session) == WAITS[name]
    with database.reading() as session:
        assert session.query(AuditEntry).filter_by(action="patient.read").count() == 2


def test_the_embedded_log_is_on_the_disk_soon_after_a_note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []

    def spy(descriptor: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))

    monkeypatch.setattr(os, "fdatasync", spy)
    database = Database(embedded_engine(tmp_path / "practice.db", DATABASE_KEY), SystemClock())
    with database.noting() as session:
        session.execute(text("CREATE TABLE note (x INTEGER)"))
    with database.noting() as session:
        session.execute(text("INSERT INTO note VALUES (1)"))
    deadline = time.monotonic() + 20
    while not synced and time.monotonic() < deadline:
        time.sleep(0.05)
    assert synced == [str(tmp_path / "practice.db-wal")]
    database.engine.dispose()
