"""Every night, what browsers reported more than 90 days ago is forgotten."""

from datetime import time

from socle.appliance.supervision.browsers import check_reports, faults, known
from socle.foundation.clock import PARIS
from socle.foundation.database import Database
from socle.foundation.toolbox import Toolbox
from socle.jobs.schedule import Daily, Job, Schedule


def _schedule(tools: Toolbox) -> Schedule:
    return Daily(time(3, 35), PARIS)


def _run(tools: Toolbox) -> str:
    with tools.of(Database).writing() as session:
        check_reports.forget_old(session)
        faults.forget_old(session)
        known.forget_old(session)
    return "old reports forgotten"


JOB = Job("browser-upkeep", _schedule, _run)
