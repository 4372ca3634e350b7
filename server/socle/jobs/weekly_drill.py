"""Every week, the newest set of each target is restored to a scratch place and compared; every month, offsite."""

from datetime import time, timedelta

from socle.appliance.backups import memory, plan
from socle.appliance.backups.drill import DrillFailed, drill
from socle.appliance.backups.models import Kind
from socle.appliance.backups.restore import History
from socle.appliance.backups.runs import Backups
from socle.foundation import log
from socle.foundation.clock import PARIS
from socle.foundation.database import Database
from socle.foundation.errors import SocleError
from socle.foundation.settings import BackupTarget
from socle.foundation.toolbox import Toolbox
from socle.identity.actor import machine
from socle.jobs.nightly_backup import TargetsFailed
from socle.jobs.schedule import Daily, Job, Schedule

SUNDAY = 6
OFFSITE_EVERY = timedelta(days=27)


def _schedule(tools: Toolbox) -> Schedule:
    return Daily(time(4, 0), PARIS, weekday=SUNDAY)


def _run(tools: Toolbox) -> str:
    backups, history, actor = tools.of(Backups), tools.of(History), machine("scheduler")
    targets = due(tools)
    failed, refuted = [], 0
    for target in targets:
        try:
            drill(backups, target, history, actor)
        except DrillFailed as error:  # an answer, not an accident: the state is red, and asking again changes nothing
            log.error("drill_failed", cause=error, target=target.name, code=error.code)
            refuted += 1
        except SocleError as error:
            log.error("drill_failed", cause=error, target=target.name, code=error.code)
            failed.append(target.name)
    if failed:
        raise TargetsFailed(targets=", ".join(failed))
    return f"{len(targets) - refuted} of {len(targets)} restored and compared"


def due(tools: Toolbox) -> list[BackupTarget]:
    """Return the targets in the house, and those offsite of which nothing was proven for four weeks."""
    backups = tools.of(Backups)
    targets = plan.targets(backups.sources.settings, backups.sources.home)
    before = backups.sources.clock.now() - OFFSITE_EVERY
    with tools.of(Database).reading() as session:
        proven = {target.name: memory.last_good(session, target.name, Kind.DRILL) for target in targets}
    return [
        target
        for target in targets
        if not target.offsite or not (run := proven[target.name]) or not run.ended_at or run.ended_at < before
    ]


JOB = Job("weekly-drill", _schedule, _run)
