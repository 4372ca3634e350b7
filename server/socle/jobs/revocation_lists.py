"""Every six hours, the issuers' lists of revoked cards are fetched, while the Internet is there."""

from datetime import timedelta

from socle.foundation.clock import Clock
from socle.foundation.database import Database
from socle.foundation.toolbox import Toolbox
from socle.identity.sessions import workstations
from socle.identity.sessions.card_policy import CardPolicy
from socle.jobs.schedule import Every, Job, Schedule


def _schedule(tools: Toolbox) -> Schedule:
    return Every(timedelta(hours=6))


def _run(tools: Toolbox) -> str:
    with tools.of(Database).writing() as session:
        workstations.forget_old(session, tools.of(Clock).now())
    return f"{tools.of(CardPolicy).lists.refresh()} revocation lists fetched"


JOB = Job("revocation-lists", _schedule, _run)
