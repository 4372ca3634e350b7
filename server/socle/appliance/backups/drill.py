"""The drill: restores the newest set to a scratch place, compares everything with the seal, and signs a dated report.

Nothing of it stays: the scratch database has the practice's own encryption, the keys stay in memory, and the report
holds counts and names of parts only.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from time import monotonic

from sqlalchemy import Engine, text

from socle.appliance.backups import dataset, reports, sets
from socle.appliance.backups.journal import Journal, alone, recorded
from socle.appliance.backups.models import Kind
from socle.appliance.backups.opening import Scratch
from socle.appliance.backups.parts import slapd
from socle.appliance.backups.parts.rows import Facts
from socle.appliance.backups.proof import Check, Report
from socle.appliance.backups.restore import (
    History,
    Restoration,
    RestoredDiffers,
    database_place,
    fingerprint,
    opened,
    write_private,
)
from socle.appliance.backups.runs import Backups
from socle.appliance.backups.seal import Manifest
from socle.foundation.database import Database, translated_errors
from socle.foundation.errors import N_, SocleError
from socle.foundation.home import Home
from socle.foundation.settings import BackupTarget
from socle.identity.actor import Actor

SCRATCH = "drill-"
DATABASE_FILE = "drill.db"


class DrillFailed(SocleError):
    """The set does not restore."""

    code = "BACKUP-DRILL-FAILED"
    message = N_("The restoration drill failed: this backup would not bring the practice back whole.")
    hint = N_("Read the report %(report)s, run a new backup today, then a new drill. Keep every other copy meanwhile.")
    kind = "broken"


@dataclass(frozen=True)
class Drilled:
    """A finished drill and the file of its report."""

    report: Report
    file: Path


def drill(backups: Backups, target: BackupTarget, history: History, actor: Actor, asked: int | None = None) -> Drilled:
    """Prove that a target's newest set restores; DrillFailed (with its report written), or why it could not begin."""
    sources = backups.sources
    with (
        alone(sources.home, target.name),
        recorded(sources.database, actor, target.name, Kind.DRILL, asked) as journal,
    ):
        journal.step("open")
        engine = backups.engine(target)
        engine.version()
        manifest = sets.newest(engine, sets.stored_sets(engine.snapshots()), sources.clock.now(), journal.cancel)
        if manifest is None:
            raise sets.SetMissing(wanted="newest", repository=target.shown)
        journal.set_id = manifest.set_id
        started, moment = monotonic(), sources.clock.now()
        with scratch_folder(sources.home.folder, target.name) as folder:
            checks = prove(backups, Restoration(engine, manifest, history, journal.cancel), journal, folder)
        report = Report(
            target=target.name,
            repository=target.shown,
            practice=manifest.practice,
            home=manifest.home,
            set_id=manifest.set_id,
            sealed_at=manifest.sealed_at.isoformat(timespec="seconds"),
            drilled_at=moment.isoformat(timespec="seconds"),
            passed=all(check.passed for check in checks),
            seconds=round(monotonic() - started, 1),
            engine=engine.version(),
            checks=checks,
            database=manifest.database.kind,
            revision=manifest.database.revision,
            rows=sum(table.rows for table in manifest.database.tables.values()),
            documents=len(manifest.documents),
            versions={"socle": version("socle-clinic")},
            sealed_with=manifest.versions,
        )
        file = written(sources.home, report, journal)
        if not report.passed:
            raise DrillFailed(report=file)
        return Drilled(report, file)


def written(home: Home, report: Report, journal: Journal) -> Path:
    """Write and sign a report, and have the run remember it; return the file."""
    journal.step("report")
    file, refusal = reports.write(home, report)
    if refusal is not None:
        journal.step("report", refusal.code)
    journal.report = dict(reports.summary(report, file))
    return file


def prove(
    backups: Backups,
    restoration: Restoration,
    journal: dataset.Journal,
    folder: Path,
    *,
    until_refused: bool = False,
) -> list[Check]:
    """Restore a set into an empty scratch folder and compare everything.

    A check that fails does not stop the next, unless `until_refused`.
    """
    drilling = _Drill(backups, restoration, journal, folder, until_refused)
    with suppress(_Refused):
        drilling.run()
    return drilling.checks


class _Refused(Exception):
    """Enough was seen."""


class _Drill:
    def __init__(
        self,
        backups: Backups,
        restoration: Restoration,
        journal: dataset.Journal,
        folder: Path,
        until_refused: bool,
    ) -> None:
        self.backups, self.restoration, self.journal, self.folder = backups, restoration, journal, folder
        self.until_refused = until_refused
        self.checks: list[Check] = []
        self.secrets: dict[str, bytes] = {}
        self.upgraded: Facts | None = None

    def run(self) -> None:
        manifest = self.restoration.manifest
        self._check(dataset.KEYS, self._keys)
        self._check(dataset.SETTINGS, self._settings)
        self._check(dataset.DIRECTORY, self._directory)
        self._check(dataset.DOCUMENTS, lambda: self.restoration.documents(self.folder))
        if self.secrets:
            self._database(manifest)

    def _keys(self) -> int:
        self.secrets = self.restoration.keys()
        return len(self.secrets)

    def _settings(self) -> int:
        files = self.restoration.settings()
        for name, content in files.items():
            write_private(self.folder / name, content)
        return len(files)

    def _directory(self) -> int:
        """Count the entries; those of a slapd are loaded into a scratch one, and read back the same."""
        files, sealed = self.restoration.directory(), self.restoration.manifest.directory
        if slapd.DATA in files and (differing := slapd.differences(files, self.folder / "slapd")):
            raise RestoredDiffers(what=", ".join(differing))
        return sealed.entries

    def _database(self, manifest: Manifest) -> None:
        with (
            database_place(manifest) as given,
            opened(manifest, self.secrets, self.folder / DATABASE_FILE, given) as empty,
        ):
            whole = self._check(dataset.DATABASE, lambda: self.restoration.database(empty))
            if not whole:
                return
            database = Database(empty, self.backups.sources.clock, {"audit_key": self.secrets["audit"]})
            self._check("audit", lambda: self.restoration.trail(database))
            if self._check("upgrade", lambda: self._upgrade(empty)):
                self._check("application", lambda: self._application(empty))

    def _upgrade(self, engine: Engine) -> int:
        with engine.begin() as connection:
            self.restoration.history.upgrade(connection)
            revision = connection.scalar(text("SELECT version_num FROM alembic_version"))
        if revision != self.restoration.manifest.database.revision:
            self.upgraded = fingerprint(engine)
        return 1

    def _application(self, engine: Engine) -> int:
        """Have the application open a record, the agenda and a document; it must not have changed a row."""
        manifest, before = self.restoration.manifest, self.upgraded
        if before is None:  # it stands as it was sealed, which was compared already
            before = Facts(manifest.database, dict(manifest.audit))
        seen = self.backups.opening.look(self._scratch_home(engine), self.journal.cancel)
        if fingerprint(engine) != before:
            raise RestoredDiffers(what="application")
        return seen.pages + seen.documents

    def _scratch_home(self, engine: Engine) -> Scratch:
        if engine.dialect.name == "postgresql":
            url = engine.url.render_as_string(hide_password=False)
            return Scratch(str(self.folder), self.secrets, url=url)
        return Scratch(str(self.folder), self.secrets, file=str(self.folder / DATABASE_FILE))

    def _check(self, name: str, prove: Callable[[], int]) -> bool:
        self.journal.step(name)
        started = monotonic()
        try:
            with translated_errors():
                count = prove()
        except SocleError as error:
            if self.journal.cancel.is_set():
                raise
            what = str(error.details.get("what", ""))
            self.checks.append(Check(name, False, round(monotonic() - started, 1), 0, error.code, what))
            self.journal.step(name, error.code)
            if self.until_refused:
                raise _Refused from None
            return False
        self.checks.append(Check(name, True, round(monotonic() - started, 1), count))
        return True


@contextmanager
def scratch_folder(home: Path, target: str) -> Iterator[Path]:
    """Give a folder beside the repositories, on the home's own disk; what a killed drill left goes first."""
    place = home / "backups"
    place.mkdir(mode=0o700, exist_ok=True)
    for left in place.glob(f"{SCRATCH}{target}-*"):
        shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{SCRATCH}{target}-", dir=place))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
