"""The emergency administrator signed in: somebody has to know, and the directory has to come back."""

from datetime import timedelta

from sqlalchemy import func, select

from socle.appliance.supervision.circumstances import Circumstances
from socle.foundation.checks import Finding
from socle.foundation.errors import N_
from socle.identity.people.accounts import BREAK_GLASS
from socle.identity.people.models import Account
from socle.identity.sessions.models import SignedInSession

SHOWN_FOR = timedelta(days=7)


def check(circumstances: Circumstances) -> Finding:
    """Amber for a week after each use."""
    emergency = select(Account.id).where(Account.username == BREAK_GLASS)
    used = select(func.count(), func.max(SignedInSession.signed_in_at)).where(
        SignedInSession.account_id.in_(emergency),
        SignedInSession.factor == "break_glass",
        SignedInSession.signed_in_at > circumstances.moment - SHOWN_FOR,
    )
    count, last = circumstances.session.execute(used).one()
    if not count:
        return Finding("EMERGENCY", "green", N_("Emergency administrator: not used this week."))
    return Finding(
        "EMERGENCY-SIGN-IN",
        "amber",
        N_("The emergency administrator signed in on %(at)s."),
        N_("That account goes round the directory: nobody should use it on an ordinary day."),
        N_("Ask who it was; if nobody knows, set a new emergency password and read the trail."),
        {"at": last},
    )
