"""Pro Santé Connect's tokens of live sessions: kept sealed on the server, renewed there, gone with the session."""

from datetime import datetime

import msgspec
from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from socle.foundation.database import now
from socle.foundation.errors import N_, SocleError
from socle.identity.actor import Actor
from socle.identity.audit import trail
from socle.identity.people.models import Account
from socle.identity.sessions.factors import sealing
from socle.identity.sessions.factors.models import ProSanteTokens
from socle.identity.sessions.factors.pro_sante_connect import (
    PscNumberTaken,
    PscPersonUnknown,
    Tokens,
)
from socle.identity.sessions.models import SignedInSession

_PURPOSE = "pro sante connect"
MOST = 200


class PscAmbiguous(SocleError):
    """Two accounts have the same number."""

    code = "PSC-AMBIGUOUS"
    message = N_("Two accounts of this practice have your RPPS number.")
    hint = N_("Sign in with your password, and ask an administrator to correct one of the accounts.")
    kind = "conflict"


def holder(session: Session, number: str) -> Account:
    """Return the account with that RPPS or ADELI number: PscPersonUnknown or PscAmbiguous."""
    found = _with_number(session, number)
    if not found:
        raise PscPersonUnknown
    if len(found) > 1:
        raise PscAmbiguous
    return found[0]


def tie(session: Session, actor: Actor, account_id: int, number: str) -> None:
    """Tie a number that Pro Santé Connect vouched for to a person's own account, or raise PscNumberTaken."""
    account, column = session.get_one(Account, account_id), _column(number).key
    mine = getattr(account, column)
    if any(other.id != account_id for other in _with_number(session, number)) or (mine and mine != number):
        raise PscNumberTaken
    if not mine:
        setattr(account, column, number)
        session.flush()
        trail.record(session, actor, "account.update", "account", account_id, [column])
    trail.record(session, actor, "factor.add", "account", account_id, reason="psc")


def keep(session: Session, key: bytes, session_id: int, tokens: Tokens) -> None:
    """Keep a session's tokens, sealed, in place of those before."""
    session.execute(delete(ProSanteTokens).where(ProSanteTokens.session_id == session_id))
    sealed = sealing.seal(key, _PURPOSE, session_id, msgspec.msgpack.encode(tokens))
    session.add(ProSanteTokens(session_id=session_id, sealed=sealed, renewed_at=now(session)))
    session.flush()


def of(session: Session, key: bytes, session_id: int) -> Tokens | None:
    """Return a session's tokens; None if it has none."""
    row = session.scalars(select(ProSanteTokens).where(ProSanteTokens.session_id == session_id)).one_or_none()
    return _opened(key, row) if row is not None else None


def due(session: Session, key: bytes, renewed_before: datetime) -> list[tuple[int, Tokens]]:
    """Return (session, tokens) of live sessions last renewed before a moment, the oldest first; at most 200."""
    return _some(session, key, SignedInSession.ended_at.is_(None), ProSanteTokens.renewed_at < renewed_before)


def of_ended_sessions(session: Session, key: bytes) -> list[tuple[int, Tokens]]:
    """Return (session, tokens) of sessions that have ended; at most 200."""
    return _some(session, key, SignedInSession.ended_at.is_not(None))


def forget(session: Session, session_id: int) -> None:
    """Drop a session's tokens."""
    session.execute(delete(ProSanteTokens).where(ProSanteTokens.session_id == session_id))


def _some(session: Session, key: bytes, *which: ColumnElement[bool]) -> list[tuple[int, Tokens]]:
    wanted = select(ProSanteTokens).join(SignedInSession, SignedInSession.id == ProSanteTokens.session_id).where(*which)
    rows = session.scalars(wanted.order_by(ProSanteTokens.renewed_at, ProSanteTokens.id).limit(MOST))
    return [(row.session_id, _opened(key, row)) for row in rows]


def _opened(key: bytes, row: ProSanteTokens) -> Tokens:
    return msgspec.msgpack.decode(sealing.open_sealed(key, _PURPOSE, row.session_id, row.sealed), type=Tokens)


def _with_number(session: Session, number: str) -> list[Account]:
    return list(session.scalars(select(Account).where(_column(number) == number).limit(3)))


def _column(number: str) -> InstrumentedAttribute[str]:
    return Account.rpps if len(number) == 11 else Account.adeli
