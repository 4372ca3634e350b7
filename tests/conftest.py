"""What every test may ask for: both databases, a clock that obeys, an actor, a browser."""

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import hypothesis
import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import Engine
from tests.parts import chromium, postgresql, restic_keys

from socle.appliance.backups.engines.restic import Restic
from socle.foundation.clock import SettableClock
from socle.foundation.database import Database, now
from socle.foundation.engines import embedded_engine, postgresql_engine
from socle.identity.actor import Actor, Role
from socle.identity.people.models import Account
from socle.migrations import history

expect.set_options(timeout=20_000)  # pages are awaited, not timed: a loaded machine takes its time
hypothesis.settings.register_profile("socle", deadline=None)  # nor are examples: a busy disk is no wrong answer
if hypothesis.settings.get_current_profile_name() == "default":
    hypothesis.settings.load_profile("socle")
DATABASES = ["sqlcipher", pytest.param("postgresql", marks=pytest.mark.real)]
FIGURE = "figure"
"""A property that a test records for the log: what it measured or counted."""
DATABASE_KEY = bytes(range(32))
AUDIT_KEY = bytes(range(32, 64))
MONDAY_MORNING = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
"""Monday 23 November 2026, 9 o'clock in Paris."""


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Refuse a test whose xdist group does not stay on one worker, as with pytest 9.2 and pytest-xdist 3.8."""
    grouped = item.config.getoption("loadgroup", default=False) and item.get_closest_marker("xdist_group")
    if grouped and "@" not in item.nodeid:
        pytest.fail("pytest-xdist forgets its groups: see pytest in pyproject.toml", pytrace=False)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name what is long, or bytes, by its size: a file that carries its hour would be another test for each worker."""
    return f"{argname}-{len(val)}" if isinstance(val, bytes) or (isinstance(val, str) and len(val) > 60) else None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Write the figures that tests recorded, whichever worker ran them."""
    reports = [one for one in terminalreporter.stats.get("passed", []) if one.when == "call"]
    figures = [f"{one.nodeid}: {value}" for one in reports for name, value in one.user_properties if name == FIGURE]
    if figures:
        terminalreporter.section("figures")
    for figure in figures:
        terminalreporter.write_line(figure)


@pytest.fixture(scope="session", autouse=True)
def _restic_that_opens_quickly() -> Iterator[None]:
    """Make the key of every repository that a test creates cheap to derive."""
    create = Restic.create

    def created(engine: Restic) -> str:
        number = create(engine)
        restic_keys.make_cheap(engine)
        return number

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Restic, "create", created)
        yield


@pytest.fixture
def clock() -> SettableClock:
    """A clock standing at Monday 23 November 2026, 9 h in Paris."""
    return SettableClock(MONDAY_MORNING)


@pytest.fixture
def actor(request: pytest.FixtureRequest) -> Actor:
    """A secretary at the reception's workstation; has an account in the test's database, if there is one."""
    return _person(request, "Claire Roussel", Role.SECRETARY, "accueil")


@pytest.fixture
def practitioner(request: pytest.FixtureRequest) -> Actor:
    """A practitioner in the first treatment room; has an account in the test's database, if there is one."""
    return _person(request, "Paul Lemoine", Role.PRACTITIONER, "box-1")


def _person(request: pytest.FixtureRequest, name: str, role: Role, workstation: str) -> Actor:
    number = 1 if role is Role.SECRETARY else 2
    if "database" in request.fixturenames:
        database: Database = request.getfixturevalue("database")
        with database.writing() as session:
            account = Account(
                username=name.lower().replace(" ", "."), display_name=name, roles=[role], created_at=now(session)
            )
            session.add(account)
            session.flush()
            number = account.id
    return Actor(account_id=number, name=name, roles=frozenset({role}), workstation=workstation)


@pytest.fixture(scope="session")
def postgresql_cluster() -> Iterator[postgresql.Cluster]:
    """A private PostgreSQL for the whole run (one for each worker)."""
    with postgresql.running() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def postgresql_template(postgresql_cluster: postgresql.Cluster) -> str:
    """Name a database at the newest revision, to copy."""
    name = postgresql_cluster.create()
    engine = postgresql_engine(postgresql_cluster.url(name))
    _migrate(engine)
    return name


@pytest.fixture
def postgresql_url(postgresql_cluster: postgresql.Cluster, postgresql_template: str) -> Iterator[str]:
    """The address of a fresh PostgreSQL database at the newest revision."""
    name = postgresql_cluster.create(postgresql_template)
    yield postgresql_cluster.url(name)
    postgresql_cluster.drop(name)


@pytest.fixture(scope="session")
def sqlcipher_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An embedded database at the newest revision, to copy."""
    path = tmp_path_factory.mktemp("template") / "practice.db"
    engine = embedded_engine(path, DATABASE_KEY)
    _migrate(engine)
    return path


def _migrate(engine: Engine) -> None:
    with engine.begin() as connection:
        history.upgrade(connection)
    engine.dispose()  # the last connection's close leaves one whole file, and a database nobody uses


@pytest.fixture(params=DATABASES)
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A fresh database at the newest revision, on each of the two engines in turn."""
    if request.param == "postgresql":
        opened = postgresql_engine(request.getfixturevalue("postgresql_url"))
    else:
        path = tmp_path / "practice.db"
        shutil.copyfile(request.getfixturevalue("sqlcipher_template"), path)
        opened = embedded_engine(path, DATABASE_KEY)
    yield opened
    opened.dispose()


@pytest.fixture(params=DATABASES)
def empty_engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database without any table, on each of the two engines in turn: for tests of the history itself."""
    if request.param == "postgresql":
        cluster: postgresql.Cluster = request.getfixturevalue("postgresql_cluster")
        name = cluster.create()
        opened = postgresql_engine(cluster.url(name))
        yield opened
        opened.dispose()
        cluster.drop(name)
    else:
        opened = embedded_engine(tmp_path / "empty.db", DATABASE_KEY)
        yield opened
        opened.dispose()


@pytest.fixture
def database(engine: Engine, clock: SettableClock) -> Database:
    """A fresh practice database, on each of the two engines in turn, with the test's clock and an audit key."""
    return Database(engine, clock, {"audit_key": AUDIT_KEY})


@pytest.fixture
def open_database(clock: SettableClock) -> Iterator[Callable[[str], Database]]:
    """Open the PostgreSQL database at an address, with the test's clock and audit key."""
    opened: list[Database] = []

    def open_one(url: str) -> Database:
        opened.append(Database(postgresql_engine(url), clock, {"audit_key": AUDIT_KEY}))
        return opened[-1]

    yield open_one
    for database in opened:
        database.engine.dispose()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The real Chromium for the whole run."""
    with chromium.running() as running:
        yield running


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open pages, each in a new empty profile of the given size (the test server's certificate is its own)."""
    contexts = []

    def open_one(size: tuple[int, int] = chromium.DESKTOP, **options: object) -> Page:
        viewport = {"width": size[0], "height": size[1]}
        arguments = {"viewport": viewport, "locale": "fr-FR", "timezone_id": "Europe/Paris"}
        context = browser.new_context(ignore_https_errors=True, **{**arguments, **options})  # type: ignore[arg-type]
        contexts.append(context)
        return context.new_page()

    yield open_one
    for context in contexts:
        context.close()


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    """One page of desktop size."""
    return open_page()
