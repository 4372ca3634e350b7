"""Ten codes on paper for the day the telephone is lost: each opens once, and only keyed hashes of them are kept."""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from socle.foundation.database import now
from socle.foundation.errors import N_, SocleError
from socle.identity.actor import Actor
from socle.identity.audit import trail
from socle.identity.sessions.factors import sealing
from socle.identity.sessions.factors.models import RecoveryCode

COUNT = 10
FEW = 3
"""From this many left on, the page asks to make new ones."""
_SIGNS = "abcdefghjkmnpqrstuvwxyz23456789"
_LENGTH = 10
"""49 bits; with at most 25 tries in 24 hours nobody guesses one."""


class RecoveryCodeWrong(SocleError):
    """Not one of the person's codes."""

    code = "RECOVERY-CODE-WRONG"
    message = N_("This is not one of your recovery codes.")
    hint = N_("Look at the newest sheet: making new codes makes the older ones worthless.")
    kind = "refused"


class RecoveryCodeUsed(SocleError):
    """One of the person's codes, used before."""

    code = "RECOVERY-CODE-USED"
    message = N_("This recovery code was used already: each one opens once.")
    hint = N_("Cross it out on your sheet and type another one.")
    kind = "refused"


@dataclass(frozen=True)
class Left:
    """How many codes still open, and when the sheet was made."""

    count: int
    made_at: datetime | None


def make(session: Session, key: bytes, actor: Actor, account_id: int) -> list[str]:
    """Make ten new codes, the older ones being worth nothing from now on; return them, to be shown once."""
    codes: set[str] = set()
    while len(codes) < COUNT:
        codes.add("".join(secrets.choice(_SIGNS) for _ in range(_LENGTH)))
    session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account_id))
    moment = now(session)
    for code in codes:
        session.add(RecoveryCode(account_id=account_id, digest=_digest(key, account_id, code), made_at=moment))
    session.flush()
    trail.record(session, actor, "recovery_codes.make", "account", account_id)
    return sorted(f"{code[:5]}-{code[5:]}" for code in codes)


def use(session: Session, key: bytes, account_id: int, typed: str) -> None:
    """Use a code up, or raise RecoveryCodeWrong or RecoveryCodeUsed."""
    plain = "".join(sign for sign in typed.casefold() if sign.isalnum())
    mine = RecoveryCode.account_id == account_id, RecoveryCode.digest == _digest(key, account_id, plain[:64])
    fresh = update(RecoveryCode).where(*mine, RecoveryCode.used_at.is_(None)).values(used_at=now(session))
    if session.execute(fresh.returning(RecoveryCode.id)).first() is not None:
        return
    known = session.execute(select(RecoveryCode.id).where(*mine)).first() is not None
    raise RecoveryCodeUsed() if known else RecoveryCodeWrong()


def left(session: Session, account_id: int) -> Left:
    """Count the codes that still open."""
    mine = select(func.count(), func.max(RecoveryCode.made_at)).where(RecoveryCode.account_id == account_id)
    count, made_at = session.execute(mine.where(RecoveryCode.used_at.is_(None))).one()
    return Left(count, made_at)


def remove(session: Session, account_id: int) -> None:
    """Make all of a person's codes worthless."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account_id))


def _digest(key: bytes, account_id: int, plain: str) -> bytes:
    return hmac.digest(sealing.derived(key, "recovery code"), f"{account_id}\0{plain}".encode(), "sha256")
