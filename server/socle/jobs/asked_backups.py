"""Runs the backups, checks and drills that somebody asked for on the maintainer's page: never in a web worker."""

from dataclasses import dataclass
from datetime import UTC, datetime

from socle.appliance.backups import asking, plan, runs
from socle.appliance.backups.drill import drill
from socle.appliance.backups.models import Kind
from socle.appliance.backups.plan import TargetUnknown
from socle.appliance.backups.pruning import prune
from socle.appliance.backups.restore import History
from socle.appliance.backups.runs import Backups
from socle.foundation import log
from socle.foundation.database import Database
from socle.foundation.errors import SocleError
from socle.foundation.toolbox import Toolbox
from socle.identity.actor import machine
from socle.jobs.schedule import Job, Schedule


@dataclass(frozen=True)
class WhenAsked:
    """Due as long as somebody waits, else never: an idle night leaves no line in the log."""

    waits: bool

    def last_due(self, now: datetime) -> datetime:
        """Return `now` while a run is asked for."""
        return now if self.waits else datetime.min.replace(tzinfo=UTC)


def _schedule(tools: Toolbox) -> Schedule:
    with tools.of(Database).reading() as session:
        return WhenAsked(bool(asking.waiting(session)))


def _run(tools: Toolbox) -> str:
    with tools.of(Database).reading() as session:
        asked = [(run.id, run.target, Kind(run.kind)) for run in asking.waiting(session)]
    for number, target, kind in asked:
        try:
            _one(tools, number, target, kind)
        except TargetUnknown as error:  # taken out of the settings since somebody asked
            log.warning("asked_backup_failed", run=number, target=target, code=error.code)
            with tools.of(Database).writing() as session:
                asking.give_up(session, machine("scheduler"), number, error.code)
        except SocleError as error:  # it is on the page already
            log.warning("asked_backup_failed", run=number, target=target, code=error.code)
    return f"{len(asked)} runs"


def _one(tools: Toolbox, number: int, name: str, kind: Kind) -> None:
    backups, actor = tools.of(Backups), machine("scheduler")
    target = plan.target_named(backups.sources.settings, backups.sources.home, name)
    if kind is Kind.BACKUP:
        runs.back_up(backups, target, actor, asked=number)
    elif kind is Kind.VERIFY:
        runs.verify(backups, target, actor, asked=number)
    elif kind is Kind.PRUNE:
        prune(backups, target, actor, asked=number)
    else:
        drill(backups, target, tools.of(History), actor, asked=number)


JOB = Job("asked-backups", _schedule, _run)
