"""Runs every check and puts what is wrong first."""

from collections.abc import Iterable

from socle.appliance.supervision.checks import (
    broken_browsers,
    certificate_age,
    clock_backwards,
    database_revision,
    disk_space,
    emergency_sign_in,
    keys_permissions,
    people_held_back,
    scheduled_jobs,
    second_factors,
    settings_passwords,
)
from socle.appliance.supervision.circumstances import Check, Circumstances
from socle.foundation import log
from socle.foundation.checks import Finding, State
from socle.foundation.errors import N_

CHECKS: tuple[Check, ...] = (
    disk_space.check,
    database_revision.check,
    keys_permissions.check,
    settings_passwords.check,
    certificate_age.check,
    clock_backwards.check,
    scheduled_jobs.check,
    emergency_sign_in.check,
    second_factors.check,
    people_held_back.check,
    broken_browsers.check,
)
_ORDER: dict[State, int] = {"red": 0, "amber": 1, "green": 2}


def examine(circumstances: Circumstances, others: Iterable[Finding] = ()) -> list[Finding]:
    """Return all findings, worst first; `others` come from other rooms (backups, the directory)."""
    found = [_run(check, circumstances) for check in CHECKS]
    return sorted([*others, *found], key=lambda finding: _ORDER[finding.state])


def _run(check: Check, circumstances: Circumstances) -> Finding:
    # A check that breaks is itself something wrong: it must neither hide the others nor look green.
    try:
        return check(circumstances)
    except Exception as error:  # noqa: BLE001
        name = check.__module__.rpartition(".")[2]
        log.error("check_failed", cause=error, name_of_part=name)
        return Finding(
            "CHECK-BROKEN",
            "red",
            N_("The check “%(name)s” could not be made."),
            N_("What it watches over is unknown, which is not the same as good."),
            N_("Read its reason in the log; it is the line “check_failed”."),
            {"name": name},
        )
