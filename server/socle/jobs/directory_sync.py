"""Four times an hour, accounts are compared with the directory: leavers cannot go on, who came back can."""

from datetime import timedelta

from socle.foundation import log
from socle.foundation.clock import Clock
from socle.foundation.database import Database
from socle.foundation.errors import SocleError
from socle.foundation.toolbox import Toolbox
from socle.identity.actor import machine
from socle.identity.people import leavers
from socle.identity.people.directory import Capability, Directory, DirectoryUnreachable
from socle.identity.sessions import leaving, workstations
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
    return (
        f"{compared.listed} listed, {len(compared.closed)} closed, {len(compared.held)} held back{_workstations(tools)}"
    )


def _workstations(tools: Toolbox) -> str:
    directory = tools.of(Directory)
    if Capability.WORKSTATIONS not in directory.capabilities:
        return ""
    with tools.of(Database).reading() as session:
        in_use = [one.name for one in workstations.listed(session) if one.enrolled_at and one.revoked_at is None]
    try:
        return f", {directory.keep_workstations(in_use)} changes of workstations"
    except SocleError as error:  # people matter more than their machines
        log.warning("directory_workstations_not_kept", code=error.code)
        return f", workstations: {error.code}"


JOB = Job("directory-sync", _schedule, _run)
"""The comparison with the directory."""
