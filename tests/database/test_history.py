"""The one history runs on both databases, from empty and from each earlier revision."""

import importlib
from pathlib import Path

from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect

from socle.foundation.database import Base, Database
from socle.migrations import history

SERVER = Path(__file__).resolve().parents[2] / "server"


def _shape(engine: Engine) -> dict[str, set[str]]:
    inspector = inspect(engine)
    return {table: {column["name"] for column in inspector.get_columns(table)} for table in inspector.get_table_names()}


def _modules_of_models() -> list[str]:
    paths = [path for path in (SERVER / "socle").rglob("*.py") if "__tablename__" in path.read_text()]
    return [".".join(path.relative_to(SERVER).with_suffix("").parts) for path in paths]


def _revisions() -> list[str]:
    script = ScriptDirectory.from_config(history._configuration())
    return [revision.revision for revision in script.walk_revisions()][::-1]


def test_an_empty_database_reaches_the_newest_revision(empty_engine: Engine) -> None:
    with empty_engine.begin() as connection:
        assert history.current(connection) is None
        history.upgrade(connection)
        assert history.current(connection) == history.latest()


def test_one_revision_at_a_time_leads_to_the_tables_of_the_models(empty_engine: Engine) -> None:
    for module in _modules_of_models():
        importlib.import_module(module)
    for revision in _revisions():
        with empty_engine.begin() as connection:
            history.upgrade(connection, revision)
            assert history.current(connection) == revision
    shape = _shape(empty_engine)
    shape.pop("alembic_version")
    assert {name: set(table.columns.keys()) for name, table in Base.metadata.tables.items()} == shape


def test_the_newest_revision_runs_twice_without_harm(database: Database) -> None:
    before = _shape(database.engine)
    with database.engine.begin() as connection:
        history.upgrade(connection)
    assert _shape(database.engine) == before
