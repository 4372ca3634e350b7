"""Four times a day, how full the disk is and how large the database are noted, for the maintainer's charts."""

from datetime import timedelta

from socle.appliance.supervision import disk_measures
from socle.foundation.database import Database
from socle.foundation.home import Home
from socle.foundation.toolbox import Toolbox
from socle.jobs.schedule import Every, Job, Schedule


def _schedule(tools: Toolbox) -> Schedule:
    return Every(timedelta(hours=6))


def _run(tools: Toolbox) -> str:
    with tools.of(Database).writing() as session:
        disk_measures.take(session, tools.of(Home).folder)
    return "measured"


JOB = Job("disk-measure", _schedule, _run)
