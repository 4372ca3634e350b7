"""Brings a database to a revision of the one history, on PostgreSQL and on the embedded database."""

from importlib.resources import files

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

LATEST = "head"


def _configuration(connection: Connection | None = None) -> Config:
    configuration = Config()
    configuration.set_main_option("script_location", str(files("socle.migrations")))
    configuration.set_main_option("path_separator", "os")
    if connection is not None:
        configuration.attributes["connection"] = connection
    return configuration


def upgrade(connection: Connection, revision: str = LATEST) -> None:
    """Run every missing revision up to `revision`, inside the connection's own transaction."""
    command.upgrade(_configuration(connection), revision)


def current(connection: Connection) -> str | None:
    """Return the revision the database is at, or None for an empty one."""
    return MigrationContext.configure(connection).get_current_revision()


def latest() -> str:
    """Return the newest revision this version of Socle knows."""
    head = ScriptDirectory.from_config(_configuration()).get_current_head()
    if head is None:
        raise LookupError("the history holds no revision")
    return head
