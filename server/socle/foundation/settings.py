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


FactorName = Literal["totp", "passkey", "card", "pro_sante_connect"]
AskWhen = Literal["always", "new_browser", "never"]


class RoleAccess(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one role needs beside the password.

    `second_factor`: "required" has it set up at the next sign-in. `ask`: at every sign-in, in browsers that are not
    remembered, or never. `factors`: those that count, as a second factor (totp, passkey) or as the whole sign-in.
    """

    second_factor: Literal["optional", "required"] = "optional"
    ask: AskWhen = "new_browser"
    factors: tuple[FactorName, ...] = ("totp", "passkey", "card", "pro_sante_connect")

    def __post_init__(self) -> None:
        """Refuse what would shut a role out, or ask for nothing while looking strict."""
        if self.second_factor == "required" and self.ask == "never":
            raise ValueError("a required second factor has to be asked")


class AccessSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Second factors per role; `remember_days`: how long a browser may be remembered (0: not at all)."""

    remember_days: Annotated[int, msgspec.Meta(ge=0, le=365)] = 30
    practitioner: RoleAccess = RoleAccess()
    secretary: RoleAccess = RoleAccess()
    administrator: RoleAccess = RoleAccess()
    maintainer: RoleAccess = RoleAccess()

    def __post_init__(self) -> None:
        """Refuse roles without a local factor in common: a person may have several, and the Internet may be down."""
        roles = (self.practitioner, self.secretary, self.administrator, self.maintainer)
        if not frozenset.intersection(*(frozenset(role.factors) for role in roles)) & {"totp", "passkey"}:
            raise ValueError("all roles need one of totp and passkey in common")


class CardSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Professional cards. `anchors`: a folder of PEM files, the authorities trusted; empty: HOME/cards.

    `revocation_lists`: addresses of lists beside those that cards name themselves. `revocation_grace_days`: how long
    past its own next date a list is still believed, for an Internet that is away.
    """

    anchors: str = ""
    allow_test_issuers: bool = False
    revocation_lists: tuple[str, ...] = ()
    revocation_grace_days: Annotated[int, msgspec.Meta(ge=0, le=365)] = 7


HttpsAddress = Annotated[str, msgspec.Meta(pattern="^https://.+")]
_PSC = "https://auth.esw.esante.gouv.fr/auth/realms/esante-wallet"


class ProSanteConnectSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Pro Santé Connect; `client_id` empty: none. Its secret is the key `pro_sante_connect_secret`.

    The addresses are those of production: its discovery document has a name of its own, so they stand here.
    `certificate_file`: the authority of its servers; empty: the machine's list. `answer_seconds`: the longest wait.
    """

    client_id: str = ""
    issuer: HttpsAddress = _PSC
    authorize_url: HttpsAddress = "https://wallet.esw.esante.gouv.fr/auth"
    token_url: HttpsAddress = f"{_PSC}/protocol/openid-connect/token"
    userinfo_url: HttpsAddress = f"{_PSC}/protocol/openid-connect/userinfo"
    keys_url: HttpsAddress = f"{_PSC}/protocol/openid-connect/certs"
    end_url: HttpsAddress = f"{_PSC}/protocol/openid-connect/logout"
    scope: str = "openid scope_all"
    acr_values: str = "eidas1"
    certificate_file: str = ""
    answer_seconds: Annotated[float, msgspec.Meta(ge=0.1, le=10)] = 3.0


class RoleGroups(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The full names (DN) of the groups whose members hold each role; members of groups inside them count too."""

    practitioner: tuple[str, ...] = ()
    secretary: tuple[str, ...] = ()
    administrator: tuple[str, ...] = ()
    maintainer: tuple[str, ...] = ()


class LdapSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An LDAP directory; the defaults are OpenLDAP's unless `active_directory`.

    `urls`, tried in order: `ldaps://host`, `ldap://host` (StartTLS always), `ldapi://%2Frun%2Fslapd%2Fldapi`.
    `bind_dn` empty: the Unix user over ldapi, anonymous elsewhere; its password is the key `directory_bind_password`.
    `certificate_file`: the authority that signed the servers' certificates; empty: the machine's list.
    `reset_passwords`: the service account may give people a new password. `manage_people`: it may also add, rename and
    disable them and change their roles (OpenLDAP; “socle directory init” makes such a directory); `workstations_base`:
    there, where it keeps the practice's workstations. `managed_at`: where people are managed otherwise, in words for
    the pages of accounts.
    `rest_seconds`: how long a server that did not answer is passed over. `slapd_config`: the folder slapd.d of an
    OpenLDAP on this machine, whose configuration and data then go into every backup whole.
    """

    urls: tuple[str, ...] = ()
    certificate_file: str = ""
    bind_dn: str = ""
    people_base: str = ""
    person_filter: str = "(objectClass=inetOrgPerson)"
    groups_base: str = ""
    workstations_base: str = ""
    key_attribute: str = "entryUUID"
    username_attribute: str = "uid"
    name_attribute: str = "displayName"
    role_groups: RoleGroups = RoleGroups()
    reset_passwords: bool = False
    manage_people: bool = False
    active_directory: bool = False
    managed_at: Annotated[str, msgspec.Meta(max_length=200)] = ""
    connect_seconds: Annotated[float, msgspec.Meta(ge=0.1, le=60)] = 2.0
    answer_seconds: Annotated[float, msgspec.Meta(ge=0.1, le=60)] = 5.0
    rest_seconds: Annotated[float, msgspec.Meta(ge=0, le=3600)] = 30.0
    slapd_config: str = ""


class DirectorySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where people's accounts live."""

    kind: Literal["embedded", "ldap"] = "embedded"
    ldap: LdapSettings = LdapSettings()


class Retention(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many whole sets are kept: of the last days, weeks and months, and of each year (yearly sets are archives)."""

    days: Annotated[int, msgspec.Meta(ge=1, le=3660)] = 30
    weeks: Annotated[int, msgspec.Meta(ge=0, le=520)] = 12
    months: Annotated[int, msgspec.Meta(ge=0, le=240)] = 24
    years: Annotated[int, msgspec.Meta(ge=0, le=100)] = 20


class BackupTarget(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One place backups go to; its name appears in file names and addresses.

    `at` empty: the hour of all. `nights`: 0 is Monday; empty: every night. `upload_kib` and `office_upload_kib`: KiB/s,
    0 is no limit; the second holds during `office_hours`. `append_only`: this machine cannot delete there, so what is
    kept is decided elsewhere. `offsite`: in another place, so drilled monthly, not weekly. `username`: at the server
    (rest-server), or the S3 key's number; its secret is the key `target_NAME`. `host_key`: the SSH server's own line,
    such as "ssh-ed25519 AAAA…". `certificate_file`: the authority of an https server.
    """

    name: TargetName
    repository: str
    engine: Literal["restic", "borg"] = "restic"
    at: Annotated[str, msgspec.Meta(pattern=r"^(([01]\d|2[0-3]):[0-5]\d)?$")] = ""
    nights: tuple[Annotated[int, msgspec.Meta(ge=0, le=6)], ...] = ()
    offsite: bool = False
    append_only: bool = False
    keep: Retention = Retention()
    upload_kib: Annotated[int, msgspec.Meta(ge=0)] = 0
    office_upload_kib: Annotated[int, msgspec.Meta(ge=0)] = 0
    username: str = ""
    host_key: str = ""
    certificate_file: str = ""

    @property
    def shown(self) -> str:
        """The repository's address without its password."""
        return masked(self.repository)


class BackupSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Targets (none: HOME/backups/restic), the hour of the nightly run, and the practice's office hours, local time.

    `ping_url`: an address outside that is told of each night's outcome, and raises the alarm when it hears nothing.
    """

    targets: tuple[BackupTarget, ...] = ()
    at: Annotated[str, msgspec.Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] = "02:30"
    office_hours: Annotated[str, msgspec.Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$")] = (
        "08:00-20:00"
    )
    ping_url: str = ""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything the file may say."""

    practice: PracticeSettings = PracticeSettings()
    database: DatabaseSettings = DatabaseSettings()
    web: WebSettings = WebSettings()
    sessions: SessionSettings = SessionSettings()
    access: AccessSettings = AccessSettings()
    pro_sante_connect: ProSanteConnectSettings = ProSanteConnectSettings()
    directory: DirectorySettings = DirectorySettings()
    cards: CardSettings = CardSettings()
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
