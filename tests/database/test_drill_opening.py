"""The application opened on what was restored: in a process of its own, read-only, and shut when a thing is wrong."""

import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from tests.builders import backups as places
from tests.builders.backups import ACTOR, Place
from tests.conftest import AUDIT_KEY, DATABASE_KEY

from socle import scratch_practice
from socle.appliance.backups import opening, reports, runs
from socle.appliance.backups.drill import DrillFailed, drill
from socle.appliance.backups.opening import ApplicationShut, ChildOpening, Opened, Scratch
from socle.appliance.backups.restore import fingerprint
from socle.foundation import commands
from socle.foundation.clock import SettableClock
from socle.foundation.database import Database
from socle.foundation.engines import embedded_engine
from socle.migrations import history

pytestmark = pytest.mark.real
NEVER = threading.Event()


@pytest.fixture
def place(tmp_path: Path, database: Database, clock: SettableClock) -> Place:
    """A small practice on each database."""
    return places.make(tmp_path / "place", database, clock, DATABASE_KEY, AUDIT_KEY)


def scratch_of(place: Place) -> Scratch:
    """Hand over the living home as if it had been restored: it must stay as it is."""
    keys = {name: place.home.keys.read(name) for name in place.home.keys.names()}
    engine = place.database.engine
    if engine.dialect.name == "postgresql":
        return Scratch(str(place.home.folder), keys, url=engine.url.render_as_string(hide_password=False))
    (row,) = [row for row in engine.raw_connection().cursor().execute("PRAGMA database_list") if row[1] == "main"]
    return Scratch(str(place.home.folder), keys, file=row[2])


def test_a_record_a_week_and_documents_are_opened_and_nothing_is_written(place: Place) -> None:
    before = fingerprint(place.database.engine)
    seen = ChildOpening().look(scratch_of(place), NEVER)
    assert seen == Opened(pages=2, documents=5)
    assert fingerprint(place.database.engine) == before


def test_the_database_itself_refuses_every_change(place: Place) -> None:
    engine = scratch_practice.read_only(scratch_of(place))
    try:
        with engine.connect() as connection, pytest.raises(DBAPIError, match=r"read-?only"):
            connection.execute(text("UPDATE patient SET city = 'X'"))
        with engine.connect() as connection:  # the notes go aside, into a table that vanishes
            connection.execute(text("DELETE FROM audit_lane"))
    finally:
        engine.dispose()


def test_a_wrong_documents_key_shuts_the_application(place: Place) -> None:
    scratch = scratch_of(place)
    wrong = Scratch(scratch.folder, {**scratch.keys, "documents": os.urandom(32)}, scratch.file, scratch.url)
    with pytest.raises(ApplicationShut) as shut:
        ChildOpening().look(wrong, NEVER)
    assert shut.value.details["what"] == "DOCUMENT-DAMAGED"


@pytest.mark.parametrize("engine", ["sqlcipher"], indirect=True)
def test_a_lost_column_shuts_the_application_without_a_word_of_a_patient(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = list[bytes]()
    real = commands.run

    def run(command: commands.Command, **how: object) -> commands.Completed:
        done = real(command, **how)  # type: ignore[arg-type]
        answers.append(done.output + done.errors.encode())
        return done

    monkeypatch.setattr(opening, "run", run)
    scratch = scratch_of(place)
    with place.database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE patient RENAME COLUMN city TO town"))
    with pytest.raises(ApplicationShut) as shut:
        ChildOpening().look(scratch, NEVER)
    assert shut.value.details["what"]
    for name in (b"DUPONT", b"BENO", b"GARNIER", b"LEROY"):
        assert name not in answers[0]


def test_the_drill_fails_when_the_application_stays_shut(place: Place) -> None:
    class Shut(ChildOpening):
        def look(self, scratch: Scratch, cancel: threading.Event) -> Opened:
            return super().look(replace_key(scratch), cancel)

    backups = replace(place.backups, opening=Shut())
    runs.back_up(place.backups, place.target, ACTOR)
    with pytest.raises(DrillFailed):
        drill(backups, place.target, history, ACTOR)
    done = drill(place.backups, place.target, history, ACTOR)
    assert {check.name: check.count for check in done.report.checks}["application"] == 7


@pytest.mark.parametrize("engine", ["sqlcipher"], indirect=True)
def test_the_drill_fails_when_opening_wrote_something(place: Place) -> None:
    class Writing(ChildOpening):
        def look(self, scratch: Scratch, cancel: threading.Event) -> Opened:
            engine = embedded_engine(Path(scratch.file), scratch.keys["database"])
            with engine.begin() as connection:
                connection.execute(text("UPDATE account SET email = 'x'"))
            engine.dispose()
            return Opened(1, 1)

    runs.back_up(place.backups, place.target, ACTOR)
    with pytest.raises(DrillFailed):
        drill(replace(place.backups, opening=Writing()), place.target, history, ACTOR)
    failed = [check for check in reports.read(reports.kept(place.home)[0]).checks if not check.passed]
    assert [(check.name, check.code) for check in failed] == [("application", "RESTORE-DIFFERS")]


def replace_key(scratch: Scratch) -> Scratch:
    """Return the scratch home with a documents key that is not its own."""
    return Scratch(scratch.folder, {**scratch.keys, "documents": os.urandom(32)}, scratch.file, scratch.url)


def test_an_empty_home_gets_a_tiny_practice_to_try_on(empty_engine: Engine, tmp_path: Path) -> None:
    with empty_engine.begin() as connection:
        history.upgrade(connection)
    keys = {name: os.urandom(32) for name in ("audit", "documents", "forms")} | {"database": DATABASE_KEY}
    url = empty_engine.url.render_as_string(hide_password=False) if empty_engine.dialect.name == "postgresql" else ""
    scratch = Scratch(str(tmp_path), keys, file=str(tmp_path / "empty.db"), url=url)
    ChildOpening().found(scratch, NEVER)
    assert ChildOpening().look(scratch, NEVER) == Opened(pages=2, documents=3)


@pytest.fixture(autouse=True)
def _no_leftovers(tmp_path: Path) -> Iterator[None]:
    yield
    assert not list(tmp_path.glob("**/no-keys")), "the child wrote keys"
