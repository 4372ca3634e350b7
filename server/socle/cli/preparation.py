"""Brings a home to the state this version serves: settings, tables, certificates, emergency administrator."""

from socle.appliance.backups import runs
from socle.appliance.backups.runs import Backups
from socle.appliance.maintenance import authority
from socle.cli.terminal import Terminal, print_words, warn
from socle.foundation.clock import Clock
from socle.foundation.database import Database, translated_errors
from socle.foundation.errors import N_, SocleError
from socle.foundation.home import Home
from socle.foundation.settings import Settings
from socle.foundation.toolbox import Toolbox
from socle.identity.actor import machine
from socle.identity.people import accounts
from socle.migrations import history
from socle.migrations.grants import grant_doors

INSTALLER = machine("installation")
_SETTINGS = """\
# Socle's settings. docs/reference/settings.md lists every key; a key that does not exist is an error.
# Nothing secret belongs here: keys and passwords lie outside this folder.

[practice]
name = "{name}"
"""


def prepare(terminal: Terminal, home: Home, practice: str = "Cabinet") -> Toolbox:
    """Do what is missing, keep what is there, say what a person must know; return the home's tools."""
    if not home.settings_path.exists():
        name = practice.replace("\\", "").replace('"', "'")
        home.settings_path.write_text(_SETTINGS.format(name=name), encoding="utf-8")
    tools = terminal.open_toolbox(home)
    _migrate(tools)
    settings = tools.of(Settings)
    names = authority.names_of_this_machine(settings.web.names)
    authority.prepare(home.keys, settings.practice.name, names, tools.of(Clock).now())
    authority.publish(home.keys, home.folder)
    with tools.of(Database).writing() as session:
        password = accounts.make_break_glass(session, INSTALLER)
    if password is not None:
        _tell(home, password)
    _prepare_backups(tools)
    return tools


def _prepare_backups(tools: Toolbox) -> None:
    try:
        runs.prepare_own(tools.of(Backups))
    except SocleError as error:  # the practice can work without; the state of the backups stays red
        warn(error)


def _migrate(tools: Toolbox) -> None:
    engine = tools.of(Database).engine
    with translated_errors(), engine.begin() as connection:
        history.upgrade(connection)
        if engine.dialect.name == "postgresql":
            grant_doors(connection)


def _tell(home: Home, password: str) -> None:
    print_words(N_("Home folder: %(folder)s (worthless to a thief without its keys)"), {"folder": home.folder})
    print_words(
        N_("Keys: %(folder)s (keep a copy elsewhere: without them the practice cannot be read)"),
        {"folder": home.keys.folder},
    )
    print_words(N_("A recovery kit is due: until it is printed, losing this folder of keys loses the practice."))
    print_words(N_("Emergency administrator, for a day when the directory does not answer (shown only now):"))
    print_words(N_("  user name %(name)s, password %(password)s"), {"name": accounts.BREAK_GLASS, "password": password})
