"""Every five minutes, Pro Santé Connect's tokens of live sessions are renewed, and those of ended ones given back."""

from datetime import timedelta

from socle.foundation.database import Database, now
from socle.foundation.errors import SocleError
from socle.foundation.secrets import Keys
from socle.foundation.toolbox import Toolbox
from socle.identity.sessions.factors import pro_sante_tokens
from socle.identity.sessions.factors.pro_sante_connect import ProSanteConnect, PscUnreachable
from socle.jobs.schedule import Every, Job, Schedule

STALE = timedelta(minutes=15)
"""Pro Santé Connect takes a refresh token for 30 minutes."""


def _schedule(tools: Toolbox) -> Schedule:
    return Every(timedelta(minutes=5))


def _run(tools: Toolbox) -> str:
    link = tools.of(ProSanteConnect)
    if not link.configured:
        return "not set up"
    database, key = tools.of(Database), tools.of(Keys).read("forms")
    with database.reading() as session:
        due = pro_sante_tokens.due(session, key, now(session) - STALE)
        over = pro_sante_tokens.of_ended_sessions(session, key)
    if (due or over) and not link.is_up():
        return "out of reach"  # Socle's own sessions go on without
    renewed = 0
    for number, tokens in due:
        try:
            fresh = link.renew(tokens)
        except PscUnreachable:
            break
        except SocleError:
            with database.writing() as session:
                pro_sante_tokens.forget(session, number)  # its session there is over
            continue
        with database.writing() as session:
            pro_sante_tokens.keep(session, key, number, fresh)
        renewed += 1
    for number, tokens in over:
        link.end(tokens)
        with database.writing() as session:
            pro_sante_tokens.forget(session, number)
    return f"{renewed} renewed, {len(over)} given back"


JOB = Job("pro-sante-tokens", _schedule, _run)
