"""When jobs are due, and running what is due: also what fell into the time the machine was off."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from socle.appliance.supervision import job_runs
from socle.foundation import log
from socle.foundation.clock import Clock
from socle.foundation.database import Database
from socle.foundation.errors import SocleError
from socle.foundation.toolbox import Toolbox

RETRY_AFTER = timedelta(hours=1)
"""How long after a failed run the same due run is tried again."""


class Schedule(Protocol):
    """Says when a job was last due."""

    def last_due(self, now: datetime) -> datetime:
        """Return the latest due moment at or before `now` (aware)."""
        ...


@dataclass(frozen=True)
class Daily:
    """Once a day at a local time; `weekday` (0 is Monday) makes it once a week."""

    at: time
    zone: ZoneInfo
    weekday: int | None = None

    def last_due(self, now: datetime) -> datetime:
        """Return the latest due moment at or before `now`."""
        day = now.astimezone(self.zone).date()
        while True:
            # In UTC: two moments of one zone are compared by their wall clocks, wrong when the clocks change.
            due = datetime.combine(day, self.at, self.zone).astimezone(UTC)
            if due <= now and self.weekday in {None, day.weekday()}:
                return due
            day -= timedelta(days=1)


@dataclass(frozen=True)
class Every:
    """Again and again, `step` apart, counted from the epoch so that all processes agree."""

    step: timedelta

    def last_due(self, now: datetime) -> datetime:
        """Return the latest due moment at or before `now`."""
        seconds = int(self.step.total_seconds())
        return datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, now.tzinfo)


@dataclass(frozen=True)
class Job:
    """One job: its name, its schedule as the settings give it, and what it does (returning a few words for the log)."""

    name: str
    schedule: Callable[[Toolbox], Schedule]
    run: Callable[[Toolbox], str]


def run_due(tools: Toolbox, jobs: Sequence[Job]) -> list[str]:
    """Run every job that is due and has not run since; return the names of those that ran."""
    ran = []
    for job in jobs:
        due = _due(tools, job)
        if due is not None:
            _run(tools, job, due)
            ran.append(job.name)
    return ran


def _due(tools: Toolbox, job: Job) -> datetime | None:
    now = tools.of(Clock).now()
    with tools.of(Database).writing() as session:
        last = job_runs.last(session, job.name, now)
        if last is None:
            job_runs.register(session, job.name)
            return None
        due = job.schedule(tools).last_due(now)
        if due > last.due_at:
            return due
        if last.outcome == "interrupted":
            return last.due_at
        rested = last.ended_at is not None and now - last.ended_at >= RETRY_AFTER
        return last.due_at if last.outcome == "failed" and rested else None


def _run(tools: Toolbox, job: Job, due: datetime) -> None:
    database = tools.of(Database)
    with database.writing() as session:
        number = job_runs.begin(session, job.name, due)
    log.info("job_started", job=job.name)
    try:
        outcome, detail = "done", job.run(tools)
    except SocleError as error:
        outcome, detail = "failed", error.code
        log.error("job_failed", cause=error, job=job.name, code=error.code)
    except Exception as error:  # noqa: BLE001 - one broken job must not stop the others
        outcome, detail = "failed", type(error).__name__
        log.error("job_failed", cause=error, job=job.name)
    with database.writing() as session:
        job_runs.end(session, number, outcome, detail)
    log.info("job_ended", job=job.name, outcome=outcome)
