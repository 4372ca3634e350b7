"""The home folder: what lies where. Everything in it is encrypted or not secret; its keys lie elsewhere."""

import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path

from socle.foundation import settings as settings_file
from socle.foundation.errors import N_, SocleError
from socle.foundation.secrets import Keys, default_folder

_IDENTITY = "home-identity"


class HomeMissing(SocleError):
    """There is no home folder here."""

    code = "HOME-MISSING"
    message = N_("%(folder)s is not a Socle home folder.")
    hint = N_("Create it with “socle init”, or give another one with --home or SOCLE_HOME.")
    kind = "missing"


class HomeNotWritable(SocleError):
    """The home folder cannot be written."""

    code = "HOME-READ-ONLY"
    message = N_("Socle cannot write to its home folder %(folder)s.")
    hint = N_("Check the folder's owner and rights, and that its disk is not mounted read-only or full.")
    kind = "unavailable"


@dataclass(frozen=True)
class Home:
    """One home folder and the folder of its keys."""

    folder: Path
    keys: Keys

    @property
    def settings_path(self) -> Path:
        """The settings file."""
        return self.folder / settings_file.FILE_NAME

    @property
    def database_path(self) -> Path:
        """The embedded database's file."""
        return self.folder / "database" / "practice.db"

    @property
    def documents_path(self) -> Path:
        """The encrypted documents."""
        return self.folder / "documents"

    @property
    def backups_path(self) -> Path:
        """The default backup target."""
        return self.folder / "backups" / "restic"

    @property
    def cache_path(self) -> Path:
        """What the backup programs keep to spare traffic: encrypted or mere numbers, and made again when it is gone."""
        return self.folder / "cache"

    @property
    def cards_path(self) -> Path:
        """The authorities whose professional cards open a session, as PEM files; public certificates."""
        return self.folder / "cards"

    @property
    def reports_path(self) -> Path:
        """Dated reports of drills, without patient data."""
        return self.folder / "reports"

    def identity(self) -> str:
        """Return the home's own name; HomeMissing if this is no home."""
        return read_identity(self.folder)


def read_identity(folder: Path) -> str:
    """Return the identity written in a home folder; HomeMissing if there is none."""
    try:
        return (folder / _IDENTITY).read_text().strip()
    except (FileNotFoundError, NotADirectoryError):
        raise HomeMissing(folder=folder) from None


def exists(folder: Path) -> bool:
    """Tell whether there is a home folder here."""
    return (folder / _IDENTITY).is_file()


def find(folder: Path, keys_folder: Path | None = None) -> Home:
    """Open an existing home; HomeMissing if there is none."""
    identity = read_identity(folder)
    return Home(folder, Keys(keys_folder or default_folder(identity)))


def create(folder: Path, keys_folder: Path | None = None) -> Home:
    """Make a home folder (or finish one half-made) with its keys; keeps all that is there already."""
    try:
        for path in (folder, folder / "database", folder / "documents", folder / "reports"):
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not (folder / _IDENTITY).exists():
            (folder / _IDENTITY).write_text(f"{secrets.token_hex(8)}\n")
        with tempfile.TemporaryFile(dir=folder / "database"):
            pass  # a disk that turned read-only is noticed here, not in the middle of somebody's day
    except OSError:
        raise HomeNotWritable(folder=folder) from None
    home = find(folder, keys_folder)
    home.keys.create_missing()
    return home
