"""A full disk stops the practice: nothing can be written any more."""

import shutil

from socle.appliance.supervision.circumstances import Circumstances
from socle.foundation.checks import Finding, State
from socle.foundation.errors import N_

RED_BYTES, AMBER_BYTES = 1_000_000_000, 5_000_000_000
RED_SHARE, AMBER_SHARE = 0.025, 0.10


def check(circumstances: Circumstances) -> Finding:
    """Red under 1 GB or 2.5 % free, amber under 5 GB or 10 % when that is less than 50 GB."""
    usage = shutil.disk_usage(circumstances.home.folder)
    return judged(usage.free, usage.total)


def judged(free: int, total: int) -> Finding:
    """Judge so many free bytes of so many; pure."""
    details = {"free": round(free / 1e9, 1), "total": round(total / 1e9, 1)}
    state: State = "green"
    if free < max(RED_BYTES, min(total * RED_SHARE, 10 * RED_BYTES)):
        state = "red"
    elif free < max(AMBER_BYTES, min(total * AMBER_SHARE, 10 * AMBER_BYTES)):
        state = "amber"
    if state == "green":
        return Finding("DISK-SPACE", state, N_("Free space on the disk: %(free)s GB of %(total)s GB."), details=details)
    return Finding(
        "DISK-SPACE",
        state,
        N_("The disk is nearly full: %(free)s GB left of %(total)s GB."),
        N_("When it is full, nothing can be saved any more, appointments and notes included."),
        N_("Move old files or backups that are not Socle's off this disk, or fit a larger one."),
        details,
    )
