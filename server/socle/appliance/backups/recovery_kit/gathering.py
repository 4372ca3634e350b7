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
    """Return, for each target there is now, a mark of all that an envelope would say of it."""
    ssh_key = _kept(home.keys, BACKUP_SSH_KEY)
    return {
        target.name: _mark(reach(target, home.keys), ssh_key, _kept(home.keys, access.PASSWORDS[target.engine]))
        for target in plan.targets(settings, home)
    }


def marks(held: Contents) -> dict[str, str]:
    """Return the same for what an envelope holds."""
    passwords = {name: password.encode() for name, password in held.passwords.items()}
    return {one.name: _mark(one, held.ssh_key, passwords.get(one.engine, b"")) for one in held.targets}


def _mark(one: Reach, ssh_key: bytes, password: bytes) -> str:
    """Keyed with the repository's own password: the mark may lie in the database and helps nobody to guess a secret."""
    said = msgspec.msgpack.encode((one, ssh_key))
    return hmac.digest(b"socle kit\0" + password, said, hashlib.sha256).hex()[:24]


def _kept(keys: Keys, name: str) -> bytes:
    return keys.read(name) if keys.has(name) else b""
