"""Named secrets, kept outside the home folder so that a copied home alone is noise.

A trial keeps them in the user's configuration folder (files of mode 0600); on the appliance systemd hands them over as
credentials (`CREDENTIALS_DIRECTORY`, read-only).
"""

import os
import secrets
from pathlib import Path

from socle.foundation.errors import N_, SocleError

REPORT_SIGNING = "report_signing"
"""The Ed25519 key that signs the reports of drills."""
RAW_KEYS = ("database", "audit", "forms", "documents", REPORT_SIGNING)
"""Keys of 32 random bytes, made at `socle init`."""
BIND_PASSWORD = "directory_bind_password"  # noqa: S105 - the secret's name
"""What Socle's own account at an LDAP directory signs in with; the administrator puts it there."""
DATABASE_PASSWORD = "database_password"  # noqa: S105 - the secret's name
"""What `database.url` signs in with, when the server asks for one; the administrator puts it there."""
MAINTAINER_DATABASE_PASSWORD = "maintainer_database_password"  # noqa: S105 - the secret's name
"""The same for `database.maintainer_url`."""
PRO_SANTE_CONNECT_SECRET = "pro_sante_connect_secret"  # noqa: S105 - the secret's name
"""What this server signs in with at Pro Santé Connect; the administrator puts it there."""
RESTIC_PASSWORD = "restic_password"  # noqa: S105 - the secret's name
BORG_PASSPHRASE = "borg_passphrase"  # noqa: S105 - the secret's name
BACKUP_SSH_KEY = "backup_ssh_key"
"""The private key this machine signs in with at SFTP and borg servers (OpenSSH's format)."""


def target_secret(target: str) -> str:
    """Return the name of the key that holds a backup target's own password, at its server or S3."""
    return f"target_{target}"


class KeyMissing(SocleError):
    """A secret is not where it should be."""

    code = "KEY-MISSING"
    message = N_("The key “%(name)s” is missing from %(folder)s.")
    hint = N_("Give the right keys folder with --keys, or restore it from a backup: without it the home is noise.")
    kind = "unavailable"


class KeyExists(SocleError):
    """A secret would be overwritten."""

    code = "KEY-EXISTS"
    message = N_("The key “%(name)s” exists already in %(folder)s.")
    hint = N_("Keys are never overwritten: what they encrypted would be lost. Move the folder away first.")
    kind = "conflict"


def default_folder(home_identity: str) -> Path:
    """Return where the secrets of that home lie: systemd's credentials, or the user's configuration folder."""
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    if credentials:
        return Path(credentials)
    configuration = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(configuration) / "socle" / home_identity


class Keys:
    """The secrets of one home, by name, in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, name: str) -> bytes:
        """Return the secret; KeyMissing if there is none."""
        try:
            return (self.folder / name).read_bytes()
        except FileNotFoundError:
            raise KeyMissing(name=name, folder=self.folder) from None

    def has(self, name: str) -> bool:
        """Tell whether the secret is there."""
        return (self.folder / name).is_file()

    def write(self, name: str, value: bytes, *, replace: bool = False) -> None:
        """Keep a secret (mode 0600, whole or not at all); KeyExists unless `replace`."""
        if self.has(name) and not replace:
            raise KeyExists(name=name, folder=self.folder)
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = self.folder / f".{name}.{secrets.token_hex(4)}"
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(value)
            file.flush()
            os.fsync(file.fileno())
        part.replace(self.folder / name)

    def names(self) -> list[str]:
        """Return the names of all secrets kept."""
        if not self.folder.is_dir():
            return []
        return sorted(path.name for path in self.folder.iterdir() if path.is_file() and not path.name.startswith("."))

    def create_missing(self) -> list[str]:
        """Make the keys every home needs that are not there yet; return their names."""
        made = [name for name in RAW_KEYS if not self.has(name)]
        for name in made:
            self.write(name, secrets.token_bytes(32))
        made += [name for name in (RESTIC_PASSWORD, BORG_PASSPHRASE) if self.make_password(name)]
        return made

    def make_password(self, name: str) -> bool:
        """Make a password of 256 random bits under that name unless there is one; tell whether it was made."""
        if self.has(name):
            return False
        self.write(name, secrets.token_urlsafe(32).encode())
        return True
