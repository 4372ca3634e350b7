"""Every job of the house, in the order in which they run when several are due."""

from socle.jobs import (
    asked_backups,
    audit_anchor,
    browser_upkeep,
    directory_sync,
    disk_measure,
    import_upkeep,
    nightly_backup,
    pro_sante_tokens,
    revocation_lists,
    session_upkeep,
    weekly_drill,
    weekly_pruning,
    yearly_self_test,
)
from socle.jobs.schedule import Job

JOBS: tuple[Job, ...] = (
    audit_anchor.JOB,
    nightly_backup.JOB,
    directory_sync.JOB,
    session_upkeep.JOB,
    browser_upkeep.JOB,
    revocation_lists.JOB,
    import_upkeep.JOB,
    disk_measure.JOB,
    weekly_pruning.JOB,
    weekly_drill.JOB,
    yearly_self_test.JOB,
    asked_backups.JOB,
    pro_sante_tokens.JOB,
)
