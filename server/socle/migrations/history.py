"""Brings a database to a revision of the one history, on PostgreSQL and on the embedded database.

Alembic is loaded when it is used: 11 MB and a fifth of a second that no door needs.
"""

from importlib.resources import files
from typing import TYPE_CHECKING

from sqlalchemy import Connection

if TYPE_CHECKING:
    from alembic.config import Config

LATEST = "head"


def _configuration(connection: Connection | None = None) -> "Config":
    from alembic.config import Config  # noqa: PLC0415

    configuration = Config()
    configuration.set_main_option("script_location", str(files("socle.migrations")))
    configuration.set_main_option("path_separator", "os")
    if connection is not None:
        configuration.attributes["connection"] = connection
    return configuration


def upgrade(connection: Connection, revision: str = LATEST) -> None:
    """Run every missing revision up to `revision`, inside the connection's own transaction."""
    from alembic import command  # noqa: PLC0415

    command.upgrade(_configuration(connection), revision)


def current(connection: Connection) -> str | None:
    """Return the revision the database is at, or None for an empty one."""
    from alembic.runtime.migration import MigrationContext  # noqa: PLC0415

    return MigrationContext.configure(connection).get_current_revision()


def latest() -> str:
    """Return the newest revision this version of Socle knows."""
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    head = ScriptDirectory.from_config(_configuration()).get_current_head()
    if head is None:
        raise LookupError("the history holds no revision")
    return head
