"""Bad days of a restoration: killed at any moment, or out of room. Never half a home, and the next one works."""

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select
from tests.builders import agenda
from tests.builders import backups as places
from tests.builders.backups import ACTOR, Place
from tests.conftest import AUDIT_KEY, DATABASE_KEY
from tests.parts import postgresql as clusters
from tests.parts import small_disk

from socle.appliance.backups import runs, sets
from socle.appliance.backups.drill import drill
from socle.appliance.backups.parts import postgresql
from socle.appliance.backups.restore import UNFINISHED, Restoration, Restored, RestoreNoSpace, restore_home
from socle.foundation import home as homes
from socle.foundation.clock import SettableClock
from socle.foundation.database import Database
from socle.foundation.engines import embedded_engine, postgresql_engine
from socle.foundation.home import HomeMissing
from socle.migrations import history
from socle.practice.patients.models import Patient

pytestmark = [pytest.mark.real, pytest.mark.slow]
embedded_only = pytest.mark.parametrize("engine", ["sqlcipher"], indirect=True)
postgresql_only = pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
KILLS, START_SECONDS = 25, 120
NEVER = threading.Event()


@pytest.fixture
def place(tmp_path: Path, database: Database, clock: SettableClock) -> Place:
    """A small practice with one sealed set."""
    made = places.make(tmp_path / "place", database, clock, DATABASE_KEY, AUDIT_KEY, documents=40)
    runs.back_up(made.backups, made.target, ACTOR)
    return made


class Restoring:
    """`socle backup restore`, as a person starts it, into one folder again and again."""

    def __init__(self, place: Place, tmp_path: Path) -> None:
        self.into, self.keys = tmp_path / "again", tmp_path / "new-keys"
        repository, known = str(place.repository), str(place.home.keys.folder)
        socle = [sys.executable, "-m", "socle", "--home", str(self.into), "backup", "restore"]
        self.words = [*socle, "--from", repository, "--keys", known, "--into", str(self.into)]
        self.words += ["--keys-into", str(self.keys)]

    def start(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(self.words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)

    def start_work(self) -> "subprocess.Popen[bytes]":
        """Start, and wait until it has taken its folder: before, there is nothing to lose."""
        before, end = self._mark(), time.monotonic() + START_SECONDS
        process = self.start()
        while self._mark() in {0, before}:
            assert process.poll() is None
            assert time.monotonic() < end
            time.sleep(0.005)
        return process

    def _mark(self) -> int:
        """Return when the folder was taken, in ns; 0 when nobody works, or worked, there."""
        mark = self.into / UNFINISHED
        return mark.stat().st_mtime_ns if mark.exists() else 0

    def whole(self) -> float:
        """Restore to the end; return the seconds its work took."""
        with self.start_work() as process:
            began = time.monotonic()
            assert process.stdout is not None
            said = process.stdout.read().decode()
        assert process.returncode == 0, said
        return time.monotonic() - began


def patients(place: Restoring) -> int:
    """Open what was restored and count its patients."""
    home = homes.find(place.into, place.keys)
    engine = embedded_engine(home.database_path, home.keys.read("database"))
    try:
        with engine.connect() as connection:
            return connection.scalar(select(func.count()).select_from(Patient)) or 0
    finally:
        engine.dispose()


@embedded_only
def test_killed_at_any_moment_there_is_no_half_home_and_the_next_one_works(place: Place, tmp_path: Path) -> None:
    restoring, moments = Restoring(place, tmp_path), random.Random(20261122)
    lasts = restoring.whole()
    assert patients(restoring) == len(agenda.NAMES)
    unfinished = 0
    for turn in range(KILLS):
        if homes.exists(restoring.into):  # it was quicker than the kill: it must be whole, and makes room
            assert patients(restoring) == len(agenda.NAMES)
            assert not (restoring.into / UNFINISHED).exists()
            restoring.into.rename(tmp_path / f"done-{turn}")
        with restoring.start_work() as process:
            time.sleep(moments.uniform(0, lasts))
            process.send_signal(signal.SIGKILL)
        if not homes.exists(restoring.into):
            unfinished += restoring.into.exists()
            with pytest.raises(HomeMissing):
                homes.find(restoring.into, restoring.keys)
    if homes.exists(restoring.into):
        restoring.into.rename(tmp_path / "done-last")
    restoring.whole()
    assert patients(restoring) == len(agenda.NAMES)
    assert not (restoring.into / UNFINISHED).exists()
    assert not list(restoring.into.glob(".restoring-*"))
    assert unfinished >= KILLS // 5, "too few kills hit a restoration at work"


@embedded_only
def test_a_finished_home_is_never_cleared_by_another_restoration(place: Place, tmp_path: Path) -> None:
    restoring = Restoring(place, tmp_path)
    restoring.whole()
    with restoring.start() as process:
        assert process.stdout is not None
        said = process.stdout.read().decode()
    assert process.returncode == 2
    assert "RESTORE-FOLDER-NOT-EMPTY" in said
    assert patients(restoring) == len(agenda.NAMES)


@pytest.fixture
def small(tmp_path: Path) -> Iterator[small_disk.Disk]:
    with small_disk.mounted(tmp_path / "small", 24) as disk:
        yield disk


@embedded_only
def test_no_room_is_said_and_leaves_nothing_half_done(place: Place, small: small_disk.Disk, tmp_path: Path) -> None:
    engine = place.engine()
    manifest = sets.find(engine, "newest", place.clock.now(), NEVER)
    restoration, into = Restoration(engine, manifest, history, NEVER), small.folder / "home"

    def restore() -> Restored:
        return restore_home(restoration, into, tmp_path / "new-keys", None, place.clock, ACTOR)

    restore()
    needed = sum(path.stat().st_size for path in into.rglob("*") if path.is_file())
    shutil.rmtree(into)
    for part in (0, 0.05, 0.5, 0.95):
        small.fill(leave=int(needed * part))
        with pytest.raises((RestoreNoSpace, homes.HomeNotWritable)):
            restore()
        assert not homes.exists(into)
        small.free()
    assert restore().documents == 40
    assert homes.exists(into)


@postgresql_only
def test_a_killed_restoration_into_postgresql_leaves_its_database_empty_or_whole(
    place: Place, tmp_path: Path, postgresql_cluster: clusters.Cluster
) -> None:
    moments = random.Random(7)
    for turn in range(3):
        url = postgresql_cluster.url(postgresql_cluster.create())
        restoring = Restoring(place, tmp_path / str(turn))
        restoring.words += ["--database", url]
        with restoring.start() as process:
            time.sleep(moments.uniform(1.5, 5))
            process.send_signal(signal.SIGKILL)
        time.sleep(1)  # pg_restore sees the end of its input, and rolls back
        engine = postgresql_engine(url)
        with engine.connect() as connection:
            tables = postgresql._table_names(connection)
        assert not tables or postgresql.fingerprint(engine).database is not None
        engine.dispose()
        if not homes.exists(restoring.into):
            restoring.words[-1] = postgresql_cluster.url(postgresql_cluster.create())
            restoring.whole()
        assert homes.find(restoring.into, restoring.keys).keys.has("database")


@postgresql_only
def test_the_throwaway_server_of_a_killed_drill_is_ended_by_the_next(place: Place, tmp_path: Path) -> None:
    left = _killed_with_its_server(tmp_path)
    number = int((left / "data" / "postmaster.pid").read_text().splitlines()[0])
    assert Path(f"/proc/{number}").exists()
    assert drill(place.backups, place.target, history, ACTOR).report.passed
    assert not left.exists()
    assert not Path(f"/proc/{number}").exists()


def _killed_with_its_server(tmp_path: Path) -> Path:
    """Start a throwaway server in a process of its own, and kill that one; return the folder it left."""
    script = (
        "from socle.appliance.backups.parts import postgresql\n"
        "import sys, time\n"
        "with postgresql.scratch_server() as engine:\n"
        "    print(engine.url.query['host'], flush=True)\n"
        "    time.sleep(60)\n"
    )
    environment = {**os.environ, "TMPDIR": os.environ.get("TMPDIR", "/tmp")}
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        folder = Path(process.stdout.readline().decode().strip())
        process.send_signal(signal.SIGKILL)
    return folder
