"""An upload that lasts from the night into the office hours: the real engines go on at the new hour's pace."""

import os
import re
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest
from sqlalchemy import select
from tests.builders import backups as places
from tests.builders.backups import ACTOR, Place
from tests.conftest import AUDIT_KEY, DATABASE_KEY
from tests.parts import backup_targets
from tests.parts.backup_targets import Maker
from tests.parts.slow_source import children

from socle.appliance.backups import dataset, runs
from socle.appliance.backups.models import BackupRun
from socle.appliance.backups.seal import Manifest
from socle.foundation.clock import SettableClock
from socle.foundation.database import Database
from socle.practice.documents.storage import Storage

pytestmark = [pytest.mark.real, pytest.mark.parametrize("engine", ["sqlcipher"], indirect=True)]
NIGHT, OFFICE = datetime(2026, 11, 24, 2, 0, tzinfo=UTC), datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
NIGHT_KIB, OFFICE_KIB = 3, 5000
WAIT_SECONDS = 240.0
LIMIT = {"restic": "--limit-upload", "borg": "--upload-ratelimit"}


@pytest.mark.parametrize("part", [dataset.DATABASE, dataset.DOCUMENTS])
@pytest.mark.parametrize(
    "maker",
    [
        pytest.param(backup_targets.borg_ssh, id="borg-ssh"),
        pytest.param(backup_targets.restic_rest_server(), id="restic-rest"),
    ],
)
def test_an_upload_that_lasts_into_other_hours_goes_on_at_their_pace(
    maker: Maker, part: str, tmp_path: Path, database: Database, clock: SettableClock
) -> None:
    place = places.make(tmp_path / "place", database, clock, DATABASE_KEY, AUDIT_KEY)
    with maker(tmp_path / "target") as made:
        target = places.target_at(place, made, upload_kib=NIGHT_KIB, office_upload_kib=OFFICE_KIB)
        clock.set(OFFICE)
        runs.prepare(place.backups, target)
        if part == dataset.DOCUMENTS:  # four minutes at the night's pace
            runs.back_up(place.backups, target, ACTOR)
            storage = Storage(place.home.documents_path, place.home.keys.read("documents"))
            storage.keep(BytesIO(os.urandom(768 * 1024)))
        clock.set(NIGHT)
        others, sealed = children(), list[Manifest]()
        began = time.monotonic()
        work = threading.Thread(target=lambda: sealed.append(runs.back_up(place.backups, target, ACTOR)))
        work.start()
        words = rf"part(:|%3A){part}\b", rf"{LIMIT[made.kind]} "
        _wait_for(lambda: _runs(others, words[0], rf"{words[1]}{NIGHT_KIB}\b"), work)
        clock.set(OFFICE)
        _wait_for(lambda: _runs(others, words[0], rf"{words[1]}{OFFICE_KIB}\b"), work)
        work.join(WAIT_SECONDS)
        assert time.monotonic() - began < WAIT_SECONDS
        log = _log(place)
        again = log.index("pace")
        assert part in log[:again]
        assert part in log[again:]
        runs.verify(place.backups, target, ACTOR)
        assert len(sealed[0].documents) == (6 if part == dataset.DOCUMENTS else 5)


def _wait_for(seen: Callable[[], bool], work: threading.Thread) -> None:
    end = time.monotonic() + WAIT_SECONDS
    while not seen():
        assert work.is_alive()
        assert time.monotonic() < end
        time.sleep(0.02)


def _runs(others: set[int], *patterns: str) -> bool:
    """Tell whether a child of ours that is not one of `others` was started with words like these."""
    for number in children() - others:
        with suppress(OSError):
            words = Path(f"/proc/{number}/cmdline").read_bytes().replace(b"\0", b" ").decode()
            if all(re.search(pattern, words) for pattern in patterns):
                return True
    return False


def _log(place: Place) -> list[str]:
    """Return the names of the steps of the last backup."""
    with place.database.reading() as session:
        backups = select(BackupRun).where(BackupRun.kind == "backup").order_by(BackupRun.id.desc())
        run = session.scalars(backups.limit(1)).one()
    return [line["step"] for line in run.log]
