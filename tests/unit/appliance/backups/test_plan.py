"""When each target is due, how old its proofs may be, how fast it may send, and which disk is plugged in."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from socle.appliance.backups import access, plan
from socle.foundation.settings import BackupSettings, BackupTarget

MONDAY = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)  # 9 h in Paris
SETTINGS = BackupSettings(at="02:30")


@pytest.mark.parametrize(
    ("target", "due"),
    [
        (BackupTarget(name="t", repository="/x"), "2026-11-23T02:30:00+01:00"),
        (BackupTarget(name="t", repository="/x", at="12:15"), "2026-11-22T12:15:00+01:00"),
        (BackupTarget(name="t", repository="/x", nights=(2, 5)), "2026-11-21T02:30:00+01:00"),
        (BackupTarget(name="t", repository="/x", at="09:00", nights=(0,)), "2026-11-23T09:00:00+01:00"),
    ],
)
def test_each_target_has_its_own_hour_and_nights(target: BackupTarget, due: str) -> None:
    assert plan.last_due(target, SETTINGS, MONDAY) == datetime.fromisoformat(due)


@pytest.mark.parametrize(
    ("nights", "offsite", "hours", "days"),
    [((), False, 26, 8), ((0, 3), False, 98, 8), ((6,), True, 170, 32), ((0, 1, 2, 3, 4), True, 74, 32)],
)
def test_the_limits_follow_the_longest_pause(nights: tuple[int, ...], offsite: bool, hours: int, days: int) -> None:
    limits = plan.limits(BackupTarget(name="t", repository="/x", nights=nights, offsite=offsite))
    assert (limits.sealed, limits.drilled) == (timedelta(hours=hours), timedelta(days=days))


@pytest.mark.parametrize(("hour", "limit"), [(7, 500), (8, 100), (19, 100), (20, 500), (2, 500)])
def test_the_upload_is_slower_while_the_practice_works(hour: int, limit: int) -> None:
    target = BackupTarget(name="t", repository="/x", upload_kib=500, office_upload_kib=100)
    moment = datetime(2026, 11, 23, hour, 0, tzinfo=UTC) - timedelta(hours=1)
    assert access.upload_limit(target, SETTINGS, moment) == limit


def test_disks_that_take_turns_are_found_by_their_repository(tmp_path: Path) -> None:
    target = BackupTarget(name="usb", repository=f"{tmp_path}/*/socle")
    assert plan.is_rotated(target)
    assert plan.plugged_in(target) == target
    (tmp_path / "disk-b" / "socle").mkdir(parents=True)
    assert plan.plugged_in(target) == target
    (tmp_path / "disk-b" / "socle" / "config").touch()
    assert plan.plugged_in(target).repository == f"{tmp_path}/disk-b/socle"
