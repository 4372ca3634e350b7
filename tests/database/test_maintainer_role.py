"""On PostgreSQL the maintainer's door cannot reach a patient, whatever its code does: the database says no."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import ProgrammingError

from socle.foundation.clock import SettableClock
from socle.foundation.database import Database
from socle.foundation.engines import postgresql_engine
from socle.identity.actor import machine
from socle.identity.audit import trail
from socle.identity.audit.verification import verify
from socle.migrations import grants

pytestmark = pytest.mark.real


@pytest.fixture
def owner(postgresql_url: str) -> Iterator[Engine]:
    """The engine of the database's owner, with the grants given."""
    engine = postgresql_engine(postgresql_url)
    with engine.begin() as connection:
        grants.grant_doors(connection)
    yield engine
    with engine.begin() as connection:
        role = f'"{grants.maintainer_role(postgresql_url)}"'
        connection.execute(text(f"DROP OWNED BY {role}"))
        connection.execute(text(f"DROP ROLE {role}"))
    engine.dispose()


@pytest.fixture
def maintainer(owner: Engine, postgresql_url: str, clock: SettableClock) -> Iterator[Database]:
    """The database as the maintainer's door opens it."""
    engine = postgresql_engine(postgresql_url, grants.maintainer_role(postgresql_url))
    yield Database(engine, clock, {"audit_key": bytes(32)})
    engine.dispose()


def _refused(database: Database, statement: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), database.writing() as session:
        session.execute(text(statement))


def test_somebody_decided_on_every_table(owner: Engine) -> None:
    decided = (
        *grants.MAINTAINER_READS_AND_WRITES,
        *grants.MAINTAINER_APPENDS,
        *grants.MAINTAINER_READS,
        *grants.KEPT_FROM_MAINTAINER,
    )
    assert sorted(decided) == sorted(inspect(owner).get_table_names())


@pytest.mark.parametrize("table", grants.KEPT_FROM_MAINTAINER)
def test_patients_tables_are_out_of_reach(maintainer: Database, table: str) -> None:
    for statement in (f"SELECT * FROM {table}", f"DELETE FROM {table}", f"TRUNCATE {table}"):
        _refused(maintainer, statement)


def test_a_reset_of_the_role_does_not_help(maintainer: Database) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), maintainer.writing() as session:
        session.execute(text("RESET ROLE"))
        session.execute(text("SELECT * FROM patient"))


def test_the_trail_is_written_and_read_but_never_changed(maintainer: Database) -> None:
    with maintainer.writing() as session:
        trail.record(session, machine("test"), "session.end", "session", 1)
    with maintainer.snapshot() as session:
        assert verify(session).entries == 1
    for statement in ("UPDATE audit_entry SET actor = ''", "DELETE FROM audit_entry"):
        _refused(maintainer, statement)


def test_giving_the_rights_twice_changes_nothing(owner: Engine, maintainer: Database) -> None:
    with owner.begin() as connection:
        grants.grant_doors(connection)
    _refused(maintainer, "SELECT * FROM patient")


def test_a_login_that_may_not_make_roles_is_told_what_to_ask_for(
    postgresql_url: str, open_database: Callable[[str], Database]
) -> None:
    database = open_database(postgresql_url)
    with database.engine.begin() as connection:
        connection.execute(text("CREATE ROLE plain_owner NOLOGIN"))
        connection.execute(text("GRANT plain_owner TO CURRENT_USER"))
    try:
        with pytest.raises(grants.RoleRefused) as caught, database.engine.begin() as connection:
            connection.execute(text("SET LOCAL ROLE plain_owner"))
            grants.grant_doors(connection)
        assert str(caught.value.details["role"]).endswith("_maintainer")
    finally:
        with database.engine.begin() as connection:
            connection.execute(text("DROP ROLE plain_owner"))
