"""Every week, sets that the keeping rule lets go are removed where this machine may; elsewhere a person decides."""

from datetime import time

from socle.appliance.backups import plan
from socle.appliance.backups.pruning import prune
from socle.appliance.backups.runs import Backups
from socle.foundation import log
from socle.foundation.clock import PARIS
from socle.foundation.errors import SocleError
from socle.foundation.toolbox import Toolbox
from socle.identity.actor import machine
from socle.jobs.schedule import Daily, Job, Schedule

SATURDAY = 5


def _schedule(tools: Toolbox) -> Schedule:
    return Daily(time(4, 30), PARIS, weekday=SATURDAY)


def _run(tools: Toolbox) -> str:
    backups, removed = tools.of(Backups), 0
    for target in plan.targets(backups.sources.settings, backups.sources.home):
        if target.append_only:
            continue
        try:
            removed += len(prune(backups, target, machine("scheduler")).gone)
        except SocleError as error:  # nothing is lost by waiting a week: the run and its reason are on the page
            log.warning("pruning_waits", target=target.name, code=error.code)
    return f"{removed} sets removed"


JOB = Job("weekly-pruning", _schedule, _run)
