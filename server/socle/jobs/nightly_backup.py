"""Every night, each target gets a sealed set and is verified; one that fails never stops the next."""

from datetime import time

from socle.appliance.backups import plan, runs
from socle.appliance.backups.runs import Backups
from socle.foundation import log
from socle.foundation.clock import PARIS
from socle.foundation.errors import N_, SocleError
from socle.foundation.settings import Settings
from socle.foundation.toolbox import Toolbox
from socle.identity.actor import machine
from socle.jobs.schedule import Daily, Job, Schedule


class TargetsFailed(SocleError):
    """Some targets have no good backup of tonight."""

    code = "BACKUP-TARGETS-FAILED"
    message = N_("These backup targets failed: %(targets)s.")
    hint = N_("The backups page says what happened to each, and what to do.")
    kind = "broken"


def _schedule(tools: Toolbox) -> Schedule:
    settings = tools.of(Settings)
    return Daily(time.fromisoformat(settings.backup.at), PARIS)


def _run(tools: Toolbox) -> str:
    backups, actor = tools.of(Backups), machine("scheduler")
    targets = plan.targets(backups.sources.settings, backups.sources.home)
    failed = []
    for target in targets:
        try:
            runs.back_up(backups, target, actor)
            runs.verify(backups, target, actor)
        except SocleError as error:
            log.error("backup_failed", cause=error, target=target.name, code=error.code)
            failed.append(target.name)
    if failed:
        raise TargetsFailed(targets=", ".join(failed))
    return f"{len(targets)} sealed and verified"


JOB = Job("nightly-backup", _schedule, _run)
