"""Looking into a set without restoring the practice: a document, a table, a patient's file, as they were."""

import csv
import io
import json
import threading
from dataclasses import replace
from pathlib import Path

import msgspec
import pypdf
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine, select, update
from tests.builders import backups as places
from tests.builders.backups import ACTOR, MOMENT, Place
from tests.conftest import AUDIT_KEY, DATABASE_KEY

from socle.appliance.backups import past, runs, sets
from socle.appliance.backups.past import PastDocumentMissing, PastTableMissing
from socle.appliance.backups.restore import History, Restoration, RestoredDiffers
from socle.appliance.backups.runs import Backups
from socle.appliance.backups.sets import SetMissing
from socle.cli.past_commands import past_group
from socle.cli.terminal import Terminal
from socle.foundation.clock import SettableClock
from socle.foundation.database import Database
from socle.foundation.errors import SocleError
from socle.foundation.settings import BackupSettings
from socle.foundation.toolbox import Toolbox
from socle.identity.audit.models import AuditEntry
from socle.migrations import history
from socle.practice.agenda.models import Appointment
from socle.practice.patients.models import Patient

pytestmark = pytest.mark.real
NEVER = threading.Event()


@pytest.fixture
def place(tmp_path: Path, database: Database, clock: SettableClock) -> Place:
    return places.make(tmp_path / "place", database, clock, DATABASE_KEY, AUDIT_KEY)


def run(place: Place, *words: str) -> Result:
    """Run `socle backup past …` on the place."""
    tools = Toolbox()
    tools.provide(Backups, lambda: place.backups)
    tools.provide(Database, lambda: place.database)
    tools.provide(History, lambda: history)
    terminal = Terminal(place.home.folder, place.home.keys.folder, lambda _home: tools, {})
    done = CliRunner().invoke(past_group, words, obj=terminal, catch_exceptions=True)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


def noted(place: Place) -> list[tuple[str, int | None, str | None]]:
    with place.database.reading() as session:
        query = select(AuditEntry).where(AuditEntry.action.like("backup.past%")).order_by(AuditEntry.id)
        return [(one.action, one.subject_id, one.reason) for one in session.scalars(query)]


def test_a_past_patient_table_and_document_come_back_and_the_present_stays(place: Place, tmp_path: Path) -> None:
    with place.database.reading() as session:
        booked = session.scalars(select(Appointment.patient_id).order_by(Appointment.id).limit(1)).one()
        before = session.get_one(Patient, booked)
        count = len(session.scalars(select(Appointment).where(Appointment.patient_id == booked)).all())
        family = before.birth_family_name
    name = sorted(path.name for path in place.home.documents_path.rglob("*") if path.is_file())[0]
    first = runs.back_up(place.backups, place.target, ACTOR)
    place.later(days=2)
    with place.database.writing() as session:
        session.execute(update(Patient).values(birth_family_name="AUTRE", used_family_name="AUTRE"))
    (place.home.documents_path / name[:2] / name).unlink()
    second = runs.back_up(place.backups, place.target, ACTOR)

    day = f"{MOMENT:%Y-%m-%d}"
    shown = json.loads(run(place, "show", "--at", day, "--json").output)
    assert shown["set_id"] == first.set_id
    assert shown["tables"]["patient"] == first.database.tables["patient"].rows
    assert json.loads(run(place, "show", "--json").output)["set_id"] == second.set_id

    into = tmp_path / "file"
    run(place, "patient", str(booked), "--at", day, "--into", str(into))
    kept = json.loads((into / "file.json").read_text())
    assert kept["identity"]["birth_family_name"] == family
    assert len(kept["appointments"]) == count > 0
    assert {entry["action"] for entry in kept["trail"]} == {"appointment.booked"}
    paper = " ".join(
        page.extract_text() for page in pypdf.PdfReader(io.BytesIO((into / "file.pdf").read_bytes())).pages
    )
    assert family in paper
    assert (into / "file.json").stat().st_mode & 0o077 == 0

    written = tmp_path / "patient.csv"
    run(place, "table", "patient", "--at", day, "--into", str(written))
    rows = list(csv.DictReader(io.StringIO(written.read_text())))
    assert len(rows) == first.database.tables["patient"].rows
    assert family in {row["birth_family_name"] for row in rows}

    letter = tmp_path / "letter"
    run(place, "document", name[:10], "--at", day, "--into", str(letter))
    assert letter.read_bytes().startswith(b"lettre ")
    with pytest.raises(PastDocumentMissing):
        run(place, "document", name[:10], "--into", str(tmp_path / "none"))

    sealed = first.set_id
    assert noted(place) == [
        ("backup.past_patient", booked, sealed), ("backup.past_table", None, sealed),
        ("backup.past_document", None, sealed),
    ]  # fmt: skip
    with place.database.reading() as session:
        assert set(session.scalars(select(Patient.birth_family_name))) == {"AUTRE"}
    assert not list(tmp_path.rglob(".past-*"))
    assert not list((place.home.folder / "backups").glob("drill-*"))


@pytest.mark.parametrize("engine", ["sqlcipher"], indirect=True)
def test_borg_gives_one_document_back_too(place: Place, tmp_path: Path) -> None:
    known = place.backups.sources
    target = msgspec.structs.replace(place.target, engine="borg", repository=f"{place.repository}-borg")
    settings = msgspec.structs.replace(known.settings, backup=BackupSettings(targets=(target,)))
    borg = replace(place, target=target, backups=replace(place.backups, sources=replace(known, settings=settings)))
    runs.prepare(borg.backups, target)
    manifest = runs.back_up(borg.backups, target, ACTOR)
    name = next(iter(manifest.documents)).rpartition("/")[2]
    run(borg, "document", name, "--into", str(tmp_path / "letter"))
    assert (tmp_path / "letter").read_bytes().startswith(b"lettre ")
    run(borg, "document", name, "--raw", "--into", str(tmp_path / "raw"))
    assert (tmp_path / "raw").read_bytes() == (place.home.documents_path / name[:2] / name).read_bytes()


@pytest.mark.parametrize("engine", ["sqlcipher"], indirect=True)
def test_what_cannot_be_had_is_said_and_nothing_is_written(place: Place, tmp_path: Path, engine: Engine) -> None:
    runs.back_up(place.backups, place.target, ACTOR)
    out = tmp_path / "out"
    for words, code in (
        (("table", "nothing", "--into", str(out)), PastTableMissing.code),
        (("table", "patient", "--at", "2020-01-01", "--into", str(out)), SetMissing.code),
        (("table", "patient", "--at", "yesterday", "--into", str(out)), "PAST-DATE-WRONG"),
        (("patient", "999999", "--into", str(out)), "PATIENT-MISSING"),
        (("document", "abc", "--into", str(out)), PastDocumentMissing.code),
    ):
        with pytest.raises(SocleError) as refused:
            run(place, *words)
        assert refused.value.code == code
        assert refused.value.hint
        assert not out.exists()
    out.write_text("mine")
    with pytest.raises(SocleError, match="FILE-EXISTS"):
        run(place, "table", "patient", "--into", str(out))
    assert out.read_text() == "mine"


@pytest.mark.parametrize("engine", ["sqlcipher"], indirect=True)
def test_rows_that_are_not_what_was_sealed_are_not_handed_over(place: Place, tmp_path: Path) -> None:
    good = runs.back_up(place.backups, place.target, ACTOR)
    tables = {**good.database.tables, "patient": good.database.tables["account"]}
    wrong = msgspec.structs.replace(good, database=msgspec.structs.replace(good.database, tables=tables))
    restoration = Restoration(place.engine(), wrong, history, NEVER)
    with pytest.raises(RestoredDiffers):
        past.write_whole(tmp_path / "out", (str(row).encode() for row in past.table(restoration, "patient")))
    assert not list(tmp_path.glob("*out*"))
    assert sets.find(place.engine(), "newest", place.clock.now(), NEVER) == good
