"""Codes of six digits that a telephone makes every half minute (TOTP, RFC 6238), each taken once.

A code of the half minute before or after is taken too: telephones' clocks are seldom further off. One that is right for
another moment within ten minutes is refused with that said, for the remedy is a clock and not another try.
"""

import hmac
from datetime import datetime, timedelta

import pyotp
from sqlalchemy import Select, delete, select, update
from sqlalchemy.orm import Session

from socle.foundation.database import now
from socle.foundation.errors import N_, SocleError
from socle.identity.actor import Actor
from socle.identity.audit import trail
from socle.identity.sessions.factors import sealing
from socle.identity.sessions.factors.models import OneTimeCode

PENDING = timedelta(minutes=30)
"""How long a secret waits for its first code."""
SECONDS = 30
_PURPOSE = "one-time code"
_NEAR = 1
_FAR = 20


class CodeWrong(SocleError):
    """Six digits that are not those of the person's telephone."""

    code = "SECOND-CODE-WRONG"
    message = N_("This is not the code that your application shows.")
    hint = N_("Wait for the next code and type it while it is shown. Look that it is the one of this practice.")
    kind = "refused"


class CodeUsed(SocleError):
    """A code that was taken before, or one older than the last taken."""

    code = "SECOND-CODE-USED"
    message = N_("This code was used already: each one opens once.")
    hint = N_("Wait for the next code (half a minute at most) and type that one.")
    kind = "refused"


class CodeOfAnotherTime(SocleError):
    """The code would be right at another moment: a clock is off. Details: `minutes`."""

    code = "SECOND-CODE-CLOCK"
    message = N_("This code belongs to another time: your telephone and the server disagree by about %(minutes)s min.")
    hint = N_("Set your telephone to take its time by itself. If everybody sees this, the server's clock is wrong.")
    kind = "refused"


class NothingToConfirm(SocleError):
    """The set-up was not begun, or too long ago."""

    code = "SECOND-CODE-NOT-BEGUN"
    message = N_("This set-up was begun too long ago, or was not begun at all.")
    hint = N_("Begin again: a new picture is made, and the one scanned before is worth nothing.")
    kind = "conflict"


def begin(session: Session, key: bytes, account_id: int) -> str:
    """Make a new secret that waits for its first code, and return it (Base32); the one in use goes on until then."""
    secret = pyotp.random_base32()
    _drop_pending(session, account_id)
    sealed = sealing.seal(key, _PURPOSE, account_id, secret.encode())
    session.add(OneTimeCode(account_id=account_id, sealed=sealed, made_at=now(session)))
    session.flush()
    return secret


def pending(session: Session, key: bytes, account_id: int) -> str | None:
    """Return the secret that waits for its first code; None if there is none, or it waited too long."""
    row = _pending(session, account_id)
    return _secret(key, row) if row is not None else None


def address(secret: str, username: str, practice: str) -> str:
    """Return what the picture says (`otpauth://…`), which applications read."""
    return pyotp.TOTP(secret, interval=SECONDS).provisioning_uri(name=username, issuer_name=f"Socle {practice}")


def confirm(session: Session, key: bytes, actor: Actor, account_id: int, code: str) -> None:
    """Take the first code of the waiting secret: from now on it is the person's, and the one before is gone.

    NothingToConfirm, CodeWrong or CodeOfAnotherTime.
    """
    row = _pending(session, account_id)
    if row is None:
        raise NothingToConfirm
    moment = now(session)
    step = _step_of(_secret(key, row), code, moment)
    older = OneTimeCode.account_id == account_id, OneTimeCode.id != row.id
    session.execute(delete(OneTimeCode).where(*older))
    row.confirmed_at = row.last_used_at = moment
    row.last_step = step
    session.flush()
    trail.record(session, actor, "factor.add", "account", account_id, reason="totp")


def check(session: Session, key: bytes, account_id: int, code: str) -> None:
    """Take a code once, or raise CodeWrong, CodeUsed or CodeOfAnotherTime."""
    row = session.scalars(_confirmed(account_id)).one_or_none()
    if row is None:
        raise CodeWrong
    moment = now(session)
    step = _step_of(_secret(key, row), code, moment)
    # Asked of the database: of two who send one code at the same moment, one is refused.
    fresh = OneTimeCode.id == row.id, OneTimeCode.last_step < step
    taken = update(OneTimeCode).where(*fresh).values(last_step=step, last_used_at=moment).returning(OneTimeCode.id)
    if session.execute(taken).first() is None:
        raise CodeUsed


def times(session: Session, account_id: int) -> tuple[datetime | None, datetime | None]:
    """Return when the person's telephone was confirmed and last used; None and None if they have none."""
    row = session.scalars(_confirmed(account_id)).one_or_none()
    return (row.confirmed_at, row.last_used_at) if row is not None else (None, None)


def remove(session: Session, account_id: int) -> bool:
    """Forget the person's telephone, a waiting one too; tell whether there was one. The caller writes it down."""
    had = session.scalars(_confirmed(account_id)).first() is not None
    session.execute(delete(OneTimeCode).where(OneTimeCode.account_id == account_id))
    return had


def forget_pending(session: Session) -> None:
    """Drop every secret whose first code never came."""
    waited = OneTimeCode.confirmed_at.is_(None), OneTimeCode.made_at < now(session) - PENDING
    session.execute(delete(OneTimeCode).where(*waited))


def _step_of(secret: str, code: str, moment: datetime) -> int:
    """Return the half minute a code belongs to, if that is about now."""
    digits = "".join(code.split())
    if len(digits) != 6 or not (digits.isascii() and digits.isdecimal()):
        raise CodeWrong
    present, maker = int(moment.timestamp()) // SECONDS, pyotp.TOTP(secret, interval=SECONDS)
    for away in sorted(range(-_FAR, _FAR + 1), key=abs):
        if hmac.compare_digest(maker.at((present + away) * SECONDS), digits):
            if abs(away) <= _NEAR:
                return present + away
            raise CodeOfAnotherTime(minutes=max(1, round(abs(away) * SECONDS / 60)))
    raise CodeWrong


def _secret(key: bytes, row: OneTimeCode) -> str:
    return sealing.open_sealed(key, _PURPOSE, row.account_id, row.sealed).decode()


def _pending(session: Session, account_id: int) -> OneTimeCode | None:
    mine = OneTimeCode.account_id == account_id, OneTimeCode.confirmed_at.is_(None)
    fresh = OneTimeCode.made_at > now(session) - PENDING
    newest = select(OneTimeCode).where(*mine, fresh).order_by(OneTimeCode.id.desc()).limit(1)
    return session.scalars(newest).first()  # a page loaded twice at once may have made two


def _confirmed(account_id: int) -> Select[OneTimeCode]:
    return select(OneTimeCode).where(OneTimeCode.account_id == account_id, OneTimeCode.confirmed_at.is_not(None))


def _drop_pending(session: Session, account_id: int) -> None:
    mine = OneTimeCode.account_id == account_id, OneTimeCode.confirmed_at.is_(None)
    session.execute(delete(OneTimeCode).where(*mine))
