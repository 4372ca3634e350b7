"""A practice in a home folder of its own, with a real restic repository beside it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

from tests.builders import agenda
from tests.parts import borg, restic
from tests.parts.backup_targets import Target

from socle.appliance.backups import runs
from socle.appliance.backups.dataset import Sources
from socle.appliance.backups.engine import Access, Engine
from socle.appliance.backups.engines.borg import Borg
from socle.appliance.backups.engines.restic import Restic
from socle.appliance.backups.runs import Backups
from socle.foundation import home as homes
from socle.foundation.clock import SettableClock
from socle.foundation.database import Database
from socle.foundation.home import Home
from socle.foundation.secrets import BACKUP_SSH_KEY, Keys, target_secret
from socle.foundation.settings import BackupSettings, BackupTarget, Settings
from socle.identity.actor import machine
from socle.identity.people.directories.embedded import EmbeddedDirectory
from socle.practice.documents.storage import Storage

ACTOR = machine("tests")
MOMENT = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
SETTINGS_TEXT = '[practice]\nname = "Cabinet des Tilleuls"\n'


@dataclass(frozen=True)
class RealRestic:
    """Makes engines on the restic and the borg of this machine."""

    program: str

    def open(self, target: BackupTarget, access: Access) -> Engine:
        """Return the engine."""
        if target.engine == "borg":
            return Borg(target.repository, access, borg.program())
        return Restic(target.repository, access, self.program)


@dataclass(frozen=True)
class Place:
    """A home with data, its repository, and the clock that rules it."""

    home: Home
    database: Database
    backups: Backups
    target: BackupTarget
    clock: SettableClock

    @property
    def repository(self) -> Path:
        """The repository's folder."""
        return Path(self.target.repository)

    def engine(self) -> Engine:
        """Open the repository."""
        return self.backups.engine(self.target)

    def later(self, **step: int) -> None:
        """Let time pass."""
        self.clock.advance(timedelta(**step))


def target_at(place: Place, made: Target, **more: Any) -> BackupTarget:
    """Return the settings of a target at a real place, and give the home the keys that sign in there."""
    if made.access.ssh_key_file is not None:
        place.home.keys.write(BACKUP_SSH_KEY, made.access.ssh_key_file.read_bytes())
    if made.access.secret:
        place.home.keys.write(target_secret("offsite"), made.access.secret.encode())
    return BackupTarget(
        name="offsite",
        repository=made.address("cabinet"),
        engine=made.kind,
        username=made.access.username,
        host_key=made.access.host_key,
        certificate_file=made.access.certificate_file,
        append_only=made.adds_only,
        **more,
    )


def make(
    folder: Path, database: Database, clock: SettableClock, database_key: bytes, audit_key: bytes, documents: int = 5
) -> Place:
    """Fill the database with a small practice and make its home, documents and repository."""
    keys = Keys(folder / "keys")
    keys.write("database", database_key)
    keys.write("audit", audit_key)
    home = homes.create(folder / "home", folder / "keys")
    home.settings_path.write_text(SETTINGS_TEXT)
    storage = Storage(home.documents_path, keys.read("documents"))
    for number in range(documents):
        storage.keep(BytesIO(f"lettre {number} ".encode() * 400))
    with database.writing() as session:
        agenda.fill_day(session, agenda.practice(session))
    target = BackupTarget(name="disk", repository=str(folder / "disk" / "restic"))
    settings = Settings(backup=BackupSettings(targets=(target,)))
    sources = Sources(home, database, EmbeddedDirectory(database), settings, clock)
    backups = Backups(sources, RealRestic(restic.program()))
    runs.prepare(backups, target)
    return Place(home, database, backups, target, clock)
