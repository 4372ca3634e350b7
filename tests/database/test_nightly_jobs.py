"""The nights as the scheduler runs them: each target by itself, what failed again within the hour, a clock gone mad."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import select
from tests.builders import backups as places
from tests.builders.backups import ACTOR, Place
from tests.conftest import AUDIT_KEY, DATABASE_KEY

from socle.appliance.backups import runs
from socle.appliance.backups.models import BackupRun, Kind
from socle.appliance.backups.runs import Backups
from socle.cli.watching import Watch
from socle.foundation.clock import Clock, SettableClock
from socle.foundation.database import Database
from socle.foundation.home import Home
from socle.foundation.settings import BackupSettings, BackupTarget, Settings
from socle.foundation.toolbox import Toolbox
from socle.jobs import nightly_backup, weekly_drill
from socle.jobs.schedule import run_due

pytestmark = pytest.mark.real


@pytest.fixture
def heard() -> Iterator[tuple[str, list[str]]]:
    """A watch outside: its address, and what it was told."""
    told = list[str]()

    class Ear(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Ear)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/ping", told
    server.shutdown()
    server.server_close()


@pytest.fixture
def place(tmp_path: Path, database: Database, clock: SettableClock) -> Place:
    """A small practice on each database."""
    return places.make(tmp_path / "place", database, clock, DATABASE_KEY, AUDIT_KEY)


def tools(place: Place, *targets: BackupTarget, ping: str = "") -> Toolbox:
    settings = Settings(backup=BackupSettings(targets=targets, ping_url=ping))
    backups = Backups(replace(place.backups.sources, settings=settings), place.backups.engines)
    made = Toolbox()
    made.provide(Database, lambda: place.database)
    made.provide(Clock, lambda: place.clock)
    made.provide(Home, lambda: place.home)
    made.provide(Settings, lambda: settings)
    made.provide(Backups, lambda: backups)
    return made


def good(place: Place, target: str) -> list[str]:
    mine = select(BackupRun.kind).where(BackupRun.target == target, BackupRun.outcome == "good").order_by(BackupRun.id)
    with place.database.reading() as session:
        return list(session.scalars(mine))


def test_one_target_that_fails_stops_no_other_and_is_tried_again_alone(
    place: Place, tmp_path: Path, heard: tuple[str, list[str]]
) -> None:
    away = BackupTarget(name="away", repository=str(tmp_path / "away" / "restic"))
    made = tools(place, away, place.target, ping=heard[0])
    run_due(made, [nightly_backup.JOB])
    place.later(days=1)
    assert run_due(made, [nightly_backup.JOB]) == ["nightly-backup"]
    assert (good(place, "away"), good(place, "disk")) == ([], ["backup", "verify"])
    runs.prepare(place.backups, away)
    place.later(minutes=61)
    assert run_due(made, [nightly_backup.JOB]) == ["nightly-backup"]
    assert (good(place, "away"), good(place, "disk")) == (["backup", "verify"], ["backup", "verify"])
    assert run_due(made, [nightly_backup.JOB]) == []
    assert heard[1] == ["/ping/start", "/ping/fail", "/ping/start", "/ping"]


def test_after_a_clock_that_ran_a_year_ahead_the_next_night_comes(place: Place) -> None:
    made = tools(place, place.target)
    run_due(made, [nightly_backup.JOB])
    place.later(days=1)
    run_due(made, [nightly_backup.JOB])
    place.later(days=365)
    assert run_due(made, [nightly_backup.JOB]) == ["nightly-backup"]
    place.later(days=-364)
    assert run_due(made, [nightly_backup.JOB]) == ["nightly-backup"]
    assert good(place, "disk").count("backup") == 3


def test_a_target_of_other_nights_waits_for_its_own(place: Place, tmp_path: Path) -> None:
    """The clock stands on a Monday, nine in the morning; the disk in the drawer is for Thursdays."""
    weekly = BackupTarget(name="weekly", repository=str(tmp_path / "weekly" / "restic"), nights=(3,), at="12:30")
    runs.prepare(place.backups, weekly)
    made = tools(place, weekly, place.target)
    run_due(made, [nightly_backup.JOB])
    place.later(days=1)
    run_due(made, [nightly_backup.JOB])
    before = len(good(place, "weekly"))
    place.later(days=2, hours=4)
    run_due(made, [nightly_backup.JOB])
    assert len(good(place, "weekly")) > before == 2  # the first night makes the first one everywhere


def test_a_drill_offsite_is_due_monthly_and_at_home_weekly(place: Place) -> None:
    offsite = BackupTarget(name="offsite", repository=place.target.repository, offsite=True)
    made = tools(place, place.target, offsite)
    assert [one.name for one in weekly_drill.due(made)] == ["disk", "offsite"]
    with place.database.writing() as session:
        session.add(
            BackupRun(
                target="offsite", kind=Kind.DRILL.value, outcome="good", asked_at=place.clock.now(), asked_by="x",
                started_at=place.clock.now(), ended_at=place.clock.now(), bytes_done=0, log=[],
            )
        )  # fmt: skip
    assert [one.name for one in weekly_drill.due(made)] == ["disk"]
    place.later(days=28)
    assert [one.name for one in weekly_drill.due(made)] == ["disk", "offsite"]


def test_the_independent_watch_turns_red_when_nothing_runs_and_calls_outside_once_a_day(
    place: Place, heard: tuple[str, list[str]]
) -> None:
    watch = Watch(tools(place, place.target, ping=heard[0]))
    assert watch.look() == "red"
    runs.back_up(place.backups, place.target, ACTOR)
    assert watch.look() == "amber"
    assert heard[1] == ["/ping/fail"]
    place.clock.advance(timedelta(hours=27))
    assert watch.look() == "red"
    assert watch.look() == "red"
    assert heard[1] == ["/ping/fail", "/ping/fail"]


def test_the_watch_outside_may_be_away(place: Place) -> None:
    assert Watch(tools(place, place.target, ping="http://127.0.0.1:9/ping")).look() == "red"
