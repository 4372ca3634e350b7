from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from socle.appliance.supervision.checks import clock_backwards, disk_space, settings_passwords
from socle.appliance.supervision.circumstances import Circumstances
from socle.foundation import home as homes

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
GB = 1_000_000_000


@pytest.mark.parametrize(
    ("free", "total", "state"),
    [
        (0, 100 * GB, "red"),
        (int(0.9 * GB), 20 * GB, "red"),
        (2 * GB, 100 * GB, "red"),
        (4 * GB, 100 * GB, "amber"),
        (9 * GB, 100 * GB, "amber"),
        (11 * GB, 100 * GB, "green"),
        (9 * GB, 10_000 * GB, "red"),
        (11 * GB, 10_000 * GB, "amber"),
        (51 * GB, 10_000 * GB, "green"),
    ],
)
def test_disk_space(free: int, total: int, state: str) -> None:
    assert disk_space.judged(free, total).state == state


@pytest.mark.parametrize(
    ("newest", "state"),
    [
        (None, "green"),
        (NOW - timedelta(days=400), "green"),
        (NOW + timedelta(minutes=4), "green"),
        (NOW + timedelta(minutes=6), "red"),
        (NOW + timedelta(days=3650), "red"),
    ],
)
def test_a_clock_that_went_back(newest: datetime | None, state: str) -> None:
    assert clock_backwards.judged(NOW, newest).state == state


@pytest.mark.parametrize(
    ("line", "state", "key"),
    [
        ("", "green", ""),
        ('url = "postgresql://socle@db/cabinet"', "green", ""),
        ('url = "postgresql://socle:s3cret@db/cabinet"', "amber", "database_password"),
        ('maintainer_url = "postgresql://m:s3cret@db/cabinet"', "amber", "maintainer_database_password"),
    ],
)
def test_a_password_in_the_settings_is_told(line: str, state: str, key: str, tmp_path: Path) -> None:
    home = homes.create(tmp_path / "home", tmp_path / "keys")
    home.settings_path.write_text(f"[database]\n{line}\n")
    with Session() as session:
        finding = settings_passwords.check(Circumstances(session, home, NOW, None))
    assert finding.state == state
    if key:
        assert finding.details["file"] == home.keys.folder / key
        assert "s3cret" not in str(finding)
