"""What the envelope is to hold, from the settings and the keys; and a fingerprint of it, to notice what has changed."""

import hashlib
import hmac
from pathlib import Path

import msgspec

from socle.appliance.backups import access, plan
from socle.appliance.backups.recovery_kit.envelope import Contents, Reach
from socle.foundation.home import Home
from socle.foundation.secrets import BACKUP_SSH_KEY, Keys, target_secret
from socle.foundation.settings import BackupTarget, Settings


def contents(home: Home, settings: Settings, made: str) -> Contents:
    """Return everything a bare machine needs; KeyMissing."""
    targets = plan.targets(settings, home)
    engines = {target.engine for target in targets}
    return Contents(
        practice=settings.practice.name,
        made=made,
        targets=tuple(reach(target, home.keys) for target in targets),
        passwords={engine: home.keys.read(access.PASSWORDS[engine]).decode() for engine in sorted(engines)},
        ssh_key=_kept(home.keys, BACKUP_SSH_KEY),
    )


def reach(target: BackupTarget, keys: Keys) -> Reach:
    """Return how one target is reached."""
    certificate = Path(target.certificate_file) if target.certificate_file else None
    return Reach(
        name=target.name,
        engine=target.engine,
        repository=target.repository,
        username=target.username,
        secret=_kept(keys, target_secret(target.name)).decode().strip(),
        host_key=target.host_key,
        certificate=certificate.read_bytes() if certificate and certificate.is_file() else b"",
        offsite=target.offsite,
    )


def fingerprints(home: Home, settings: Settings) -> dict[str, str]:
    """Return, for each target, a mark of all that the envelope says of it.

    Keyed with the repository's own password: it may lie in the database without helping anybody to guess a secret.
    """
    return {target.name: _fingerprint(target, home.keys) for target in plan.targets(settings, home)}


def _fingerprint(target: BackupTarget, keys: Keys) -> str:
    said = msgspec.msgpack.encode((reach(target, keys), _kept(keys, BACKUP_SSH_KEY)))
    password = _kept(keys, access.PASSWORDS[target.engine])
    return hmac.digest(b"socle kit\0" + password, said, hashlib.sha256).hex()[:24]


def _kept(keys: Keys, name: str) -> bytes:
    return keys.read(name) if keys.has(name) else b""
