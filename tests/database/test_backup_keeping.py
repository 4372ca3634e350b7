"""What is kept and what is noticed, with real engines: pruning, strange sets, foreign repositories, disks in turn."""

import shutil
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import text
from tests.builders import backups as places
from tests.builders import patients
from tests.builders.backups import ACTOR, Place
from tests.conftest import AUDIT_KEY, DATABASE_KEY

from socle.appliance.backups import memory, pruning, runs, sets
from socle.appliance.backups import status as statuses
from socle.appliance.backups.engine import RepositoryMissing
from socle.appliance.backups.models import Kind
from socle.appliance.backups.preflight import TargetNotOurs
from socle.appliance.backups.pruning import LookFirst
from socle.appliance.backups.retention import DatedInFuture
from socle.appliance.backups.runs import Backups
from socle.foundation.checks import Finding
from socle.foundation.clock import SettableClock
from socle.foundation.database import Database
from socle.foundation.secrets import BORG_PASSPHRASE
from socle.foundation.settings import BackupSettings, BackupTarget, Retention
from socle.practice.patients import registry

pytestmark = pytest.mark.real


@pytest.fixture
def place(tmp_path: Path, database: Database, clock: SettableClock) -> Place:
    """A small practice on each database, never backed up."""
    return places.make(tmp_path / "place", database, clock, DATABASE_KEY, AUDIT_KEY, documents=25)


def findings(place: Place) -> dict[str, str]:
    with place.database.reading() as session:
        found = statuses.read(session, place.backups, look=True).findings
    return {finding.code: finding.state for finding in found}


def sealed(place: Place) -> list[str]:
    return [one.set_id for one in sets.stored_sets(place.engine().snapshots()) if one.sealed]


def with_target(place: Place, **changes: object) -> tuple[Backups, BackupTarget]:
    target = msgspec.structs.replace(place.target, **changes)
    settings = msgspec.structs.replace(place.backups.sources.settings, backup=BackupSettings(targets=(target,)))
    return Backups(replace(place.backups.sources, settings=settings), place.backups.engines), target


def test_the_rule_lets_whole_sets_go_and_the_rest_still_restores(place: Place) -> None:
    backups, target = with_target(place, keep=Retention(days=1, weeks=0, months=0, years=0))
    made = [runs.back_up(backups, target, ACTOR).set_id for _ in range(5)]
    done = pruning.prune(backups, target, ACTOR)
    assert [one.set_id for one in done.gone] == made[:2]
    assert sealed(place) == made[2:]
    runs.verify(backups, target, ACTOR)
    with place.database.reading() as session:
        run = memory.last_good(session, target.name, Kind.PRUNE)
    assert run is not None
    assert run.report == {"removed": 2, "kept": 3, "leftovers": 0}


def test_a_night_made_while_the_clock_ran_a_year_ahead_is_not_the_newest_afterwards(place: Place) -> None:
    """The engine dates what it stores by the machine's clock: ours is set back, as a repaired one would be."""
    first = runs.back_up(place.backups, place.target, ACTOR)
    place.later(days=-365)
    with pytest.raises(DatedInFuture):
        pruning.prune(place.backups, place.target, ACTOR)
    place.later(days=365)
    assert runs.verify(place.backups, place.target, ACTOR).set_id == first.set_id


def test_changed_documents_are_an_alarm_until_a_person_has_looked(place: Place) -> None:
    runs.back_up(place.backups, place.target, ACTOR)
    victim = next(path for path in place.home.documents_path.rglob("*") if path.is_file())
    victim.chmod(0o600)
    victim.write_bytes(b"encrypted by somebody else" * 50)
    runs.back_up(place.backups, place.target, ACTOR)
    runs.back_up(place.backups, place.target, ACTOR)  # the day after, nothing changed: the alarm stays
    assert findings(place)["BACKUP-UNUSUAL"] == "red"
    with pytest.raises(LookFirst):
        pruning.prune(place.backups, place.target, ACTOR)
    with place.database.writing() as session:
        (run,) = memory.strange_runs(session, place.target.name)
        assert memory.anomalies_of(run) == [{"code": "documents-changed", "before": 25, "now": 1}]
        memory.accept(session, ACTOR, run)
    assert "BACKUP-UNUSUAL" not in findings(place)
    pruning.prune(place.backups, place.target, ACTOR)


def test_a_practice_that_shrank_is_to_be_looked_at(place: Place) -> None:
    runs.back_up(place.backups, place.target, ACTOR)
    for path in [path for path in place.home.documents_path.rglob("*") if path.is_file()][:12]:
        path.unlink()
    runs.back_up(place.backups, place.target, ACTOR)
    assert findings(place)["BACKUP-UNUSUAL"] == "amber"


def test_another_practice_in_the_same_place_is_refused_and_left_alone(place: Place, tmp_path: Path) -> None:
    runs.back_up(place.backups, place.target, ACTOR)
    identity = place.home.folder / "home-identity"
    mine = identity.read_text()
    identity.write_text("somebody-else\n")
    before = sealed(place)
    with pytest.raises(TargetNotOurs):
        runs.back_up(place.backups, place.target, ACTOR)
    assert sealed(place) == before
    assert findings(place)["BACKUP-TARGET-NOT-OURS"] == "red"
    identity.write_text(mine)
    runs.back_up(place.backups, place.target, ACTOR)


def test_an_emptied_repository_is_noticed_by_the_next_night(place: Place) -> None:
    runs.back_up(place.backups, place.target, ACTOR)
    shutil.rmtree(place.repository)
    assert findings(place)["BACKUP-REPOSITORY-MISSING"] == "red"
    runs.prepare(place.backups, place.target)
    runs.back_up(place.backups, place.target, ACTOR)
    assert findings(place)["BACKUP-UNUSUAL"] == "red"


def test_disks_take_turns_and_the_one_at_home_is_no_alarm(place: Place, tmp_path: Path) -> None:
    disks = tmp_path / "media"
    backups, target = with_target(place, repository=f"{disks}/*/socle")
    with pytest.raises(RepositoryMissing):
        runs.prepare(backups, target)
    assert not disks.exists()
    for name in ("blue", "red"):
        runs.prepare(place.backups, msgspec.structs.replace(target, repository=str(disks / name / "socle")))
        runs.back_up(backups, target, ACTOR)
        (disks / name).rename(tmp_path / name)
        with place.database.reading() as session:
            codes = {finding.code for finding in statuses.read(session, backups, look=False).findings}
        assert not codes & {"BACKUP-REPOSITORY-MISSING", "BACKUP-UNUSUAL"}
    with pytest.raises(RepositoryMissing):
        runs.back_up(backups, target, ACTOR)
    (tmp_path / "blue").rename(disks / "blue")
    runs.back_up(backups, target, ACTOR)
    with place.database.reading() as session:
        last = memory.last_good(session, target.name, Kind.BACKUP)
    assert last is not None
    assert last.report is not None
    assert last.report["place"] == f"{disks}/blue/socle"
    assert "BACKUP-UNUSUAL" not in {finding.code for finding in _seen(place, backups)}


def _seen(place: Place, backups: Backups) -> tuple[Finding, ...]:
    with place.database.reading() as session:
        return statuses.read(session, backups, look=True).findings


def test_an_emptied_database_table_is_noticed(place: Place) -> None:
    """Rows are taken away below the application, as a bad update or an attacker would."""
    runs.back_up(place.backups, place.target, ACTOR)
    with place.database.writing() as session:
        for number in range(40):
            registry.create(session, ACTOR, patients.person("FICTIF", f"Numéro {number}", "1980-01-01"))
    runs.back_up(place.backups, place.target, ACTOR)
    with place.database.writing() as session:
        session.execute(text("DELETE FROM patient_name_token WHERE patient_id IN (SELECT id FROM patient)"))
        session.execute(text("DELETE FROM patient WHERE birth_family_name = 'FICTIF'"))
    runs.back_up(place.backups, place.target, ACTOR)
    with place.database.reading() as session:
        (run,) = memory.strange_runs(session, place.target.name)
    assert {one.get("table") for one in memory.anomalies_of(run)} >= {"patient"}


def test_a_home_from_before_borg_gets_its_password_when_a_repository_is_made(place: Place, tmp_path: Path) -> None:
    (place.home.keys.folder / BORG_PASSPHRASE).unlink()
    target = BackupTarget(name="new", repository=str(tmp_path / "borg"), engine="borg")
    assert runs.prepare(place.backups, target) == runs.prepare(place.backups, target)
    assert len(place.home.keys.read(BORG_PASSPHRASE)) > 40
