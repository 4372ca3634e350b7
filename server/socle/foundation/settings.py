"""The settings file: TOML in the home folder, every key known, nothing secret in it."""

import re
from pathlib import Path
from typing import Literal

import msgspec

from socle.foundation.errors import N_, SocleError

FILE_NAME = "socle.toml"


class SettingsWrong(SocleError):
    """The settings file says something Socle does not understand."""

    code = "SETTINGS-WRONG"
    message = N_("%(file)s: “%(key)s” is not right: %(reason)s.")
    hint = N_("Correct that line; docs/reference/settings.md lists every key.")
    kind = "invalid"


class PracticeSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The practice itself."""

    name: str = "Cabinet"
    time_zone: str = "Europe/Paris"


class DatabaseSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`url` empty: the embedded database. `maintainer_url`: an own PostgreSQL login for the maintainer's door."""

    url: str = ""
    maintainer_url: str = ""


class WebSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the doors listen. `names`: extra host names and addresses the certificate covers."""

    address: str = "127.0.0.1"
    staff_port: int = 8443
    maintainer_port: int = 8444
    workers: int = 2
    names: tuple[str, ...] = ()


class SessionSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Idle lock in minutes without real input; absolute limit in hours since sign-in."""

    idle_minutes: int = 10
    absolute_hours: int = 12


class DirectorySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where people's accounts live."""

    kind: Literal["embedded", "ldap"] = "embedded"


class BackupTarget(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One place backups go to."""

    name: str
    repository: str
    engine: Literal["restic"] = "restic"


class BackupSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Targets (none: HOME/backups/restic) and the hour of the nightly run, local time."""

    targets: tuple[BackupTarget, ...] = ()
    at: str = "02:30"


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything the file may say."""

    practice: PracticeSettings = PracticeSettings()
    database: DatabaseSettings = DatabaseSettings()
    web: WebSettings = WebSettings()
    sessions: SessionSettings = SessionSettings()
    directory: DirectorySettings = DirectorySettings()
    backup: BackupSettings = BackupSettings()


def load(file: Path) -> Settings:
    """Read the file (absent: all defaults); SettingsWrong names file and key."""
    if not file.exists():
        return Settings()
    try:
        return msgspec.toml.decode(file.read_bytes(), type=Settings)
    except (msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError) as error:
        key, reason = _explain(str(error))
        raise SettingsWrong(file=file, key=key, reason=reason) from None


def _explain(text: str) -> tuple[str, str]:
    """Split msgspec's «Object contains unknown field `x` - at `$.database`» into the dotted key and the reason."""
    found = re.search(r" - at `\$\.?(.*?)`$", text)
    place = found.group(1) if found else ""
    reason = text[: found.start()] if found else text
    unknown = re.search(r"unknown field `(.+?)`", reason)
    if unknown:
        return ".".join(filter(None, (place, unknown.group(1)))), "no such key"
    return place or "?", reason[:1].lower() + reason[1:]
