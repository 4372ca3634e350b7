"""The scheduler's process: looks once in a while for jobs that are due, until told to stop."""

import signal
import threading
from collections.abc import Sequence

from socle.appliance.supervision import job_runs
from socle.foundation import log
from socle.foundation.database import Database
from socle.foundation.errors import SocleError
from socle.foundation.toolbox import Toolbox
from socle.jobs.schedule import Job, run_due

LOOK_SECONDS = 20.0


def run_until_stopped(tools: Toolbox, jobs: Sequence[Job]) -> None:
    """Run what is due, every LOOK_SECONDS, until SIGTERM or SIGINT; a database that is away is waited for."""
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    tidied = False
    while not stopped.is_set():
        try:
            if not tidied:
                with tools.of(Database).writing() as session:
                    job_runs.mark_interrupted(session)
                tidied = True
            run_due(tools, jobs)
        except Exception as error:  # noqa: BLE001 - whatever fails here must not take the doors down with it
            log.error("scheduler_waits", cause=error, code=error.code if isinstance(error, SocleError) else None)
        stopped.wait(LOOK_SECONDS)
