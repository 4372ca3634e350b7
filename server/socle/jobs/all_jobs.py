"""Every job of the house, in the order in which they run when several are due."""

from socle.jobs import audit_anchor
from socle.jobs.schedule import Job

JOBS: tuple[Job, ...] = (audit_anchor.JOB,)
