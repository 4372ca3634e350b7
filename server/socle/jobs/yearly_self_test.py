"""Every January, the drill is tested itself: copies damaged on purpose, each of which it must refuse."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from socle.appliance.backups.restore import History
from socle.appliance.backups.runs import Backups
from socle.appliance.backups.self_test import SelfTestFailed, self_test
from socle.foundation import log
from socle.foundation.clock import PARIS
from socle.foundation.toolbox import Toolbox
from socle.identity.actor import machine
from socle.jobs.schedule import Job, Schedule

SUNDAY = 6


@dataclass(frozen=True)
class FirstSundayOfTheYear:
    """Once a year, in the night of January's first Sunday, Paris time."""

    at: time = time(5, 0)

    def last_due(self, now: datetime) -> datetime:
        """Return the latest due moment at or before `now`."""
        year = now.astimezone(PARIS).year
        return max(due for due in (self._of(year), self._of(year - 1)) if due <= now)

    def _of(self, year: int) -> datetime:
        first = datetime.combine(datetime(year, 1, 1, tzinfo=PARIS), self.at, PARIS)
        return (first + timedelta(days=(SUNDAY - first.weekday()) % 7)).astimezone(UTC)


def _schedule(tools: Toolbox) -> Schedule:
    return FirstSundayOfTheYear()


def _run(tools: Toolbox) -> str:
    try:
        done = self_test(tools.of(Backups), tools.of(History), machine("scheduler"))
    except SelfTestFailed as error:  # an answer, not an accident: the state is red, and asking again changes nothing
        log.error("self_test_failed", cause=error, code=error.code)
        return "a damaged copy passed"
    return f"{len(done.report.checks) - 1} faults planted and refused"


JOB = Job("yearly-self-test", _schedule, _run)
