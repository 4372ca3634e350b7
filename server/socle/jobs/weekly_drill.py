"""Every week, the newest set of each target is restored to a scratch place and compared."""

from datetime import time

from socle.appliance.backups import plan
from socle.appliance.backups.drill import DrillFailed, drill
from socle.appliance.backups.restore import History
from socle.appliance.backups.runs import Backups
from socle.foundation import log
from socle.foundation.clock import PARIS
from socle.foundation.errors import SocleError
from socle.foundation.toolbox import Toolbox
from socle.identity.actor import machine
from socle.jobs.nightly_backup import TargetsFailed
from socle.jobs.schedule import Daily, Job, Schedule

SUNDAY = 6


def _schedule(tools: Toolbox) -> Schedule:
    return Daily(time(4, 0), PARIS, weekday=SUNDAY)


def _run(tools: Toolbox) -> str:
    backups, history, actor = tools.of(Backups), tools.of(History), machine("scheduler")
    targets = plan.targets(backups.sources.settings, backups.sources.home)
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


JOB = Job("weekly-drill", _schedule, _run)
