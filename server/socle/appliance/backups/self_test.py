"""The drill's own test: sets that are damaged on purpose, each of which it must refuse.

A check that cannot fail proves nothing. So a tiny invented practice is founded in a scratch place, stored in a real
repository by the engine in use, drilled once intact (it must pass), then damaged in one way after another. Nothing of
the practice's own data is touched or copied.
"""

import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from time import monotonic
from typing import cast

from sqlalchemy import Engine

from socle.appliance.backups import dataset, plan
from socle.appliance.backups.dataset import Sources
from socle.appliance.backups.drill import Drilled, prove, scratch_folder, written
from socle.appliance.backups.faults import FAULTS, Bench
from socle.appliance.backups.journal import Journal, alone, recorded
from socle.appliance.backups.models import Kind
from socle.appliance.backups.opening import Scratch
from socle.appliance.backups.parts import postgresql
from socle.appliance.backups.proof import SELF_TEST, Check, Report
from socle.appliance.backups.restore import History, Restoration
from socle.appliance.backups.runs import Backups
from socle.appliance.backups.seal import Manifest
from socle.foundation import home as homes
from socle.foundation.database import Database
from socle.foundation.engines import embedded_engine
from socle.foundation.errors import N_, SocleError
from socle.foundation.home import Home
from socle.foundation.settings import BackupTarget, Settings
from socle.identity.actor import Actor
from socle.identity.people.directory import Directory

TARGET = SELF_TEST
INTACT = "intact"
Faults = Mapping[str, Callable[[Bench], Manifest]]


class SelfTestFailed(SocleError):
    """The drill let a damaged copy pass, or refused a good one."""

    code = "BACKUP-SELF-TEST-FAILED"
    message = N_("The restoration drill failed its own test: it cannot be trusted to notice a damaged backup.")
    hint = N_("Read the report %(report)s and give it to the person who maintains Socle. Keep every copy meanwhile.")
    kind = "broken"


@dataclass
class _Quiet:
    """Hears the many steps of many drills; the self-test's own journal tells the faults only."""

    cancel: threading.Event
    added: int = 0

    def step(self, name: str, text: str = "") -> None:
        """Say nothing."""

    def progress(self, done: int, total: int | None) -> None:
        """Say nothing."""


@dataclass(frozen=True)
class _Nobody:
    """The directory of the invented practice."""

    kind: str = "embedded"
    capabilities: frozenset[str] = field(default_factory=frozenset)

    def export_ldif(self) -> Iterator[bytes]:
        """Yield one entry."""
        yield b"dn: uid=essai\n\n"


def self_test(
    backups: Backups, history: History, actor: Actor, asked: int | None = None, faults: Faults = FAULTS
) -> Drilled:
    """Damage a copy in every way we know and have each drilled; SelfTestFailed (with its report) if one passes."""
    sources = backups.sources
    with alone(sources.home, TARGET), recorded(sources.database, actor, TARGET, Kind.SELF_TEST, asked) as journal:
        journal.step("open")
        started, moment = monotonic(), sources.clock.now()
        with scratch_folder(sources.home.folder, TARGET) as folder, _bench(backups, history, journal, folder) as bench:
            checks = _Trial(backups, history, journal, folder, bench).run(faults)
            manifest, program = bench.manifest, bench.engine.version()
        report = Report(
            kind=SELF_TEST,
            target=TARGET,
            repository="",
            practice=sources.settings.practice.name,
            home=sources.home.identity(),
            set_id=manifest.set_id,
            sealed_at=moment.isoformat(timespec="seconds"),
            drilled_at=moment.isoformat(timespec="seconds"),
            passed=all(check.passed for check in checks),
            seconds=round(monotonic() - started, 1),
            engine=program,
            checks=checks,
            database=manifest.database.kind,
            revision=manifest.database.revision,
            versions={"socle": version("socle-clinic")},
        )
        file = written(sources.home, report, journal)
        if not report.passed:
            raise SelfTestFailed(report=file)
        return Drilled(report, file)


@dataclass(frozen=True)
class _Trial:
    backups: Backups
    history: History
    journal: Journal
    folder: Path
    bench: Bench

    def run(self, faults: Faults) -> list[Check]:
        checks = [self._intact()]
        for name, plant in faults.items():
            self.journal.step(name)
            started = monotonic()
            code = self._refusal(plant)
            checks.append(Check(name, bool(code), round(monotonic() - started, 1), 1, code))
        return checks

    def _intact(self) -> Check:
        self.journal.step(INTACT)
        started = monotonic()
        found = self._drilled(self.bench.manifest)
        code = next((check.code for check in found if not check.passed), "")
        return Check(INTACT, not code, round(monotonic() - started, 1), len(found), code)

    def _refusal(self, plant: Callable[[Bench], Manifest]) -> str:
        """Return the code with which the drill refuses the damaged set; nothing if it lets it pass."""
        try:
            found = self._drilled(plant(self.bench))
        except SocleError as error:
            if self.journal.cancel.is_set():
                raise
            return error.code
        return next((check.code for check in found if not check.passed), "")

    def _drilled(self, manifest: Manifest) -> list[Check]:
        restoration = Restoration(self.bench.engine, manifest, self.history, self.journal.cancel)
        with scratch_folder(self.folder, TARGET) as place:
            return prove(self.backups, restoration, self.bench.journal, place, until_refused=True)


@contextmanager
def _bench(backups: Backups, history: History, journal: Journal, folder: Path) -> Iterator[Bench]:
    """Found a practice, make a repository for it with the engine in use, and store one sealed set."""
    known = backups.sources
    home = homes.create(folder / "home", folder / "keys")
    home.settings_path.write_text('[practice]\nname = "Essai"\n')
    uses = plan.targets(known.settings, known.home)[0].engine
    target = BackupTarget(name=TARGET, repository=str(folder / "repository"), engine=uses)
    quiet = _Quiet(journal.cancel)
    with _database(known.database.engine, home) as engine:
        with engine.begin() as connection:
            history.upgrade(connection)
        backups.opening.found(_scratch(home, engine), journal.cancel)
        database = Database(engine, known.clock, {"audit_key": home.keys.read("audit")})
        sources = Sources(home, database, cast("Directory", _Nobody()), Settings(), known.clock)
        repository = Backups(sources, backups.engines).engine(target)
        repository.create()
        manifest = dataset.store(sources, repository, str(uuid.uuid4()), None, quiet)
        yield Bench(home, engine, repository, manifest, folder, quiet)


@contextmanager
def _database(like: Engine, home: Home) -> Iterator[Engine]:
    if like.dialect.name == "postgresql":
        with postgresql.scratch_server() as engine:
            yield engine
        return
    engine = embedded_engine(home.database_path, home.keys.read("database"))
    try:
        yield engine
    finally:
        engine.dispose()


def _scratch(home: Home, engine: Engine) -> Scratch:
    keys = {name: home.keys.read(name) for name in home.keys.names()}
    if engine.dialect.name == "postgresql":
        return Scratch(str(home.folder), keys, url=engine.url.render_as_string(hide_password=False))
    return Scratch(str(home.folder), keys, file=str(home.database_path))
