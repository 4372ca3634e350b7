"""The settings file: TOML in the home folder, every key known, nothing secret in it."""

import re
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from socle.foundation.addresses import masked
from socle.foundation.errors import N_, SocleError

FILE_NAME = "socle.toml"
Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]
TargetName = Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9_-]{1,40}$")]


class SettingsWrong(SocleError):
    """The settings file says something Socle does not understand."""

    code = "SETTINGS-WRONG"
    message = N_("%(file)s: “%(key)s” is not right: %(reason)s.")
    hint = N_("Correct that line; docs/reference/settings.md lists every key.")
    kind = "invalid"


class PracticeSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The practice itself."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=100)] = "Cabinet"


class DatabaseSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`url` empty: the embedded database. `maintainer_url`: an own PostgreSQL login for the maintainer's door.

    Their passwords are the keys `database_password` and `maintainer_database_password`, not a part of the address.
    """

    url: str = ""
    maintainer_url: str = ""


class WebSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the doors listen. `names`: extra host names and addresses the certificate covers."""

    address: str = "127.0.0.1"
    staff_port: Port = 8443
    maintainer_port: Port = 8444
    workers: Annotated[int, msgspec.Meta(ge=1, le=32)] = 2
    names: tuple[str, ...] = ()


class SessionSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Idle lock in minutes without real input; absolute limit in hours since sign-in."""

    idle_minutes: Annotated[int, msgspec.Meta(ge=1, le=240)] = 10
    absolute_hours: Annotated[int, msgspec.Meta(ge=1, le=24)] = 12


class RoleGroups(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The full names (DN) of the groups whose members hold each role; members of groups inside them count too."""

    practitioner: tuple[str, ...] = ()
    secretary: tuple[str, ...] = ()
    administrator: tuple[str, ...] = ()
    maintainer: tuple[str, ...] = ()


class LdapSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An LDAP directory; the defaults are OpenLDAP's, docs/reference/settings.md gives Active Directory's.

    `urls`, tried in order: `ldaps://host`, `ldap://host` (StartTLS always), `ldapi://%2Frun%2Fslapd%2Fldapi`.
    `bind_dn` empty: the Unix user over ldapi, anonymous elsewhere; its password is the key `directory_bind_password`.
    `certificate_file`: the authority that signed the servers' certificates; empty: the machine's list.
    `reset_passwords`: the service account may give people a new password.
    `rest_seconds`: how long a server that did not answer is passed over.
    """

    urls: tuple[str, ...] = ()
    certificate_file: str = ""
    bind_dn: str = ""
    people_base: str = ""
    person_filter: str = "(objectClass=inetOrgPerson)"
    groups_base: str = ""
    key_attribute: str = "entryUUID"
    username_attribute: str = "uid"
    name_attribute: str = "displayName"
    role_groups: RoleGroups = RoleGroups()
    reset_passwords: bool = False
    connect_seconds: Annotated[float, msgspec.Meta(ge=0.1, le=60)] = 2.0
    answer_seconds: Annotated[float, msgspec.Meta(ge=0.1, le=60)] = 5.0
    rest_seconds: Annotated[float, msgspec.Meta(ge=0, le=3600)] = 30.0


class DirectorySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where people's accounts live."""

    kind: Literal["embedded", "ldap"] = "embedded"
    ldap: LdapSettings = LdapSettings()


class BackupTarget(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One place backups go to; its name appears in file names and addresses."""

    name: TargetName
    repository: str
    engine: Literal["restic"] = "restic"

    @property
    def shown(self) -> str:
        """The repository's address without its password."""
        return masked(self.repository)


class BackupSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Targets (none: HOME/backups/restic) and the hour of the nightly run, local time."""

    targets: tuple[BackupTarget, ...] = ()
    at: Annotated[str, msgspec.Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] = "02:30"


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
