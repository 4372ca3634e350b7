"""How full the disk is, kept a day at a time for a year, on both databases."""

from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import insert
from tests.parts import door

from socle.appliance.supervision import disk_measures
from socle.appliance.supervision.disk_measures import days_until_full
from socle.appliance.supervision.models import DiskMeasure
from socle.foundation.clock import SettableClock
from socle.foundation.database import Database
from socle.jobs import disk_measure
from socle.jobs.all_jobs import JOBS
from socle.jobs.schedule import run_due

GIGABYTE = 10**9


def measure(day: date, used: int, total: int = 100 * GIGABYTE) -> DiskMeasure:
    return DiskMeasure(day=day, used_bytes=used, total_bytes=total, database_bytes=GIGABYTE)


def test_the_job_keeps_one_measure_a_day(database: Database, clock: SettableClock, tmp_path: Path) -> None:
    tools = door.tools(database, clock, tmp_path)
    assert disk_measure.JOB in JOBS
    run_due(tools, [disk_measure.JOB])  # from now on it is known
    for _ in range(6):
        clock.advance(timedelta(hours=6))
        assert run_due(tools, [disk_measure.JOB]) == ["disk-measure"]
    with database.reading() as session:
        kept = disk_measures.history(session)
    assert [one.day for one in kept] == [date(2026, 11, 23), date(2026, 11, 24)]
    for one in kept:
        assert 0 < one.used_bytes < one.total_bytes
        assert one.database_bytes > 10_000


def test_a_year_is_kept_and_no_more(database: Database, clock: SettableClock, tmp_path: Path) -> None:
    today = clock.now().date()
    with database.writing() as session:
        values = {"used_bytes": 1, "total_bytes": 2, "database_bytes": 1}
        session.execute(insert(DiskMeasure), [{"day": today - timedelta(n), **values} for n in range(1, 400)])
        disk_measures.take(session, tmp_path)
    with database.reading() as session:
        kept = disk_measures.history(session)
    assert (kept[0].day, kept[-1].day) == (today - timedelta(disk_measures.DAYS_KEPT), today)


def test_the_trend_says_when_the_disk_will_be_full() -> None:
    first = date(2026, 1, 1)
    growing = [measure(first + timedelta(n), (50 + n % 2) * GIGABYTE + n * GIGABYTE // 4) for n in range(80)]
    found = days_until_full(growing)
    assert found is not None
    assert 110 <= found <= 130  # some 30 GB are left, a quarter of one goes each day
    assert days_until_full(growing[:5]) is None  # too short to tell
    assert days_until_full([measure(first + timedelta(n), 50 * GIGABYTE) for n in range(80)]) is None
    assert days_until_full([measure(first + timedelta(n), 50 * GIGABYTE - n) for n in range(80)]) is None
