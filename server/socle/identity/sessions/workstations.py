"""Named workstations: a code for each, the agent that enrols with it, its signed requests, its end.

The code is single-use, short-lived and never kept: only its digest. The private key never leaves the workstation.
"""

import hashlib
import secrets
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from socle.foundation.database import now
from socle.foundation.errors import N_, SocleError
from socle.identity.actor import Actor, machine
from socle.identity.audit import trail
from socle.identity.sessions import sessions, signed_requests
from socle.identity.sessions.models import CardChallenge, SignedInSession, SignInTicket, Workstation, WorkstationNonce
from socle.identity.sessions.reasons import Why
from socle.identity.sessions.signed_requests import SignedRequest

CODE_LASTS = timedelta(minutes=10)
LONGEST_NAME = 60
MOST_LISTED = 500
NONCE_KEPT = 4 * signed_requests.TOLERANCE
"""Longer than a request's own time is believed, whichever of the two clocks is ahead."""
_SIGNS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""32 signs without 0, 1, I and O, which people misread."""


class NameMissing(SocleError):
    """A workstation without a name, or with one as long as a sentence."""

    code = "STATION-NAME-MISSING"
    message = N_("Give the workstation a name of at most 60 signs, as people call it: “Reception”, “Room 2”.")
    hint = N_("The name is shown on its screen and in the trail.")
    kind = "invalid"


class NameInUse(SocleError):
    """Another workstation in use has that name."""

    code = "STATION-NAME-IN-USE"
    message = N_("Another workstation is already called “%(name)s”.")
    hint = N_("Choose another name, or withdraw the other workstation first.")
    kind = "conflict"


class WorkstationUnknown(SocleError):
    """No workstation has that number."""

    code = "STATION-UNKNOWN"
    message = N_("This server does not know this workstation.")
    hint = N_("Enrol it with a new code from the maintainer's page “Workstations”.")
    kind = "refused"


class WorkstationRevoked(SocleError):
    """The workstation was withdrawn."""

    code = "STATION-REVOKED"
    message = N_("The workstation “%(name)s” was withdrawn by the maintainer.")
    hint = N_("If it is still in use, ask for a new code and enrol it again.")
    kind = "refused"


class CodeWrong(SocleError):
    """The code is wrong, used or too old."""

    code = "STATION-CODE-WRONG"
    message = N_("This code is wrong, used already, or older than ten minutes.")
    hint = N_("Check each sign, or ask the maintainer for a new code.")
    kind = "refused"


class Replayed(SocleError):
    """A request that was answered before came once more."""

    code = "STATION-REPLAYED"
    message = N_("This request was already answered once: it was not carried out again.")
    hint = N_("Somebody may have recorded it. If it happens again, tell your maintainer.")
    kind = "refused"


# Naming, codes, withdrawing


def add(session: Session, actor: Actor, name: str) -> tuple[Workstation, str]:
    """Name a workstation; return it with the code its agent enrols with: NameMissing, NameInUse."""
    called = " ".join(name.split())
    if not called or len(called) > LONGEST_NAME or not called.isprintable():
        raise NameMissing
    same = select(Workstation.id).where(Workstation.name == called, Workstation.revoked_at.is_(None))
    if session.scalars(same).first() is not None:
        raise NameInUse(name=called)
    station = Workstation(name=called, named_at=now(session), system="", address="")
    session.add(station)
    session.flush()
    trail.record(session, actor, "workstation.add", "workstation", station.id)
    return station, _give_code(session, station)


def new_code(session: Session, actor: Actor, number: int) -> tuple[Workstation, str]:
    """Give a workstation another code, for an agent installed anew; the one it has goes on until the code is used."""
    station = get(session, number)
    if station.revoked_at is not None:
        raise WorkstationRevoked(name=station.name)
    trail.record(session, actor, "workstation.code", "workstation", station.id)
    return station, _give_code(session, station)


def revoke(session: Session, actor: Actor, number: int) -> Workstation:
    """Withdraw a workstation: its key counts no more, its sessions end."""
    station = held(session, number)
    if station.revoked_at is None:
        station.revoked_at, station.code_digest, station.browser_digest = now(session), None, None
        station.card_account_id = None
        trail.record(session, actor, "workstation.revoke", "workstation", station.id)
        _close(session, actor, station.id)
    session.flush()
    return station


def get(session: Session, number: int) -> Workstation:
    """Return a workstation by its number, or raise WorkstationUnknown."""
    station = session.get(Workstation, number) if number < 2**63 else None
    if station is None:
        raise WorkstationUnknown
    return station


def listed(session: Session) -> list[Workstation]:
    """Return the workstations in use by name, then those withdrawn."""
    rows = select(Workstation).order_by(Workstation.revoked_at.is_not(None), Workstation.name, Workstation.id)
    return list(session.scalars(rows.limit(MOST_LISTED)))


def of_browser(session: Session, browser_digest: bytes) -> Workstation | None:
    """Return the workstation whose agent opened this browser."""
    mine = select(Workstation).where(Workstation.browser_digest == browser_digest, Workstation.revoked_at.is_(None))
    return session.scalars(mine).first()


# What the agent sends


def enrol(session: Session, code: str, public_key: bytes, proof: bytes, system: str, address: str) -> Workstation:
    """Give the workstation with that code its key: CodeWrong; SignatureWrong when `proof` is not the key's own.

    `proof` is the key's signature over `socle-enrol-1` and the code, each on a line.
    """
    plain = plain_code(code)
    wanted = select(Workstation).where(Workstation.code_digest == _digest(plain), Workstation.revoked_at.is_(None))
    station = session.scalars(wanted.with_for_update()).one_or_none()
    if station is None or station.code_until is None or station.code_until <= now(session):
        raise CodeWrong
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(proof, f"socle-enrol-1\n{plain}".encode())
    except (InvalidSignature, ValueError):
        raise signed_requests.SignatureWrong from None
    if station.public_key is not None:
        _close(session, machine("workstation"), station.id)
    station.public_key, station.system, station.address = public_key, system[:80], address[:64]
    station.code_digest = station.code_until = station.browser_digest = station.card_account_id = None
    station.enrolled_at = station.last_seen_at = now(session)
    trail.record(session, _agent(station), "workstation.enrol", "workstation", station.id, ["public_key"])
    session.flush()
    return station


def proven(session: Session, request: SignedRequest, address: str) -> Workstation:
    """Return the workstation that signed a request, and note that it was answered, and when.

    WorkstationUnknown, WorkstationRevoked, SignatureWrong, ClockOff or Replayed.
    """
    station = session.get(Workstation, request.station)
    if station is None or station.public_key is None:
        raise WorkstationUnknown
    if station.revoked_at is not None:
        raise WorkstationRevoked(name=station.name)
    moment = now(session)
    signed_requests.check(request, station.public_key, moment)
    try:
        with session.begin_nested():
            session.add(WorkstationNonce(workstation_id=station.id, nonce=request.nonce, at=moment))
    except IntegrityError:
        raise Replayed from None
    session.execute(delete(WorkstationNonce).where(WorkstationNonce.at < moment - NONCE_KEPT))
    seen = {"last_seen_at": moment, "address": address[:64]}
    session.execute(update(Workstation).where(Workstation.id == station.id).values(seen))
    return station


def agent_of(station: Workstation) -> Actor:
    """Return the actor for what an agent reports by itself."""
    return _agent(station)


def plain_code(code: str) -> str:
    """Return a code as it is looked up: capitals, no spaces or hyphens."""
    return "".join(sign for sign in code.upper() if sign in _SIGNS)


def _give_code(session: Session, station: Workstation) -> str:
    signs = "".join(secrets.choice(_SIGNS) for _ in range(8))
    station.code_digest, station.code_until = _digest(signs), now(session) + CODE_LASTS
    session.flush()
    return f"{signs[:4]}-{signs[4:]}"


def _digest(plain: str) -> bytes:
    return hashlib.sha256(f"socle workstation code\0{plain}".encode()).digest()


def _agent(station: Workstation) -> Actor:
    return Actor(account_id=None, name="workstation", workstation=station.name)


def held(session: Session, number: int) -> Workstation:
    """Return a workstation, held until the transaction's end: what changes whose card is in waits in line."""
    wanted = select(Workstation).where(Workstation.id == number).with_for_update()
    station = session.scalars(wanted, execution_options={"populate_existing": True}).one_or_none()
    if station is None:
        raise WorkstationUnknown
    return station


def _close(session: Session, actor: Actor, number: int) -> None:
    session.execute(delete(SignInTicket).where(SignInTicket.workstation_id == number))
    live = select(SignedInSession.id).where(
        SignedInSession.workstation_id == number, SignedInSession.ended_at.is_(None)
    )
    for each in session.scalars(live.order_by(SignedInSession.id)).all():
        sessions.end(session, actor, each, Why.WORKSTATION_REVOKED)


def forget_old(session: Session, moment: datetime) -> None:
    """Drop the tickets and challenges of the past, and nonces no longer needed."""
    session.execute(delete(SignInTicket).where(SignInTicket.until < moment))
    session.execute(delete(CardChallenge).where(CardChallenge.until < moment))
    session.execute(delete(WorkstationNonce).where(WorkstationNonce.at < moment - NONCE_KEPT))
