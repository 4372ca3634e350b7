"""What a person has enrolled, what is asked of them for it, and its removal, by themselves or by an administrator."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, cast

from sqlalchemy import bindparam, delete, exists, select, update
from sqlalchemy.orm import Session

from socle.foundation.database import now
from socle.foundation.errors import N_, SocleError
from socle.foundation.settings import FactorName
from socle.identity.actor import Actor, Role
from socle.identity.audit import trail
from socle.identity.people import accounts
from socle.identity.people.models import Account
from socle.identity.sessions import sessions
from socle.identity.sessions.doors import Door
from socle.identity.sessions.factors import passkeys, recovery_codes, remembered, totp
from socle.identity.sessions.factors import policy as policies
from socle.identity.sessions.factors.models import FactorRemoval, OneTimeCode, Passkey
from socle.identity.sessions.factors.passkeys import Line as PasskeyLine
from socle.identity.sessions.factors.policy import Asking, FactorRequired, Policy
from socle.identity.sessions.factors.recovery_codes import Left
from socle.identity.sessions.reasons import Why
from socle.identity.sessions.sessions import PASSWORD_ALONE, Factor, Place
from socle.identity.sessions.standing import Limits

RemovalReason = Literal["lost", "replaced", "not_working", "suspect"]
REMOVAL_REASONS: dict[RemovalReason, str] = {
    "lost": N_("telephone or key lost"),
    "replaced": N_("telephone or key replaced"),
    "not_working": N_("does not work any more"),
    "suspect": N_("suspected misuse"),
}
_SECOND: dict[Factor, FactorName] = {"password+totp": "totp", "password+passkey": "passkey", "passkey": "passkey"}
TOLD_KEPT = timedelta(days=365)


class NothingEnrolled(SocleError):
    """There is no second factor to remove."""

    code = "FACTOR-NONE"
    message = N_("This account has no second factor.")
    hint = N_("Nothing was changed.")
    kind = "missing"


class RemovalReasonMissing(SocleError):
    """Nobody's second factor is removed without a reason: its person is told."""

    code = "FACTOR-REMOVAL-REASON"
    message = N_("Say why the second factor is removed.")
    hint = N_("Choose one of the reasons: the person is told, and the trail keeps it.")
    kind = "invalid"


@dataclass(frozen=True)
class Holdings:
    """What a person has enrolled."""

    totp_since: datetime | None
    recovery: Left
    passkeys: tuple[PasskeyLine, ...] = ()
    totp_used_at: datetime | None = None

    @property
    def any(self) -> bool:
        """Whether there is a second factor at all."""
        return self.count > 0

    @property
    def count(self) -> int:
        """How many second factors there are."""
        return (self.totp_since is not None) + len(self.passkeys)


@dataclass(frozen=True)
class Removal:
    """A removal by somebody else that its person was not told of yet."""

    at: datetime
    by: str
    reason: RemovalReason


@dataclass(frozen=True)
class Glance:
    """Whether there is a telephone, a passkey, a removal that the person was not told of."""

    totp: bool
    passkey: bool
    untold: bool


_glance = select(
    exists().where(OneTimeCode.account_id == bindparam("account"), OneTimeCode.confirmed_at.is_not(None)),
    exists().where(Passkey.account_id == bindparam("account")),
    exists().where(FactorRemoval.account_id == bindparam("account"), FactorRemoval.told_at.is_(None)),
)


def of(session: Session, account_id: int) -> Holdings:
    """Return what a person has enrolled."""
    found = tuple(passkeys.listed(session, account_id))
    since, used_at = totp.times(session, account_id)
    return Holdings(since, recovery_codes.left(session, account_id), found, used_at)


def used_last(session: Session, account_id: int, browser_digest: bytes, held: Holdings) -> FactorName:
    """Return the second factor that somebody used last in this browser, or else anywhere; a passkey if never any.

    For pages after the password: before it, the order would tell strangers what an account has.
    """
    here = sessions.last_factor(session, account_id, browser_digest, tuple(_SECOND))
    if here is not None:
        return _SECOND[here]
    passkey_used_at = max((line.last_used_at for line in held.passkeys if line.last_used_at), default=None)
    code_later = held.totp_used_at and (passkey_used_at is None or held.totp_used_at > passkey_used_at)
    return "totp" if code_later else "passkey"


def at_a_glance(session: Session, account_id: int) -> Glance:
    """Return what a sign-in needs to know, by one query: most people have nothing, and come in often."""
    row = session.execute(_glance, {"account": account_id}).one()
    return Glance(bool(row[0]), bool(row[1]), bool(row[2]))


def asked_after_password(
    session: Session, policy: Policy, glance: Glance, account: Account, door: Door, place: Place, limits: Limits
) -> tuple[Asking | None, Factor]:
    """Say whether something is asked after the right password, and what the sign-in counts as if nothing is.

    Going on with one's own session that a second factor opened asks for none: it was given in this browser today.
    """
    enrolled = (glance.totp and "totp" in policy.factors) or (glance.passkey and "passkey" in policy.factors)
    if not enrolled and not policy.required:
        return None, "password"
    earlier = sessions.resumable(session, door, account.id, place.browser_digest, limits)
    if earlier is not None and earlier.factor not in PASSWORD_ALONE:
        return None, "password"
    until = remembered.until(session, account.id, place.browser_digest)
    known = None if until is None else until > now(session)
    why = policies.asking(policy, enrolled=enrolled, remembered=known)
    if why is None and enrolled and policy.ask == "new_browser":
        return None, "password+browser"
    return why, "password"


def usable(held: Holdings, policy: Policy) -> bool:
    """Tell whether something enrolled counts under the policy."""
    return (held.totp_since is not None and "totp" in policy.factors) or (
        bool(held.passkeys) and "passkey" in policy.factors
    )


def remove_totp(session: Session, actor: Actor, policy: Policy, account_id: int) -> None:
    """Remove one's own telephone: FactorRequired when the role needs it, NothingEnrolled when there is none."""
    if not totp.remove(session, account_id):
        raise NothingEnrolled
    _after_removal(session, actor, policy, account_id, "totp")


def remove_passkey(session: Session, actor: Actor, policy: Policy, account_id: int, number: int) -> None:
    """Remove one of one's own passkeys: FactorRequired or NothingEnrolled."""
    if not passkeys.remove(session, account_id, number):
        raise NothingEnrolled
    _after_removal(session, actor, policy, account_id, "passkey")


def remove_all(session: Session, actor: Actor, account_id: int, reason: str) -> Account:
    """Remove everything somebody else has enrolled, end their sessions, and have them told.

    NotYoursToGive (a maintainer may help maintainers only), NothingEnrolled or RemovalReasonMissing.
    """
    account = accounts.get(session, account_id)
    if not may_help(actor, account):
        raise accounts.NotYoursToGive
    if reason not in REMOVAL_REASONS:
        raise RemovalReasonMissing
    if not of(session, account_id).any:
        raise NothingEnrolled
    totp.remove(session, account_id)
    passkeys.remove(session, account_id)
    _tidy(session, account_id)
    session.add(FactorRemoval(account_id=account_id, at=now(session), by=actor.name[:200], reason=reason))
    trail.record(session, actor, "factor.remove", "account", account_id, reason=f"all {reason}")
    sessions.end_of_account(session, actor, account_id, Why.FACTOR_REMOVED, but=actor.session_id)
    return account


def may_help(actor: Actor, account: Account) -> bool:
    """Tell whether the actor may remove this person's second factor: the machine's own command line is root's."""
    everybody = actor.account_id is None or actor.has(Role.ADMINISTRATOR)
    return everybody or account.role_set() <= accounts.HANDED_OUT_BY_MAINTAINERS


def untold(session: Session, account_id: int) -> Removal | None:
    """Return the last removal that the person was not told of."""
    mine = FactorRemoval.account_id == account_id, FactorRemoval.told_at.is_(None)
    row = session.scalars(select(FactorRemoval).where(*mine).order_by(FactorRemoval.id.desc()).limit(1)).first()
    return Removal(row.at, row.by, cast("RemovalReason", row.reason)) if row is not None else None


def mark_told(session: Session, account_id: int) -> None:
    """Note that the person was told."""
    mine = FactorRemoval.account_id == account_id, FactorRemoval.told_at.is_(None)
    session.execute(update(FactorRemoval).where(*mine).values(told_at=now(session)))


def forget_old(session: Session) -> None:
    """Remove what was told a year ago."""
    session.execute(delete(FactorRemoval).where(FactorRemoval.told_at < now(session) - TOLD_KEPT))


def _after_removal(session: Session, actor: Actor, policy: Policy, account_id: int, kind: str) -> None:
    if policy.required and not usable(of(session, account_id), policy):
        raise FactorRequired  # the door's transaction rolls back: nothing is removed
    _tidy(session, account_id)
    trail.record(session, actor, "factor.remove", "account", account_id, reason=kind)


def _tidy(session: Session, account_id: int) -> None:
    """Take away what leans on a second factor when none is left."""
    if not of(session, account_id).any:
        recovery_codes.remove(session, account_id)
        remembered.forget_all(session, account_id)
