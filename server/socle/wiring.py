"""Chooses the engines from the settings: the only file that knows every one of them."""

from functools import partial

from socle.appliance.backups import dataset
from socle.appliance.backups.engine import Access, Engine, Engines
from socle.appliance.backups.engines.borg import Borg
from socle.appliance.backups.engines.restic import Restic
from socle.appliance.backups.restore import History
from socle.appliance.backups.runs import Backups
from socle.foundation import settings as settings_file
from socle.foundation.addresses import database_address
from socle.foundation.clock import Clock, SystemClock
from socle.foundation.database import Database
from socle.foundation.engines import embedded_engine, postgresql_engine
from socle.foundation.home import Home
from socle.foundation.secrets import (
    BIND_PASSWORD,
    DATABASE_PASSWORD,
    MAINTAINER_DATABASE_PASSWORD,
    PRO_SANTE_CONNECT_SECRET,
    Keys,
)
from socle.foundation.settings import BackupTarget, Settings
from socle.foundation.toolbox import Toolbox
from socle.identity.people.directories.embedded import EmbeddedDirectory
from socle.identity.people.directories.embedded_origin import EmbeddedOrigin
from socle.identity.people.directory import Directory
from socle.identity.people.moving import Destination, MoveImpossible, Origin, Roads
from socle.identity.people.tree import Trees
from socle.identity.sessions.card_policy import CardPolicy
from socle.identity.sessions.factors.pro_sante_connect import NotConnected, ProSanteConnect
from socle.migrations import history
from socle.migrations.grants import maintainer_role
from socle.practice.documents.storage import Storage
from socle.practice.imports.source import Sources
from socle.practice.imports.sources.csv import CsvReader
from socle.practice.imports.sources.spreadsheet import SpreadsheetReader
from socle.practice.imports.work import ProcessWorkers, Workers


def toolbox(home: Home, door: str = "command line") -> Toolbox:
    """Make the tools of one door: "staff", "maintainer", "scheduler" or "command line"."""
    settings = settings_file.load(home.settings_path)
    clock = SystemClock()
    tools = Toolbox()
    tools.provide(Home, lambda: home)
    tools.provide(Keys, lambda: home.keys)
    tools.provide(Settings, lambda: settings)
    tools.provide(Clock, lambda: clock)
    tools.provide(Database, partial(_database, home, settings, clock, door))
    tools.provide(Directory, partial(_directory, tools))
    tools.provide(Trees, _trees)
    tools.provide(CardPolicy, lambda: CardPolicy(settings.cards, home.cards_path, home.cache_path))
    tools.provide(ProSanteConnect, partial(_pro_sante_connect, tools))
    tools.provide(Roads, partial(_Roads, tools))
    tools.provide(History, lambda: history)
    tools.provide(Engines, _Engines)
    tools.provide(Backups, partial(_backups, tools))
    if door != "maintainer":
        tools.provide(Storage, lambda: Storage(home.documents_path, home.keys.read("documents")))
        tools.provide(Sources, lambda: Sources([SpreadsheetReader(), CsvReader()]))
        tools.provide(Workers, lambda: ProcessWorkers(home))
    return tools


def _database(home: Home, settings: Settings, clock: Clock, door: str) -> Database:
    info = {"audit_key": home.keys.read("audit")}
    url = settings.database.url
    if not url:
        return Database(embedded_engine(home.database_path, home.keys.read("database")), clock, info)
    address = database_address(url, home.keys, DATABASE_PASSWORD)
    if door != "maintainer":
        return Database(postgresql_engine(address), clock, info)
    own = settings.database.maintainer_url
    if not own:
        return Database(postgresql_engine(address, maintainer_role(url)), clock, info)
    return Database(postgresql_engine(database_address(own, home.keys, MAINTAINER_DATABASE_PASSWORD)), clock, info)


def _directory(tools: Toolbox) -> Directory:
    settings = tools.of(Settings).directory
    if settings.kind == "ldap":
        # Here and not above: 12 MB in every process, for those who have an LDAP directory only.
        from socle.identity.people.directories.ldap import LdapDirectory  # noqa: PLC0415

        keys = tools.of(Keys)
        return LdapDirectory(settings.ldap, keys.read(BIND_PASSWORD) if keys.has(BIND_PASSWORD) else b"")
    return EmbeddedDirectory(tools.of(Database))


def _trees() -> Trees:
    from socle.identity.people.directories.ldap_tree import LdapTrees  # noqa: PLC0415 - as above

    return LdapTrees()


def _pro_sante_connect(tools: Toolbox) -> ProSanteConnect:
    settings, keys = tools.of(Settings).pro_sante_connect, tools.of(Keys)
    if not settings.client_id:
        return NotConnected()
    # Here and not above: 12 MB in every process, for those who are registered there only.
    from socle.identity.sessions.factors.pro_sante_connect_link import ProSanteConnectLink  # noqa: PLC0415

    secret = keys.read(PRO_SANTE_CONNECT_SECRET) if keys.has(PRO_SANTE_CONNECT_SECRET) else b""
    return ProSanteConnectLink(settings, secret, tools.of(Clock))


class _Roads:
    """Both ends of a move, as the settings say."""

    def __init__(self, tools: Toolbox) -> None:
        self._tools = tools

    def open(self) -> tuple[Origin, Destination]:
        """Return the embedded directory and the LDAP one."""
        from socle.identity.people.directories.ldap_destination import LdapDestination  # noqa: PLC0415 - as above

        settings, keys = self._tools.of(Settings).directory, self._tools.of(Keys)
        if settings.kind != "embedded" or not settings.ldap.urls:
            raise MoveImpossible
        secret = keys.read(BIND_PASSWORD) if keys.has(BIND_PASSWORD) else b""
        return EmbeddedOrigin(self._tools.of(Database)), LdapDestination(settings.ldap, secret)


def _backups(tools: Toolbox) -> Backups:
    home, settings, clock = tools.of(Home), tools.of(Settings), tools.of(Clock)
    sources = dataset.Sources(home, tools.of(Database), tools.of(Directory), settings, clock)
    return Backups(sources, tools.of(Engines))


class _Engines:
    """The backup engines by the name settings give them."""

    def open(self, target: BackupTarget, access: Access) -> Engine:
        """Return the engine of a target."""
        return Borg(target.repository, access) if target.engine == "borg" else Restic(target.repository, access)
