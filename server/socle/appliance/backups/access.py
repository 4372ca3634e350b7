"""What opens each target: its password, its sign-in at the server, and how fast it may send at this hour."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, time

from socle.appliance.backups.engine import Access
from socle.foundation.clock import PARIS, Clock
from socle.foundation.home import Home
from socle.foundation.secrets import BACKUP_SSH_KEY, BORG_PASSPHRASE, RESTIC_PASSWORD, Keys, target_secret
from socle.foundation.settings import BackupSettings, BackupTarget

PASSWORDS = {"restic": RESTIC_PASSWORD, "borg": BORG_PASSPHRASE}
"""The key that opens a repository, by its engine."""


def of(target: BackupTarget, settings: BackupSettings, home: Home, moment: datetime) -> Access:
    """Return how this home reaches and opens a target at that moment."""
    limit = upload_limit(target, settings, moment)
    return replace(with_keys(target, home.keys, limit), cache_folder=home.cache_path / target.name)


def with_keys(target: BackupTarget, keys: Keys, upload_kib: int = 0) -> Access:
    """Return how a target is reached with a folder of keys; nothing is read from it but the server's own password."""
    secret = target_secret(target.name)
    return Access(
        password_file=keys.folder / PASSWORDS[target.engine],
        username=target.username,
        secret=keys.read(secret).decode().strip() if keys.has(secret) else "",
        ssh_key_file=keys.folder / BACKUP_SSH_KEY if keys.has(BACKUP_SSH_KEY) else None,
        host_key=target.host_key,
        certificate_file=target.certificate_file,
        upload_kib=upload_kib,
    )


def limit_now(target: BackupTarget, settings: BackupSettings, clock: Clock) -> Callable[[], int]:
    """Return what tells the KiB/s that may be sent at the moment it is asked."""
    return lambda: upload_limit(target, settings, clock.now())


def upload_limit(target: BackupTarget, settings: BackupSettings, moment: datetime) -> int:
    """Return the KiB/s that may be sent at that moment; 0 without limit."""
    begin, end = (time.fromisoformat(one) for one in settings.office_hours.split("-"))
    clock = moment.astimezone(PARIS).time()
    during = begin <= clock < end if begin <= end else clock >= begin or clock < end
    return target.office_upload_kib or target.upload_kib if during else target.upload_kib
