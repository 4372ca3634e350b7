"""Where backups go and when, how old a good one may be, and which part of the data is read again tonight."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import msgspec

from socle.foundation.clock import PARIS
from socle.foundation.errors import N_, SocleError
from socle.foundation.home import Home
from socle.foundation.settings import BackupSettings, BackupTarget, Settings, SettingsWrong

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


@dataclass(frozen=True)
class Limits:
    """How old each proof of a target may be: a backup and its verification; a drill before amber, and before red."""

    sealed: timedelta
    drilled: timedelta
    drill_overdue: timedelta


NIGHTLY = Limits(timedelta(hours=26), timedelta(days=8), timedelta(days=15))


def limits(target: BackupTarget) -> Limits:
    """Return the limits of a target: two hours more than its longest pause; a week for a drill, offsite a month."""
    nights = sorted(target.nights) or list(range(7))
    pauses = [(later - one) % 7 or 7 for one, later in zip(nights, [*nights[1:], nights[0]], strict=True)]
    sealed = timedelta(days=max(pauses), hours=2)
    if target.offsite:
        return Limits(sealed, timedelta(days=32), timedelta(days=45))
    return Limits(sealed, timedelta(days=8), timedelta(days=15))


def last_due(target: BackupTarget, settings: BackupSettings, moment: datetime) -> datetime:
    """Return when this target's nightly run was last due, at or before `moment` (UTC)."""
    at, day = time.fromisoformat(target.at or settings.at), moment.astimezone(PARIS).date()
    while True:
        due = datetime.combine(day, at, PARIS).astimezone(UTC)
        if due <= moment and (not target.nights or day.weekday() in target.nights):
            return due
        day -= timedelta(days=1)


def is_rotated(target: BackupTarget) -> bool:
    """Tell whether several disks take turns: the address is then a pattern, such as /media/*/socle."""
    return "*" in target.repository and target.repository.startswith("/")


def plugged_in(target: BackupTarget) -> BackupTarget:
    """Return a rotated target with the address of the disk that is there now; as it is when none is."""
    if not is_rotated(target):
        return target
    marks = sorted(Path("/").glob(f"{target.repository.lstrip('/')}/config"))
    return msgspec.structs.replace(target, repository=str(marks[0].parent)) if marks else target


def on_same_disk(home: Path, repository: Path) -> bool:
    """Tell whether a repository lies on the disk that also holds the data."""
    place = repository
    while not place.exists() and place != place.parent:
        place = place.parent
    return place.stat().st_dev == home.stat().st_dev
