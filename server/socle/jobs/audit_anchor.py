"""Every night, the heads of the audit trail are kept outside the database."""

from datetime import time

from socle.foundation.clock import PARIS
from socle.foundation.database import Database
from socle.foundation.home import Home
from socle.foundation.secrets import Keys
from socle.foundation.toolbox import Toolbox
from socle.identity.audit import anchors
from socle.jobs.schedule import Daily, Job, Schedule


def _schedule(tools: Toolbox) -> Schedule:
    return Daily(time(2, 0), PARIS)


def _run(tools: Toolbox) -> str:
    with tools.of(Database).reading() as session:
        anchors.write(session, tools.of(Home).folder, tools.of(Keys))
    return "anchored"


JOB = Job("audit-anchor", _schedule, _run)
