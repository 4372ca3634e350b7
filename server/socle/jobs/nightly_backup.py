"""Every night, each target gets a sealed set and is verified; one that fails never stops the next.

Each target has its own hour and nights. What is due and has no good set since is done: so a failed target is tried
again within the hour, and a missed night is made up for when the machine is on again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from socle.appliance.backups import memory, outside, plan, runs
from socle.appliance.backups.models import Kind
from socle.appliance.backups.runs import Backups
from socle.foundation import log
from socle.foundation.database import Database
from socle.foundation.errors import N_, SocleError
from socle.foundation.home import Home
from socle.foundation.settings import BackupTarget, Settings
from socle.foundation.toolbox import Toolbox
from socle.identity.actor import machine
from socle.jobs.schedule import Job, Schedule


class TargetsFailed(SocleError):
    """Some targets have no good backup of tonight."""

    code = "BACKUP-TARGETS-FAILED"
    message = N_("These backup targets failed: %(targets)s.")
    hint = N_("The backups page says what happened to each, and what to do.")
    kind = "broken"


@dataclass(frozen=True)
class EachAtItsHour:
    """Due whenever one of the targets is."""

    settings: Settings
    targets: Sequence[BackupTarget]

    def last_due(self, now: datetime) -> datetime:
        """Return the latest moment at which a target was due."""
        return max(plan.last_due(target, self.settings.backup, now) for target in self.targets)


def _schedule(tools: Toolbox) -> Schedule:
    settings = tools.of(Settings)
    return EachAtItsHour(settings, plan.targets(settings, tools.of(Home)))


def _run(tools: Toolbox) -> str:
    backups, actor = tools.of(Backups), machine("scheduler")
    address, targets = backups.sources.settings.backup.ping_url, due(tools)
    if targets and address:
        outside.tell(address, "start")
    failed = []
    for target in targets:
        try:
            runs.back_up(backups, target, actor)
            runs.verify(backups, target, actor)
        except SocleError as error:
            log.error("backup_failed", cause=error, target=target.name, code=error.code)
            failed.append(target.name)
    if targets and address:
        outside.tell(address, "fail" if failed else "good")
    if failed:
        raise TargetsFailed(targets=", ".join(failed))
    return f"{len(targets)} sealed and verified"


def due(tools: Toolbox) -> list[BackupTarget]:
    """Return the targets without a backup, sealed and verified, since they were last due."""
    backups = tools.of(Backups)
    moment, settings = backups.sources.clock.now(), backups.sources.settings
    found = []
    with tools.of(Database).reading() as session:
        for target in plan.targets(settings, backups.sources.home):
            since = plan.last_due(target, settings.backup, moment)
            proofs = [memory.last_good(session, target.name, kind) for kind in (Kind.BACKUP, Kind.VERIFY)]
            if not all(run and run.started_at and since <= run.started_at <= moment for run in proofs):
                found.append(target)
    return found


JOB = Job("nightly-backup", _schedule, _run)
