"""What is looked at before a run begins, so that a night is not half done when it was bound to fail."""

from shutil import disk_usage

from socle.appliance.backups.engine import Engine, NoSpaceLeft
from socle.appliance.backups.seal import Manifest
from socle.foundation.errors import N_, SocleError
from socle.foundation.home import Home
from socle.foundation.settings import BackupTarget

SPARE_BYTES = 32 * 1024 * 1024


class TargetNotOurs(SocleError):
    """The repository opens, and holds another practice's sets."""

    code = "BACKUP-TARGET-NOT-OURS"
    message = N_("The repository at %(repository)s holds the backups of another practice (%(practice)s).")
    hint = N_("Nothing was written there. Give this practice a repository of its own.")
    kind = "conflict"


def ours(home: Home, target: BackupTarget, newest: Manifest | None) -> None:
    """Look that the newest set there is this home's: TargetNotOurs."""
    if newest is not None and newest.home != home.identity():
        raise TargetNotOurs(repository=target.shown, practice=newest.practice)


def space(home: Home, engine: Engine, *, first: bool) -> None:
    """Look that a repository on a disk has room: for everything the first time, for a little at least: NoSpaceLeft."""
    folder = engine.local_folder()
    if folder is None or not folder.is_dir():
        return
    needed = SPARE_BYTES
    if first:
        sources = (home.documents_path, home.database_path.parent)
        needed += sum(path.stat().st_size for source in sources for path in source.rglob("*") if path.is_file())
    if disk_usage(folder).free < needed:
        raise NoSpaceLeft(repository=engine.repository)
