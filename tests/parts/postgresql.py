"""A private PostgreSQL: its own cluster in a temporary folder, on a unix socket, ended with the tests."""

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from tests.parts import required

VERSIONS = ("17", "16", "15")
SERVER_ACCOUNT = "postgres"
OWNER = "socle"
"""The role that owns every database: as in a practice it is no superuser, but may make roles."""
START_SECONDS = 60
SETTINGS = {"listen_addresses": "", "max_connections": "200", "timezone": "UTC"}
# Nobody mourns a test's data: what protects them from a power cut is switched off.
HASTE = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "64MB",
    "autovacuum": "off",
}


@dataclass(frozen=True)
class Cluster:
    """A running cluster."""

    folder: Path
    process: "subprocess.Popen[bytes]"

    def url(self, database: str, role: str = OWNER) -> str:
        """Return the address of a database, as `database.url` takes it."""
        return f"postgresql://{role}@/{database}?host={self.folder}"

    def execute(self, statement: str) -> None:
        """Run one statement as the superuser, outside a transaction."""
        with psycopg.connect(
            host=str(self.folder), user=SERVER_ACCOUNT, dbname="postgres", autocommit=True
        ) as connection:
            connection.execute(statement.encode())

    def create(self, template: str = "template0") -> str:
        """Make a database, empty or a copy of `template`; return its name."""
        name = f"practice_{secrets.token_hex(6)}"
        self.execute(f"CREATE DATABASE {name} OWNER {OWNER} TEMPLATE {template} ENCODING 'UTF8'")
        return name

    def drop(self, name: str) -> None:
        """Remove a database, whoever is still connected."""
        self.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def binaries() -> Path:
    """Return the folder of the newest supported PostgreSQL's programs."""
    for version in VERSIONS:
        folder = Path("/usr/lib/postgresql") / version / "bin"
        if (folder / "initdb").exists():
            return folder
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else required.absent("PostgreSQL", "postgresql")


def _as_server(*words: str) -> list[str]:
    """Run as the server's own account when we are root (PostgreSQL refuses root), and die with the tests."""
    account = [f"--reuid={SERVER_ACCOUNT}", f"--regid={SERVER_ACCOUNT}", "--init-groups"] if os.geteuid() == 0 else []
    return ["setpriv", *account, "--pdeathsig", "INT", *words]


def _make(programs: Path, folder: Path) -> None:
    folder.chmod(0o755)
    if os.geteuid() == 0:
        shutil.chown(folder, SERVER_ACCOUNT, SERVER_ACCOUNT)
    words = ["--username", SERVER_ACCOUNT, "--auth", "trust", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync"]
    subprocess.run(
        _as_server(str(programs / "initdb"), "--pgdata", str(folder / "data"), *words),
        check=True,
        stdout=subprocess.DEVNULL,
        cwd="/",
    )


def _wait(cluster: Cluster) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            return cluster.execute("SELECT 1")
        except psycopg.OperationalError as error:
            if cluster.process.poll() is not None or time.monotonic() > deadline:
                log = (cluster.folder / "log").read_text()
                raise RuntimeError(f"PostgreSQL did not start: {log}") from error
            time.sleep(0.05)


@contextmanager
def running() -> Iterator[Cluster]:
    """Make a cluster, start it, and at the end stop it and remove it."""
    # Not under pytest's own folder: that one is closed to the server's account, and socket paths must be short.
    folder = Path(tempfile.mkdtemp(prefix="socle-pg-", dir="/tmp"))
    try:
        with kept(folder, HASTE) as cluster:
            yield cluster
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def kept(folder: Path, settings: Mapping[str, str]) -> Iterator[Cluster]:
    """Start the cluster of a folder, making it at the first time; at the end stop it and keep the folder."""
    programs = binaries()
    made = not (folder / "data").exists()
    if made:
        _make(programs, folder)
    words = [f"--{name}={value}" for name, value in {**SETTINGS, **settings}.items()]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            _as_server(str(programs / "postgres"), "-D", str(folder / "data"), "-k", str(folder), *words),
            stdout=log,
            stderr=log,
            cwd="/",
        )
    cluster = Cluster(folder, process)
    try:
        _wait(cluster)
        if made:
            cluster.execute(f"CREATE ROLE {OWNER} LOGIN CREATEROLE")
        yield cluster
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(START_SECONDS)
