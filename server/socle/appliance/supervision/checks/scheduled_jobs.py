"""Work that should be done at night and is not."""

from datetime import timedelta

from sqlalchemy import func, select

from socle.appliance.supervision.circumstances import Circumstances
from socle.appliance.supervision.models import JobRun
from socle.foundation.checks import Finding
from socle.foundation.errors import N_

LONGEST_SILENCE = timedelta(hours=26)


def check(circumstances: Circumstances) -> Finding:
    """Red when no job has run for 26 hours, amber when the newest run of one failed."""
    newest = select(func.max(JobRun.id)).group_by(JobRun.name)
    runs = circumstances.session.scalars(select(JobRun).where(JobRun.id.in_(newest)).order_by(JobRun.name)).all()
    moment = circumstances.moment
    if not runs or max(run.started_at for run in runs) < moment - LONGEST_SILENCE:
        return Finding(
            "JOBS-SILENT",
            "red",
            N_("The scheduler has done nothing for more than 26 hours."),
            N_("Nightly backups and their proofs do not run by themselves."),
            N_("Restart Socle; if it comes back, read the scheduler's log."),
        )
    failed = [run for run in runs if run.outcome in {"failed", "interrupted"}]
    if failed:
        return Finding(
            "JOBS-FAILED",
            "amber",
            N_("A scheduled job failed: %(names)s."),
            N_("It is tried again after an hour; what it does is late until then."),
            N_("Read the reason in the log; it is the line “job_failed”."),
            {"names": ", ".join(f"{run.name} ({run.detail})" if run.detail else run.name for run in failed)},
        )
    return Finding("JOBS", "green", N_("Scheduled jobs: run, none failed."))
