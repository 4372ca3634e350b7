"""Jobs run when due, once, and make up for the time the machine was off."""

from datetime import datetime, time, timedelta

from socle.appliance.supervision import job_runs
from socle.foundation.clock import PARIS, Clock, SettableClock
from socle.foundation.database import Database
from socle.foundation.errors import SocleError
from socle.foundation.toolbox import Toolbox
from socle.jobs.schedule import Daily, Job, run_due


class Recorder:
    """A job that counts its runs and fails as often as told."""

    def __init__(self, failures: int = 0) -> None:
        self.runs = 0
        self.failures = failures
        self.job = Job("nightly", lambda _tools: Daily(time(2, 30), PARIS), self.run)

    def run(self, _tools: Toolbox) -> str:
        self.runs += 1
        if self.runs <= self.failures:
            raise SocleError
        return "done"


def _tools(database: Database, clock: SettableClock) -> Toolbox:
    tools = Toolbox()
    tools.provide(Database, lambda: database)
    tools.provide(Clock, lambda: clock)
    return tools


def _at(clock: SettableClock, day: int, hour: int, minute: int = 0) -> None:
    clock.set(datetime(2026, 11, day, hour, minute, tzinfo=PARIS))


def test_a_new_job_waits_for_its_first_night_then_runs_once(database: Database, clock: SettableClock) -> None:
    recorder, tools = Recorder(), _tools(database, clock)
    for day, hour, runs in ((23, 9, 0), (23, 23, 0), (24, 2, 0), (24, 3, 1), (24, 12, 1), (25, 3, 2)):
        _at(clock, day, hour)
        run_due(tools, [recorder.job])
        assert recorder.runs == runs, (day, hour)


def test_a_night_missed_while_the_machine_was_off_is_made_up_for_once(database: Database, clock: SettableClock) -> None:
    recorder, tools = Recorder(), _tools(database, clock)
    _at(clock, 20, 9)
    run_due(tools, [recorder.job])
    _at(clock, 24, 9)  # off for three nights
    run_due(tools, [recorder.job])
    run_due(tools, [recorder.job])
    assert recorder.runs == 1


def test_a_failed_run_is_tried_again_after_an_hour(database: Database, clock: SettableClock) -> None:
    recorder, tools = Recorder(failures=1), _tools(database, clock)
    _at(clock, 23, 9)
    run_due(tools, [recorder.job])
    for hour, minute, runs in ((3, 0, 1), (3, 30, 1), (4, 1, 2), (6, 0, 2)):
        _at(clock, 24, hour, minute)
        run_due(tools, [recorder.job])
        assert recorder.runs == runs, (hour, minute)


def test_a_run_that_a_dead_scheduler_left_open_is_made_up_for(database: Database, clock: SettableClock) -> None:
    recorder, tools = Recorder(), _tools(database, clock)
    _at(clock, 23, 9)
    run_due(tools, [recorder.job])
    _at(clock, 24, 3)
    with database.writing() as session:
        job_runs.begin(session, "nightly", clock.now())
    clock.advance(timedelta(minutes=5))
    with database.writing() as session:
        job_runs.mark_interrupted(session)
    run_due(tools, [recorder.job])
    assert recorder.runs == 1


def test_one_broken_job_does_not_stop_the_others(database: Database, clock: SettableClock) -> None:
    def explode(_tools: Toolbox) -> str:
        raise ZeroDivisionError

    good, tools = Recorder(), _tools(database, clock)
    bad = Job("bad", lambda _tools: Daily(time(2, 30), PARIS), explode)
    _at(clock, 23, 9)
    run_due(tools, [bad, good.job])
    _at(clock, 24, 9)
    assert run_due(tools, [bad, good.job]) == ["bad", "nightly"]
    with database.reading() as session:
        last = job_runs.last(session, "bad", clock.now())
    assert last is not None
    assert (last.outcome, last.detail) == ("failed", "ZeroDivisionError")
    assert good.runs == 1
