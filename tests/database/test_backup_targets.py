"""Whole sets on every kind of target, reached as the settings and the keys say: stored, sealed, verified, drilled."""

from pathlib import Path

import pytest
from tests.builders import backups as places
from tests.builders.backups import ACTOR
from tests.conftest import AUDIT_KEY, DATABASE_KEY
from tests.parts import backup_targets
from tests.parts.backup_targets import Maker

from socle.appliance.backups import runs, sets
from socle.appliance.backups.drill import drill
from socle.foundation.clock import SettableClock
from socle.foundation.database import Database
from socle.migrations import history

pytestmark = [pytest.mark.real, pytest.mark.parametrize("engine", ["sqlcipher"], indirect=True)]
TARGETS = [
    pytest.param(backup_targets.borg_folder, id="borg"),
    pytest.param(backup_targets.borg_ssh, id="borg-ssh-append-only"),
    pytest.param(backup_targets.restic_sftp, id="restic-sftp"),
    pytest.param(backup_targets.restic_rest_server(), id="restic-rest-append-only"),
]


@pytest.mark.parametrize("maker", TARGETS)
def test_a_set_is_stored_verified_and_drilled_and_the_next_night_too(
    maker: Maker, tmp_path: Path, database: Database, clock: SettableClock
) -> None:
    place = places.make(tmp_path / "place", database, clock, DATABASE_KEY, AUDIT_KEY)
    with maker(tmp_path / "target") as made:
        target = places.target_at(place, made)
        number = runs.prepare(place.backups, target)
        for _ in range(2):
            manifest = runs.back_up(place.backups, target, ACTOR)
            place.later(days=1)
        runs.verify(place.backups, target, ACTOR)
        drilled = drill(place.backups, target, history, ACTOR)
        assert drilled.report.passed
        assert drilled.report.engine.startswith(made.kind)
        engine = place.backups.engine(target)
        assert engine.identity() == number
        known = sets.stored_sets(engine.snapshots())
        assert [one.sealed for one in known] == [True, True]
        assert known[-1].set_id == manifest.set_id
