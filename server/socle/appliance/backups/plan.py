"""Where backups go, and which part of the data is read again tonight."""

from datetime import datetime
from pathlib import Path

from socle.foundation.clock import PARIS
from socle.foundation.errors import N_, SocleError
from socle.foundation.home import Home
from socle.foundation.settings import BackupTarget, Settings, SettingsWrong

DEFAULT_TARGET = "local"
NIGHTS = 30
"""In as many nights every stored byte has been read once (by turns, not at random: random never covers everything)."""


class TargetUnknown(SocleError):
    """No target has that name."""

    code = "BACKUP-TARGET-UNKNOWN"
    message = N_("There is no backup target called “%(target)s”.")
    hint = N_("The targets are: %(known)s.")
    kind = "missing"


def targets(settings: Settings, home: Home) -> tuple[BackupTarget, ...]:
    """Return the targets of the settings, or the default one in the home folder; SettingsWrong for one name twice."""
    named = settings.backup.targets
    if len({target.name for target in named}) < len(named):
        raise SettingsWrong(file=home.settings_path, key="backup.targets.name", reason="the same name twice")
    return named or (BackupTarget(name=DEFAULT_TARGET, repository=str(home.backups_path)),)


def target_named(settings: Settings, home: Home, name: str) -> BackupTarget:
    """Return the target of that name; TargetUnknown."""
    known = {target.name: target for target in targets(settings, home)}
    if name not in known:
        raise TargetUnknown(target=name, known=", ".join(known))
    return known[name]


def chosen(settings: Settings, home: Home, name: str | None) -> tuple[BackupTarget, ...]:
    """Return the target of that name, or all of them when none is named; TargetUnknown."""
    return targets(settings, home) if name is None else (target_named(settings, home, name),)


def tonights_part(moment: datetime) -> int:
    """Return which of the NIGHTS parts is read on that night (1-based)."""
    return moment.astimezone(PARIS).toordinal() % NIGHTS + 1


def on_same_disk(home: Path, repository: Path) -> bool:
    """Tell whether a repository lies on the disk that also holds the data."""
    place = repository
    while not place.exists() and place != place.parent:
        place = place.parent
    return place.stat().st_dev == home.stat().st_dev
