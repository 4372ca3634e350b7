"""From a card that signed to an open page: challenge, proof, ticket, the page let in; and the card taken out again.

At any moment a workstation has one proven card at most. Everything that changes or leans on it holds the workstation's
row, so a ticket never outlives the card that earned it.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from socle.foundation import log
from socle.foundation.database import now
from socle.foundation.errors import N_, SocleError
from socle.foundation.settings import AccessSettings
from socle.identity.actor import Actor
from socle.identity.audit import trail
from socle.identity.people.models import Account
from socle.identity.sessions import card_numbers, sessions, sign_in, workstations
from socle.identity.sessions.cards import Holder
from socle.identity.sessions.doors import STAFF
from socle.identity.sessions.factors import policy
from socle.identity.sessions.models import CardChallenge, SignedInSession, SignInTicket, Workstation
from socle.identity.sessions.reasons import Why
from socle.identity.sessions.sessions import Place
from socle.identity.sessions.standing import Limits, State, standing

CHALLENGE_LASTS = timedelta(seconds=120)
"""From the challenge to the signature: the card's own time, the code is typed before."""
TICKET_LASTS = timedelta(seconds=30)
REOPEN_ASKED_FOR = timedelta(seconds=30)


class ChallengeGone(SocleError):
    """The challenge was used, is too old, or was another workstation's."""

    code = "CARD-CHALLENGE-GONE"
    message = N_("What this card signed was not asked of it here, or too long ago.")
    hint = N_("Take the card out and put it in again.")
    kind = "refused"


class TicketGone(SocleError):
    """The ticket was used, is too old, of another workstation, or its card was taken out."""

    code = "TICKET-GONE"
    message = N_("This way in has been used, or is older than 30 seconds.")
    hint = N_("Take the card out and put it in again, or sign in with your password.")
    kind = "refused"


class NoCardIn(SocleError):
    """The agent asks to open again, and no card was proven here since the last was taken out."""

    code = "CARD-NOT-PROVEN"
    message = N_("No card has been proven at this workstation since the last one was taken out.")
    hint = N_("Type the card's code.")
    kind = "refused"


@dataclass(frozen=True)
class Presence:
    """How things stand at a workstation: whose card is in, and that person's session there."""

    holder: str | None
    session: State | None
    reopen: bool


# The card, proven


def challenge(session: Session, station: Workstation) -> bytes:
    """Return 32 random bytes for the card at this workstation to sign, once, within two minutes."""
    moment = now(session)
    old = (CardChallenge.workstation_id == station.id) | (CardChallenge.until < moment)
    session.execute(delete(CardChallenge).where(old))
    value = secrets.token_bytes(32)
    session.add(CardChallenge(workstation_id=station.id, value=value, until=moment + CHALLENGE_LASTS))
    return value


def text_to_sign(value: bytes, station_id: int, authority: str) -> bytes:
    """Return what the card signs: bound to this workstation and, by its authority's fingerprint, to this server."""
    return f"socle-card-1\n{authority}\n{station_id}\n{value.hex()}".encode()


def take_challenge(session: Session, station: Workstation, value: bytes) -> None:
    """Use a challenge up, or raise ChallengeGone."""
    mine = (CardChallenge.value == value, CardChallenge.workstation_id == station.id)
    taken = session.execute(delete(CardChallenge).where(*mine).returning(CardChallenge.until)).scalar()
    if taken is None or taken < now(session):
        raise ChallengeGone


def accept(session: Session, station: Workstation, holder: Holder, access: AccessSettings) -> tuple[str, Account]:
    """Put a proven card in: others' sessions here lock; return the ticket and whose it is.

    CardHolderUnknown, AccountDisabled, WrongDoor, or FactorNotAllowed where the role's rules leave cards out; the
    caller writes those down with `refuse`.
    """
    account = card_numbers.account_of(session, holder)
    refusal = sign_in.refusal(account, STAFF)
    if refusal is not None:
        raise refusal
    policy.for_roles(access, account.role_set()).check("card")
    station = workstations.held(session, station.id)
    actor = Actor(account.id, account.display_name, account.role_set(), workstation=station.name)
    trail.record(session, actor, "card.accept", "workstation", station.id, reason=holder.kind)
    for each in _open_here(session, station.id):
        if each.account_id == account.id:
            sessions.prove_again(session, each.id)
        else:
            sessions.lock(session, actor, each.id, Why.ANOTHER_PERSON)
    station.card_account_id, station.reopen_asked_at = account.id, None
    return _ticket(session, station, account.id), account


def refuse(session: Session, station: Workstation, error: SocleError) -> None:
    """Write down a card that opened nothing."""
    actor = workstations.agent_of(station)
    trail.record(session, actor, "card.refused", "workstation", station.id, reason=error.code)
    log.warning("card_refused", code=error.code, workstation=station.id)


def take_out(session: Session, station: Workstation, why: Why = Why.CARD_REMOVED) -> int:
    """Lock the session of whose card was in, and void its tickets; return how many sessions locked."""
    station = workstations.held(session, station.id)
    session.execute(delete(SignInTicket).where(SignInTicket.workstation_id == station.id))
    session.execute(delete(CardChallenge).where(CardChallenge.workstation_id == station.id))
    account_id, station.card_account_id, station.reopen_asked_at = station.card_account_id, None, None
    if account_id is None:
        return 0
    actor = workstations.agent_of(station)
    mine = [each for each in _open_here(session, station.id) if each.account_id == account_id]
    locked = sum(sessions.lock(session, actor, each.id, why) for each in mine)
    log.info("card_out", workstation=station.id, count=locked)
    return locked


# The page, let in


def again(session: Session, station: Workstation, limits: Limits) -> str:
    """Return another ticket for whose card is in and whose session here is open, without the code: or NoCardIn."""
    station = workstations.held(session, station.id)
    stands = presence(session, station, limits)
    if station.card_account_id is None or stands.session != "open":
        raise NoCardIn
    station.reopen_asked_at = None
    return _ticket(session, station, station.card_account_id)


def waiting(session: Session, browser_digest: bytes) -> SignInTicket | None:
    """Return the ticket that waits for a workstation's own browser."""
    here = (Workstation.browser_digest == browser_digest, Workstation.revoked_at.is_(None))
    mine = select(SignInTicket).join(Workstation, Workstation.id == SignInTicket.workstation_id).where(*here)
    return session.scalars(mine.where(SignInTicket.until >= now(session)).limit(1)).first()


def let_in(
    session: Session, ticket: str | None, place: Place, token_digest: bytes, limits: Limits
) -> tuple[Account, int]:
    """Open, or go on with, the session a ticket is for; return its account and number, or raise TicketGone.

    Without a ticket in hand, the one that waits for this very browser. Both from the agent's own address only.
    """
    if ticket is None:
        found = waiting(session, place.browser_digest)
    else:
        found = session.scalars(select(SignInTicket).where(SignInTicket.digest == _digest(ticket))).one_or_none()
    if found is None:
        raise TicketGone
    station = workstations.held(session, found.workstation_id)
    used = session.execute(delete(SignInTicket).where(SignInTicket.id == found.id).returning(SignInTicket.id))
    good = used.scalar() is not None and found.until >= now(session) and found.address == place.address
    if not good or station.revoked_at is not None or station.card_account_id != found.account_id:
        raise TicketGone
    account = session.get_one(Account, found.account_id)
    refusal = sign_in.refusal(account, STAFF)
    if refusal is not None:
        raise refusal
    station.browser_digest, station.reopen_asked_at = place.browser_digest, None
    session.flush()
    number = sessions.open_at(session, STAFF, account, place, token_digest, limits, "card", station.id)
    session.execute(update(Account).where(Account.id == account.id).values(last_sign_in_at=now(session)))
    log.info("signed_in", door=STAFF.name, account=account.id, session=number, kind="card", workstation=station.id)
    return account, number


def ask_to_reopen(session: Session, place: Place) -> bool:
    """Note that the page of a workstation whose card is in lost its cookies; tell whether there is such a one.

    Known by its browser, or, when that cookie is gone too, by the address and the kind of browser: all this does is
    have the agent open the page once more, there.
    """
    moment = now(session)
    station = workstations.of_browser(session, place.browser_digest)
    number = station.id if station is not None else None
    if number is None:
        last = sessions.last_live_at(session, STAFF.name, place)
        number = last.workstation_id if last is not None and last.factor == "card" else None
    if number is None:
        return False
    stale = Workstation.reopen_asked_at.is_(None) | (Workstation.reopen_asked_at < moment - REOPEN_ASKED_FOR / 6)
    mine = (Workstation.id == number, Workstation.card_account_id.is_not(None), stale)
    session.execute(update(Workstation).where(*mine).values(reopen_asked_at=moment))
    return True


def has_waiting(session: Session, station: Workstation) -> bool:
    """Tell whether a ticket of this workstation has not been used yet."""
    mine = select(SignInTicket.id).where(SignInTicket.workstation_id == station.id)
    return session.scalars(mine.where(SignInTicket.until >= now(session)).limit(1)).first() is not None


def presence(session: Session, station: Workstation, limits: Limits) -> Presence:
    """Say whose card is in, how their session here stands, and whether a page asks to be opened again."""
    if station.card_account_id is None:
        return Presence(None, None, reopen=False)
    moment = now(session)
    account = session.get_one(Account, station.card_account_id)
    found = sessions.at_workstation(session, STAFF.name, station.id, account.id)
    asked = station.reopen_asked_at
    reopen = asked is not None and asked > moment - REOPEN_ASKED_FOR
    stands = standing(found, moment, limits, STAFF).state if found else None
    return Presence(account.display_name, stands, reopen)


def _ticket(session: Session, station: Workstation, account_id: int) -> str:
    session.execute(delete(SignInTicket).where(SignInTicket.workstation_id == station.id))
    value, until = secrets.token_urlsafe(24), now(session) + TICKET_LASTS
    kept = {"workstation_id": station.id, "account_id": account_id, "address": station.address, "until": until}
    session.add(SignInTicket(digest=_digest(value), **kept))
    session.flush()
    return value


def _digest(ticket: str) -> bytes:
    return hashlib.sha256(f"socle ticket\0{ticket}".encode()).digest()


def _open_here(session: Session, station_id: int) -> list[SignedInSession]:
    here = (
        SignedInSession.workstation_id == station_id,
        SignedInSession.door == STAFF.name,
        SignedInSession.ended_at.is_(None),
        SignedInSession.locked_at.is_(None),
    )
    return list(session.scalars(select(SignedInSession).where(*here).order_by(SignedInSession.id)))
