"""Who may change the most, or has to have one, has no second factor: one guessed password opens their account."""

from collections.abc import Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from socle.appliance.supervision.circumstances import Circumstances
from socle.foundation import settings
from socle.foundation.checks import Finding
from socle.foundation.errors import N_
from socle.foundation.settings import AccessSettings
from socle.identity.actor import Role
from socle.identity.people.models import Account
from socle.identity.sessions.factors import policy
from socle.identity.sessions.factors.models import OneTimeCode, Passkey

_POWERFUL = {Role.ADMINISTRATOR, Role.MAINTAINER}
_NAMED = 5
"""More names than these make a line nobody reads; the pages of accounts have them all."""


def check(circumstances: Circumstances) -> Finding:
    """Amber while somebody whose role requires a second factor, an administrator or a maintainer has none that counts.

    The emergency administrator is left out: its sheet of paper has to open on the worst day.
    """
    access = settings.load(circumstances.home.settings_path).access
    without = _without(circumstances.session, access)
    required = [one for one in without if policy.for_roles(access, one.role_set()).required]
    if required:
        return Finding(
            "FACTOR-MISSING",
            "amber",
            N_("Your settings require a second factor, and these people have none yet: %(names)s."),
            N_("Until they set one up, whoever has their password can come in and set up a telephone of their own."),
            N_("Have them sign in once, with you beside them: the page leads them through it."),
            {"names": _names(required)},
        )
    powerful = [one for one in without if one.role_set() & _POWERFUL]
    if powerful:
        return Finding(
            "FACTOR-POWERFUL",
            "amber",
            N_("These administrators or maintainers have no second factor: %(names)s."),
            N_("One guessed or overheard password is enough to give oneself any right here."),
            N_(
                "Have each set one up under “My account”, “Ways to sign in”; to ask it of everybody with that role, "
                "set second_factor to required in the settings ([access])."
            ),
            {"names": _names(powerful)},
        )
    return Finding("FACTOR", "green", N_("Second factors: nobody who needs one is without."))


def _without(session: Session, access: AccessSettings) -> Sequence[Account]:
    """Return the active people who have no second factor that their roles admit."""
    people = select(Account).where(Account.active, Account.break_glass_hash.is_(None)).order_by(Account.username)
    coded = set(session.scalars(select(OneTimeCode.account_id).where(OneTimeCode.confirmed_at.is_not(None))))
    keyed = set(session.scalars(select(Passkey.account_id)))

    def has_one(one: Account) -> bool:
        factors = policy.for_roles(access, one.role_set()).factors
        return ("totp" in factors and one.id in coded) or ("passkey" in factors and one.id in keyed)

    return [one for one in session.scalars(people) if not has_one(one)]


def _names(people: Iterable[Account]) -> str:
    names = [one.display_name for one in people]
    return ", ".join(names[:_NAMED]) + (f" (+ {len(names) - _NAMED})" if len(names) > _NAMED else "")
