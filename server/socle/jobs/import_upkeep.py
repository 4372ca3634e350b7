"""Every night, what imports leave behind is removed: files nobody needs any more, rehearsals nobody confirmed."""

from datetime import time

from socle.foundation.clock import PARIS
from socle.foundation.database import Database
from socle.foundation.toolbox import Toolbox
from socle.jobs.schedule import Daily, Job, Schedule
from socle.practice.documents.storage import Storage
from socle.practice.imports import tidying


def _schedule(tools: Toolbox) -> Schedule:
    return Daily(time(3, 40), PARIS)


def _run(tools: Toolbox) -> str:
    tidied = tidying.tidy(tools.of(Database), tools.of(Storage))
    return f"{tidied.runs} imports and {tidied.files} files removed"


JOB = Job("import-upkeep", _schedule, _run)
