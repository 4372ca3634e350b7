"""A clock that went back, or a machine that woke up in the wrong year."""

from datetime import datetime, timedelta

from sqlalchemy import func, select

from socle.appliance.supervision.circumstances import Circumstances
from socle.foundation.checks import Finding
from socle.foundation.errors import N_
from socle.identity.audit.models import AuditEntry

SLACK = timedelta(minutes=5)


def check(circumstances: Circumstances) -> Finding:
    """Red when the trail holds entries from the future."""
    later = select(func.max(AuditEntry.at)).where(AuditEntry.at > circumstances.moment)
    newest = circumstances.session.execute(later).scalar()
    return judged(circumstances.moment, newest)


def judged(moment: datetime, newest: datetime | None) -> Finding:
    """Compare the clock with the newest thing that was written down; pure."""
    if newest is None or newest <= moment + SLACK:
        return Finding("CLOCK", "green", N_("Clock: in step with what was written down."))
    return Finding(
        "CLOCK-BACKWARDS",
        "red",
        N_("The machine's clock is %(minutes)s min behind what was already written down."),
        N_("Appointments, the trail and the age of backups would carry wrong times."),
        N_("Check the date and the time server on this machine (timedatectl), and its battery."),
        {"minutes": round((newest - moment).total_seconds() / 60)},
    )
