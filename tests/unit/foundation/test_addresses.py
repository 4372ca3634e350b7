"""Addresses with passwords: never shown, completed from elsewhere."""

from pathlib import Path

import pytest
from sqlalchemy import make_url

from socle.foundation.addresses import database_address, has_password, masked, without_password
from socle.foundation.secrets import DATABASE_PASSWORD, Keys
from socle.foundation.settings import BackupTarget


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("rest:https://socle:s3cret@backup.example/cabinet", "rest:https://socle:***@backup.example/cabinet"),
        ("rest:https://:s3cret@backup.example/", "rest:https://:***@backup.example/"),
        ("postgresql://socle:s3c@ret@db:5433/cabinet", "postgresql://socle:***@db:5433/cabinet"),
        ("postgresql://socle@/cabinet?host=/run&password=s3cret&x=1", "postgresql://socle@/cabinet?host=/run&password=***&x=1"),
        ("postgresql://socle@db:5433/cabinet", "postgresql://socle@db:5433/cabinet"),
        ("sftp:socle@backup.example:/srv/cabinet", "sftp:socle@backup.example:/srv/cabinet"),
        ("rest:https://backup.example:8000/a@b", "rest:https://backup.example:8000/a@b"),
        ("/media/disk/restic", "/media/disk/restic"),
    ],
)  # fmt: skip
def test_a_password_is_never_shown(address: str, shown: str) -> None:
    assert masked(address) == shown
    assert has_password(address) == (shown != address)
    assert BackupTarget("disk", address).shown == shown


def test_a_databases_password_comes_from_its_key_or_a_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys, url = Keys(tmp_path), "postgresql://socle@db/cabinet"
    assert database_address(url, keys, DATABASE_PASSWORD).password is None
    keys.write(DATABASE_PASSWORD, b"from the @ key\n")
    assert database_address(url, keys, DATABASE_PASSWORD).password == "from the @ key"
    monkeypatch.setenv("SOCLE_DATABASE_PASSWORD", "from outside")
    assert database_address(url, keys, DATABASE_PASSWORD).password == "from outside"
    assert database_address("postgresql://socle:own@db/cabinet", keys, DATABASE_PASSWORD).password == "own"


def test_no_password_goes_into_a_file() -> None:
    assert without_password(make_url("postgresql://a:b@db/c?sslmode=require&password=d")) == (
        "postgresql://a@db/c?sslmode=require"
    )
