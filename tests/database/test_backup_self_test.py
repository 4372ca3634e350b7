"""The drill's own test: every fault we can plant is refused, and a fault that passes fails it aloud."""

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select
from tests.builders import backups as places
from tests.builders.backups import ACTOR, Place
from tests.conftest import AUDIT_KEY, DATABASE_KEY

from socle.appliance.backups import reports
from socle.appliance.backups.faults import FAULTS, Bench
from socle.appliance.backups.models import BackupRun
from socle.appliance.backups.restore import fingerprint
from socle.appliance.backups.seal import Manifest
from socle.appliance.backups.self_test import SelfTestFailed, self_test
from socle.foundation.clock import SettableClock
from socle.foundation.database import Database
from socle.foundation.settings import BackupSettings
from socle.migrations import history

pytestmark = [pytest.mark.real, pytest.mark.slow]
REFUSALS = {
    "intact": "",
    "flipped-byte": "RESTORE-DIFFERS",
    "missing-document": "RESTORE-DIFFERS",
    "changed-row": "RESTORE-DIFFERS",
    "wrong-key": "BACKUP-APPLICATION-SHUT",
    "cut-trail": "RESTORE-DIFFERS",
    "changed-seal": "BACKUP-SEAL-BROKEN",
}


@pytest.fixture
def place(tmp_path: Path, database: Database, clock: SettableClock) -> Place:
    return places.make(tmp_path / "place", database, clock, DATABASE_KEY, AUDIT_KEY, documents=1)


def last_run(place: Place) -> BackupRun:
    with place.database.reading() as session:
        return session.scalars(select(BackupRun).order_by(BackupRun.id.desc()).limit(1)).one()


def test_every_planted_fault_is_refused(place: Place) -> None:
    before = fingerprint(place.database.engine).database
    done = self_test(place.backups, history, ACTOR)
    codes = {check.name: check.code for check in done.report.checks}
    assert codes.keys() == {"intact", *FAULTS}
    assert codes.items() >= REFUSALS.items()
    assert codes["cut-stream"] in {"BACKUP-STREAM-BROKEN", "BACKUP-DUMP-FAILED"}
    assert codes["unreadable-pack"].startswith("BACKUP-")
    assert reports.verify(done.file, place.home.keys)
    run = last_run(place)
    assert (run.kind, run.outcome, run.target) == ("self-test", "good", "self-test")
    assert run.report is not None
    assert run.report["passed"] is True
    after = fingerprint(place.database.engine).database
    assert before is not None
    assert after is not None
    written = {"backup_run", "audit_entry", "audit_lane"} | {name for name in after.tables if name.startswith("sqlite")}
    assert {name for name in after.tables if after.tables[name] != before.tables[name]} <= written
    assert not place.engine().snapshots(), "the practice's own repository was touched"
    assert not list((place.home.folder / "backups").glob("drill-*"))


@pytest.mark.parametrize("engine", ["sqlcipher"], indirect=True)
def test_every_planted_fault_is_refused_with_borg_too(place: Place) -> None:
    known = place.backups.sources
    target = msgspec.structs.replace(place.target, engine="borg", repository=f"{place.repository}-borg")
    settings = msgspec.structs.replace(known.settings, backup=BackupSettings(targets=(target,)))
    done = self_test(replace(place.backups, sources=replace(known, settings=settings)), history, ACTOR)
    codes = {check.name: check.code for check in done.report.checks}
    assert codes.keys() == {"intact", *FAULTS}
    assert codes.items() >= REFUSALS.items()
    assert done.report.engine.startswith("borg")


@pytest.mark.parametrize("engine", ["sqlcipher"], indirect=True)
def test_a_fault_that_passes_fails_the_self_test_aloud(place: Place) -> None:
    def none(bench: Bench) -> Manifest:
        """Damage nothing: what a drill that cannot fail would look like."""
        return bench.manifest

    with pytest.raises(SelfTestFailed):
        self_test(place.backups, history, ACTOR, faults={"flipped-byte": none})
    run = last_run(place)
    assert (run.outcome, run.error_code) == ("failed", "BACKUP-SELF-TEST-FAILED")
    assert run.report is not None
    assert run.report["passed"] is False
    report = reports.read(reports.kept(place.home)[0])
    assert [(check.name, check.passed) for check in report.checks] == [("intact", True), ("flipped-byte", False)]
