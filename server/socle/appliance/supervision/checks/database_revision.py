"""A database of another version than the program."""

from sqlalchemy import text

from socle.appliance.supervision.circumstances import Circumstances
from socle.foundation.checks import Finding
from socle.foundation.errors import N_
from socle.migrations import history


def check(circumstances: Circumstances) -> Finding:
    """Red unless the database is at the revision this version of Socle knows."""
    found = circumstances.session.execute(text("SELECT version_num FROM alembic_version")).scalar() or "?"
    known = history.latest()
    details = {"found": found, "known": known}
    if found == known:
        return Finding("DATABASE", "green", N_("Database: answers, revision %(found)s."), details=details)
    return Finding(
        "DATABASE-REVISION",
        "red",
        N_("The database is at revision %(found)s, this version of Socle expects %(known)s."),
        N_("Pages may fail, because tables are not what the program expects."),
        N_("Stop Socle, back up, and start it again: it brings the database up to date."),
        details,
    )
