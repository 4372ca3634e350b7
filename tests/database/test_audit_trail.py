"""The trail on both databases: whole when untouched, and every tampering found and named."""

import threading
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from socle.foundation.clock import SettableClock
from socle.foundation.database import Database
from socle.foundation.secrets import Keys
from socle.identity.actor import Actor
from socle.identity.audit import anchors, trail, verification
from socle.identity.audit.verification import Damage, Verdict, verify

ENTRIES = 6


@pytest.fixture
def filled(database: Database, actor: Actor) -> Database:
    """A trail of ENTRIES entries, all in the first lane: nobody else was writing."""
    for number in range(1, ENTRIES + 1):
        with database.writing() as session:
            trail.record(session, actor, "patient.change", "patient", number, fields=["phone"])
    return database


def _tamper(engine: Engine, *statements: str) -> None:
    """Do what an intruder with the database in hand would: first silence the guards, then write."""
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("ALTER TABLE audit_entry DISABLE TRIGGER USER"))
        else:
            connection.execute(text("DROP TRIGGER audit_entry_no_update"))
            connection.execute(text("DROP TRIGGER audit_entry_no_delete"))
        for statement in statements:
            connection.execute(text(statement))


def _verdict(database: Database) -> Verdict:
    with database.snapshot() as session:
        return verify(session)


def _faults(database: Database) -> set[tuple[str, int, int]]:
    return {(damage.fault, damage.first, damage.last) for damage in _verdict(database).damages}


def test_an_untouched_trail_is_whole(filled: Database) -> None:
    assert _verdict(filled) == Verdict(ENTRIES, ())


def test_the_database_itself_refuses_to_change_or_remove_an_entry(filled: Database, engine: Engine) -> None:
    for statement in ("UPDATE audit_entry SET actor = 'nobody'", "DELETE FROM audit_entry"):
        with pytest.raises(Exception, match="append-only"), engine.begin() as connection:
            connection.execute(text(statement))
    assert _verdict(filled).damages == ()


def test_a_changed_entry_is_named(filled: Database, engine: Engine) -> None:
    _tamper(engine, "UPDATE audit_entry SET subject_id = 99 WHERE sequence = 3")
    assert _faults(filled) == {("changed", 3, 3)}


def test_a_removed_entry_is_named(filled: Database, engine: Engine) -> None:
    _tamper(engine, "DELETE FROM audit_entry WHERE sequence IN (3, 4)")
    assert _faults(filled) == {("removed", 3, 4)}


def test_the_cut_tail_is_named(filled: Database, engine: Engine) -> None:
    _tamper(engine, "DELETE FROM audit_entry WHERE sequence >= 5")
    assert _faults(filled) == {("removed", 5, 6)}


def test_two_exchanged_entries_are_named(filled: Database, engine: Engine) -> None:
    moves = [(3, 103), (4, 3), (103, 4)]
    _tamper(engine, *(f"UPDATE audit_entry SET sequence = {new} WHERE sequence = {old}" for old, new in moves))
    assert {("moved", 3, 3), ("moved", 4, 4)} <= _faults(filled)


def _write(database: Database, actor: Actor, count: int) -> None:
    with database.writing() as session:
        for number in range(count):
            trail.record(session, actor, "patient.change", "patient", number, fields=["phone"])


def test_two_entries_exchanged_from_afar_are_named(database: Database, engine: Engine, actor: Actor) -> None:
    _write(database, actor, 220)
    moves = [(3, 1003), (203, 3), (1003, 203)]
    _tamper(engine, *(f"UPDATE audit_entry SET sequence = {new} WHERE sequence = {old}" for old, new in moves))
    assert {("moved", 3, 3), ("moved", 203, 203)} <= _faults(database)


def test_of_many_faults_the_first_are_named_and_the_others_counted(
    database: Database, engine: Engine, actor: Actor
) -> None:
    _write(database, actor, 130)
    _tamper(engine, "UPDATE audit_entry SET subject_id = 1000 WHERE sequence > 10")
    verdict = _verdict(database)
    assert [(damage.fault, damage.first) for damage in verdict.damages] == [("changed", n) for n in range(11, 111)]
    assert (verdict.entries, verdict.unlisted) == (130, 20)


def test_a_long_trail_takes_no_more_memory_than_a_short_one(
    database: Database, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verification, "BATCH", 50)

    def peak() -> int:
        _verdict(database)  # what is made once is made now
        tracemalloc.start()
        _verdict(database)
        _, highest = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return highest

    _write(database, actor, 200)
    short = peak()
    _write(database, actor, 2_000)
    assert peak() < short * 1.3


def test_an_inserted_entry_is_named(filled: Database, engine: Engine) -> None:
    shift = [f"UPDATE audit_entry SET sequence = {number + 1} WHERE sequence = {number}" for number in (6, 5, 4)]
    columns = "lane, at, account_id, actor, workstation, session_id, action, subject_type, subject_id, fields, reason"
    copy = (
        f"INSERT INTO audit_entry ({columns}, sequence, previous, digest) "
        f"SELECT {columns}, 4, digest, 'forged' FROM audit_entry WHERE sequence = 3"
    )
    _tamper(engine, *shift, copy)
    found = _faults(filled)
    assert ("inserted", 4, 4) in found
    assert not any(fault == "changed" and first < 4 for fault, first, _ in found)


def test_a_cut_tail_with_a_rewound_head_is_seen_by_the_anchor(
    filled: Database, engine: Engine, tmp_path: Path, actor: Actor
) -> None:
    keys = Keys(tmp_path / "keys")
    keys.create_missing()
    with filled.reading() as session:
        early_head = session.execute(text("SELECT sequence, digest, seal FROM audit_lane WHERE lane = 0")).one()
    with filled.writing() as session:
        trail.record(session, actor, "patient.archive", "patient", 1)
    with filled.reading() as session:
        anchors.write(session, tmp_path, keys)
    rewind = (
        f"UPDATE audit_lane SET sequence = {early_head.sequence}, digest = '{early_head.digest}', "
        f"seal = '{early_head.seal}' WHERE lane = 0"
    )
    _tamper(engine, "DELETE FROM audit_entry WHERE sequence = 7", rewind)
    with filled.reading() as session:
        assert verify(session).damages == ()  # the database alone cannot tell
        assert verify(session, anchors.read(tmp_path, keys)).damages == (Damage("removed", 0, 7, 7),)


def test_a_forged_anchor_is_not_believed(filled: Database, tmp_path: Path) -> None:
    keys = Keys(tmp_path / "keys")
    keys.create_missing()
    with filled.reading() as session:
        anchors.write(session, tmp_path, keys)
    path = tmp_path / anchors.FILE_NAME
    path.write_bytes(path.read_bytes() + path.read_bytes().replace(b'"0":[6', b'"0":[2'))
    assert anchors.read(tmp_path, keys)[0][0] == ENTRIES


def test_an_entry_dies_with_its_transaction(database: Database, actor: Actor) -> None:
    class PowerCutError(Exception):
        pass

    def write() -> None:
        with database.writing() as session:
            trail.record(session, actor, "patient.change", "patient", 1)
            raise PowerCutError

    with pytest.raises(PowerCutError):
        write()
    assert _verdict(database) == Verdict(0, ())


def _write_at_once(database: Database, actor: Actor, writers: int, each: int) -> None:
    barrier = threading.Barrier(writers)
    failures: list[BaseException] = []

    def write() -> None:
        try:
            barrier.wait(30)
            for number in range(each):
                with database.writing() as session:
                    trail.record(session, actor, "patient.change", "patient", number)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=write) for _ in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert not failures


def test_writers_at_once_do_not_fork_the_chain(database: Database, actor: Actor) -> None:
    _write_at_once(database, actor, writers=6, each=12)
    assert _verdict(database) == Verdict(72, ())


@pytest.mark.real
def test_two_open_transactions_write_the_trail_without_waiting_for_each_other(
    postgresql_url: str, clock: SettableClock, actor: Actor, open_database: Callable[[str], Database]
) -> None:
    database = open_database(postgresql_url)
    with database.writing() as first:
        trail.record(first, actor, "patient.change", "patient", 1)
        with database.writing() as second:
            second.execute(text("SET LOCAL lock_timeout = '2s'"))
            trail.record(second, actor, "patient.change", "patient", 2)
    assert _verdict(database) == Verdict(2, ())
