"""Four times an hour, accounts are compared with the directory: leavers cannot go on, who came back can."""

from datetime import timedelta

from socle.foundation import log
from socle.foundation.clock import Clock
from socle.foundation.database import Database
from socle.foundation.toolbox import Toolbox
from socle.identity.actor import machine
from socle.identity.people import leavers
from socle.identity.people.directory import Directory, DirectoryUnreachable
from socle.identity.sessions import leaving
from socle.jobs.schedule import Every, Job, Schedule


def _schedule(_tools: Toolbox) -> Schedule:
    return Every(timedelta(minutes=15))


def _run(tools: Toolbox) -> str:
    began = tools.of(Clock).now()
    try:
        people = list(tools.of(Directory).people())  # with no transaction open: it may be far away
    except DirectoryUnreachable as down:
        # Nothing to fail about, above all not at night when that server may sleep: the check of the directory tells.
        log.warning("directory_not_compared", code=down.code)
        with tools.of(Database).writing() as session:
            leavers.remember(session, "unreachable")
        return f"{down.code}: nobody closed"
    with tools.of(Database).writing() as session:
        compared = leaving.compare_and_end(session, machine("scheduler"), people, began)
    return f"{compared.listed} listed, {len(compared.closed)} closed, {len(compared.held)} held back"


JOB = Job("directory-sync", _schedule, _run)
"""The comparison with the directory."""
