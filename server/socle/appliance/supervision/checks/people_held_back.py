"""The directory lost too many people at once: somebody has to say whether they left or the directory is wrong."""

from socle.appliance.supervision.circumstances import Circumstances
from socle.foundation.checks import Finding
from socle.foundation.errors import N_
from socle.identity.people import leavers


def check(circumstances: Circumstances) -> Finding:
    """Amber until a later comparison finds nobody to hold back."""
    waiting = leavers.held_back(circumstances.session)
    if not waiting:
        return Finding("DIRECTORY-PEOPLE", "green", N_("Accounts agree with the directory."))
    last = leavers.last_answer(circumstances.session)
    return Finding(
        "DIRECTORY-PEOPLE-HELD-BACK",
        "amber",
        N_("%(count)s people are missing from the directory at once (it listed %(listed)s): nobody was closed."),
        N_("If they left, they can still work here. If the directory is wrong, closing them would stop the practice."),
        N_("Look at the page of accounts: an administrator closes them, or mends the directory and asks it again."),
        {"count": len(waiting), "listed": last.listed if last else 0},
    )
