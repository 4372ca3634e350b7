"""Every night, what sessions leave behind is thrown away: old ends, old tries, texts nobody came back for."""

from datetime import time

from socle.foundation.clock import PARIS
from socle.foundation.database import Database
from socle.foundation.toolbox import Toolbox
from socle.identity.sessions import held_forms, sessions, throttling
from socle.identity.sessions.factors import holdings, remembered, steps, totp
from socle.jobs.schedule import Daily, Job, Schedule


def _schedule(tools: Toolbox) -> Schedule:
    return Daily(time(3, 30), PARIS)


def _run(tools: Toolbox) -> str:
    with tools.of(Database).writing() as session:
        sessions.forget_old(session)
        held_forms.forget_old(session)
        steps.forget_old(session)
        totp.forget_pending(session)
        remembered.forget_old(session)
        holdings.forget_old(session)
        tries = throttling.forget_old(session)
    return f"{tries} old tries forgotten"


JOB = Job("session-upkeep", _schedule, _run)
