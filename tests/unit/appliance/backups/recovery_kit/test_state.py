"""The kit is green only when it is proven, on every target as it is now, less than a year ago."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from socle.appliance.backups.recovery_kit import gathering, state
from socle.appliance.backups.recovery_kit.state import Facts
from socle.foundation import home as homes
from socle.foundation.secrets import RESTIC_PASSWORD, target_secret
from socle.foundation.settings import BackupSettings, BackupTarget, Settings

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
WANTED = {"local": "a", "offsite": "b"}
PROVEN = {"local": NOW, "offsite": NOW}


def days_ago(days: int) -> datetime:
    return NOW - timedelta(days=days)


@pytest.mark.parametrize(
    ("kit", "code", "colour"),
    [
        (None, "RECOVERY-KIT-DUE", "amber"),
        (Facts("K", NOW, WANTED, {}), "RECOVERY-KIT-UNPROVEN", "amber"),
        (Facts("K", NOW, WANTED, {"local": NOW}), "RECOVERY-KIT-UNPROVEN", "amber"),
        (Facts("K", NOW, {"local": "a"}, PROVEN), "RECOVERY-KIT-OLD", "amber"),
        (Facts("K", NOW, {**WANTED, "local": "z"}, PROVEN), "RECOVERY-KIT-OLD", "amber"),
        (Facts("K", NOW, {**WANTED, "gone": "c"}, PROVEN), "RECOVERY-KIT", "green"),
        (Facts("K", NOW, WANTED, PROVEN), "RECOVERY-KIT", "green"),
        (Facts("K", NOW, WANTED, {**PROVEN, "local": days_ago(364)}), "RECOVERY-KIT", "green"),
        (Facts("K", NOW, WANTED, {**PROVEN, "local": days_ago(366)}), "RECOVERY-KIT-PROVE-AGAIN", "amber"),
        (Facts("K", NOW, WANTED, {**PROVEN, "local": days_ago(-2)}), "RECOVERY-KIT-PROVE-AGAIN", "amber"),
    ],
)
def test_the_state_of_the_kit(kit: Facts | None, code: str, colour: str) -> None:
    found = state.judge(kit, WANTED, NOW)
    assert (found.code, found.state) == (code, colour)
    assert (colour == "green") == (not found.do)


def test_whatever_changes_at_a_target_changes_its_fingerprint(tmp_path: Path) -> None:
    home = homes.create(tmp_path / "home", tmp_path / "keys")
    target = BackupTarget(name="offsite", repository="rest:https://backup.example/a")

    def marks(changed: BackupTarget = target) -> dict[str, str]:
        return gathering.fingerprints(home, Settings(backup=BackupSettings(targets=(changed,))))

    before = marks()
    assert before == marks()
    assert marks(BackupTarget(name="offsite", repository="rest:https://backup.example/b")) != before
    assert marks(BackupTarget(name="offsite", repository=target.repository, username="x")) != before
    home.keys.write(target_secret("offsite"), b"a new secret")
    with_secret = marks()
    assert with_secret != before
    home.keys.write(RESTIC_PASSWORD, b"another password", replace=True)
    assert marks() != with_secret
    assert marks(BackupTarget(name="offsite", repository=target.repository, at="03:00")) == marks()
