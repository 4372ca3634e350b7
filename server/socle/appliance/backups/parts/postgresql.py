"""The PostgreSQL database: dumped from an exported snapshot, with fingerprints taken in that very snapshot.

`pg_dump -Fc -Z0`: uncompressed, because gzip hides from the engine what did not change (49.5 MB against 12.8 MB a
night, measured). The dump's own exit code is judged: if it fails, the feed raises, and the engine stores nothing.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from signal import SIGINT

import msgspec
from sqlalchemy import URL, Connection, Engine, text
from sqlalchemy.exc import OperationalError

from socle.appliance.backups.parts.rows import Facts
from socle.appliance.backups.seal import DatabaseSeal, TableSeal
from socle.foundation.commands import Child, Command, CommandFailed, CommandMissing, plain_environment, run, stream
from socle.foundation.engines import postgresql_engine
from socle.foundation.errors import N_, SocleError

KIND = "postgresql"
SERVER_ACCOUNT = "postgres"
START_SECONDS = 60.0
SCRATCH = "socle-drill-"
_LOCK = "lock"
_PROGRAMS = Path("/usr/lib/postgresql")
_ENVIRONMENT = {"sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT", "host": "PGHOST", "port": "PGPORT"}
# How values are written out must not depend on the server's settings: the fingerprint is over that text.
_PLAIN_WRITING = (
    "SET LOCAL DateStyle = 'ISO, YMD'",
    "SET LOCAL IntervalStyle = 'postgres'",
    "SET LOCAL TimeZone = 'UTC'",
    "SET LOCAL bytea_output = 'hex'",
    "SET LOCAL extra_float_digits = 1",
)


class DumpFailed(SocleError):
    """pg_dump or pg_restore failed."""

    code = "BACKUP-DUMP-FAILED"
    message = N_("PostgreSQL's %(program)s failed, so this database copy does not count.")
    hint = N_("Check that its version is not older than the server's, and that the server is up.")
    kind = "broken"


class DatabaseNotEmpty(SocleError):
    """A restoration would mix with what is there."""

    code = "RESTORE-DATABASE-NOT-EMPTY"
    message = N_("The database to restore into holds tables already.")
    hint = N_("Nothing was changed. Create an empty database and give its address with --database.")
    kind = "conflict"


class ClusterFailed(SocleError):
    """The throwaway server for a drill did not start."""

    code = "BACKUP-SCRATCH-SERVER-FAILED"
    message = N_("A temporary PostgreSQL server for the restoration could not be started.")
    hint = N_("Check that PostgreSQL's server package is installed and that /tmp has room.")
    kind = "unavailable"


def dump(engine: Engine, facts: Facts, cancel: threading.Event) -> Iterator[bytes]:
    """Yield pg_dump's stream; `facts` are taken in the same snapshot, before the first byte."""
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection, connection.begin():
        name = connection.scalar(text("SELECT pg_export_snapshot()"))
        seen = read_facts(connection)
        facts.database, facts.audit = seen.database, seen.audit
        words = ["--format=custom", "--compress=0", "--no-owner", "--no-privileges", f"--snapshot={name}"]
        command = Command(["pg_dump", *words], plain_environment(**_address(engine.url)), idle_seconds=900)
        try:
            yield from stream(command, cancel=cancel)
        except CommandFailed:
            raise DumpFailed(program="pg_dump") from None


def load(chunks: Iterator[bytes], engine: Engine, only: str = "") -> None:
    """Restore a dump, or one table of it, into an empty database; DatabaseNotEmpty, DumpFailed."""
    with engine.connect() as connection:
        if _table_names(connection):
            raise DatabaseNotEmpty()
    words = ["--no-owner", "--no-privileges", "--single-transaction", f"--dbname={engine.url.database}"]
    words += [f"--table={only}"] if only else []
    environment = plain_environment(**_address(engine.url))
    done = run(Command(["pg_restore", *words], environment, total_seconds=6 * 3600, idle_seconds=3600), feed=chunks)
    if done.exit_code != 0:
        raise DumpFailed(program="pg_restore")


def fingerprint(engine: Engine) -> Facts:
    """Read the whole database in one snapshot and return what a dump would say of it."""
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection, connection.begin():
        return read_facts(connection)


def read_facts(connection: Connection) -> Facts:
    """Return count and sum of every table: the sum of the first 64 bits of each row's SHA-256, whatever the order."""
    tables = {name: table_seal(connection, name) for name in _table_names(connection)}
    revision = connection.scalar(text("SELECT version_num FROM alembic_version"))
    heads = connection.execute(text("SELECT lane, sequence, digest FROM audit_lane ORDER BY lane")).all()
    seal = DatabaseSeal(KIND, str(revision), _shape(connection), tables)
    return Facts(seal, {lane: (sequence, digest) for lane, sequence, digest in heads})


@contextlib.contextmanager
def scratch_server() -> Iterator[Engine]:
    """Run a throwaway cluster on a unix socket only, and remove it at the end; yields an engine on an empty database.

    PostgreSQL refuses to run as root, so root runs it as the server's own account. Its files lie in the system's
    temporary folder, as readable as the practice's own PostgreSQL files, and only until the end of the block.
    """
    programs = _server_programs()
    sweep()
    folder = Path(tempfile.mkdtemp(prefix=SCRATCH))
    account = SERVER_ACCOUNT if os.geteuid() == 0 else None
    lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        if account:
            shutil.chown(folder, account, account)
        words = ["--username=socle", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
        made = run(
            Command([str(programs / "initdb"), f"--pgdata={folder}/data", *words], folder=Path("/"), user=account)
        )
        if made.exit_code != 0:
            raise ClusterFailed()
        settings = ("listen_addresses=", "fsync=off", "full_page_writes=off", "max_connections=20", "autovacuum=off")
        argv = [str(programs / "postgres"), "-D", f"{folder}/data", "-k", str(folder)]
        argv += [piece for setting in settings for piece in ("-c", setting)]
        with (folder / "log").open("wb") as log:
            server = Child(Command(argv, folder=Path("/"), user=account), output=log)
        try:
            engine = _connected(server, folder)
            try:
                yield engine
            finally:
                engine.dispose()
        finally:
            server.stop(SIGINT)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def sweep() -> None:
    """End the throwaway servers whose drill was killed, and remove their files: a practice's data is in them."""
    for data in Path(tempfile.gettempdir()).glob(f"{SCRATCH}*/data"):
        folder = data.parent
        with contextlib.suppress(OSError):  # not ours to open
            lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CLOEXEC)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _end_left(folder)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(lock)


def _end_left(folder: Path) -> None:
    """Stop the server that left its number in this folder, if it still is that server."""
    note = folder / "data" / "postmaster.pid"
    lines = note.read_text().splitlines() if note.exists() else []
    if len(lines) > 1 and lines[1] == f"{folder}/data":
        number = int(lines[0])
        command = Path(f"/proc/{number}/cmdline").read_bytes() if Path(f"/proc/{number}").exists() else b""
        if lines[1].encode() in command:
            os.kill(number, SIGINT)
            deadline = time.monotonic() + START_SECONDS
            while Path(f"/proc/{number}").exists() and time.monotonic() < deadline:
                time.sleep(0.1)


def table_seal(connection: Connection, name: str) -> TableSeal:
    """Return one table's count and sum, in the connection's transaction; the name is one the database gave us."""
    for statement in _PLAIN_WRITING:
        connection.execute(text(statement))
    digest = "('x' || substr(encode(sha256(convert_to(t::text, 'UTF8')), 'hex'), 1, 16))::bit(64)::bigint"
    table = connection.dialect.identifier_preparer.quote(name)
    query = f"SELECT count(*), coalesce(sum({digest}), 0) FROM {table} AS t"  # noqa: S608 - see above
    rows, total = connection.execute(text(query)).one()
    return TableSeal(rows, str(total))


def _connected(server: Child, folder: Path) -> Engine:
    engine = postgresql_engine(URL.create("postgresql", "socle", database="postgres", query={"host": str(folder)}))
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            with engine.connect():
                return engine
        except OperationalError:
            if server.exit_code is not None or time.monotonic() > deadline:
                raise ClusterFailed() from None
            time.sleep(0.1)


def _server_programs() -> Path:
    versions = sorted((path for path in _PROGRAMS.glob("*/bin") if (path / "initdb").exists()), key=_number)
    if not versions:
        raise CommandMissing(program="postgresql")
    return versions[-1]


def _number(path: Path) -> int:
    name = path.parent.name
    return int(name) if name.isdigit() else 0


def _address(url: URL) -> dict[str, str]:
    """Say where the database is in libpq's own variables: a password among the arguments could be read by anybody."""
    parts = {"PGHOST": url.host, "PGUSER": url.username, "PGPASSWORD": url.password, "PGDATABASE": url.database}
    parts |= {_ENVIRONMENT[name]: str(value) for name, value in url.query.items() if name in _ENVIRONMENT}
    if url.port:
        parts["PGPORT"] = str(url.port)
    return {name: str(value) for name, value in parts.items() if value}


def _table_names(connection: Connection) -> list[str]:
    names = connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"))
    return [name for (name,) in names]


def _shape(connection: Connection) -> str:
    columns = (
        "SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns "
        "WHERE table_schema = 'public' ORDER BY table_name, ordinal_position"
    )
    constraints = (
        "SELECT conrelid::regclass::text, conname FROM pg_constraint "
        "WHERE connamespace = 'public'::regnamespace AND contype <> 'n' ORDER BY 1, 2"
    )
    indexes = "SELECT tablename, indexname FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1, 2"
    triggers = "SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2"
    queries = (columns, constraints, indexes, triggers)
    shape = [[list(row) for row in connection.execute(text(query))] for query in queries]
    return hashlib.sha256(msgspec.json.encode(shape)).hexdigest()
