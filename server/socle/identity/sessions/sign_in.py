"""Signing in, in two short transactions around the directory's slow check: `start`, then `refuse` or `admit`.

A directory may be far away: no transaction is open while it thinks. The try is counted before it is looked at, so that
parallel guesses count too.
"""

from dataclasses import dataclass, replace
from typing import cast

from sqlalchemy import Table, bindparam, update
from sqlalchemy.orm import Session

from socle.foundation import log
from socle.foundation.database import now
from socle.foundation.errors import N_, SocleError
from socle.identity.actor import Actor
from socle.identity.audit import trail
from socle.identity.people.directory import AccountDisabled, plain_username
from socle.identity.people.models import Account
from socle.identity.sessions import sessions, throttling
from socle.identity.sessions.doors import Door
from socle.identity.sessions.sessions import Factor, Place
from socle.identity.sessions.standing import Limits
from socle.identity.sessions.throttling import Attempt, TooManyAttempts

LONGEST_NAME = 256
LONGEST_PASSWORD = 1024
_accounts = cast("Table", Account.__table__)
_came_in = update(_accounts).where(_accounts.c.id == bindparam("number")).values(last_sign_in_at=bindparam("at"))
VISITOR = "sign-in"
"""The actor's name for a try that nobody was proved to have made."""


class WrongDoor(SocleError):
    """The password is right, but the account has no role that this door admits."""

    code = "SIGN-IN-WRONG-DOOR"
    message = N_("Your password is right, but your account does not open this door.")
    hint = N_("Use the other door, or ask the practice's administrator to change your roles.")
    kind = "refused"


class NothingTyped(SocleError):
    """A field of the sign-in form is empty, or longer than any name or password."""

    code = "SIGN-IN-INCOMPLETE"
    message = N_("Give both your user name and your password.")
    hint = N_("A field was left empty, or holds far more than a name or a password.")
    kind = "invalid"


class TooManyCodes(TooManyAttempts):
    """The next try at a second factor is not due yet. Details: `minutes` to wait and `seconds`."""

    code = "SECOND-TOO-MANY-ATTEMPTS"
    message = N_("Too many codes were wrong. The next one is taken in %(minutes)s min.")
    hint = N_("Wait, or ask an administrator to remove your second factor: you set it up anew when you sign in.")


@dataclass(frozen=True)
class Asked:
    """What somebody typed in the sign-in form, at which door and where."""

    door: Door
    username: str
    place: Place
    browser_is_new: bool


def checked(username: str, password: str) -> str:
    """Return the user name as it is looked up; NothingTyped if one of the two cannot be right."""
    name = username.strip()
    sane = "\0" not in name + password and len(name) <= LONGEST_NAME and len(password) <= LONGEST_PASSWORD
    if not name or not password or not sane:
        raise NothingTyped()
    return name


def start(session: Session, key: bytes, asked: Asked) -> Attempt:
    """Count the try and let it through, or raise TooManyAttempts. `key` is the home's key for forms."""
    name = throttling.name_key(key, asked.username)
    digest = asked.place.browser_digest
    known = not asked.browser_is_new and sessions.knows_browser(session, plain_username(asked.username), digest)
    return throttling.begin(session, asked.door.name, name, asked.place.address, digest if known else None)


def start_second(session: Session, key: bytes, asked: Asked) -> Attempt:
    """Count a try at somebody's second factor and let it through, or raise TooManyCodes.

    Counted apart from passwords, under a name that nobody can type in the form.
    """
    name = second_key(key, asked.username)
    digest = asked.place.browser_digest
    known = not asked.browser_is_new and sessions.knows_browser(session, plain_username(asked.username), digest)
    try:
        return throttling.begin(session, asked.door.name, name, asked.place.address, digest if known else None)
    except TooManyAttempts as error:
        raise TooManyCodes(**error.details) from None


def second_key(key: bytes, username: str) -> str:
    """Return the name under which tries at somebody's second factor are counted."""
    return throttling.name_key(key, f"\0second\0{username}")


def refuse(session: Session, asked: Asked, attempt: Attempt, error: SocleError, account: Account | None = None) -> None:
    """Write down a try that opened nothing, with its number in a row; its place, never what was typed.

    `account` is given when the password was right all the same: that is no guess, so it does not slow the next try.
    """
    count = attempt.failures_before + 1
    if account is not None:
        throttling.succeed(session, attempt)
    actor = Actor(account.id if account else None, account.display_name if account else VISITOR)
    _write_down(session, asked, actor, error, count)


def refuse_second(session: Session, asked: Asked, attempt: Attempt, error: SocleError, account: Account) -> None:
    """Write down a wrong second factor: the password was right, so it is known whose."""
    _write_down(session, asked, Actor(account.id, account.display_name), error, attempt.failures_before + 1)


def _write_down(session: Session, asked: Asked, actor: Actor, error: SocleError, count: int) -> None:
    actor = replace(actor, workstation=asked.place.address)
    trail.record(session, actor, "session.refused", reason=f"{asked.door.name} {error.code} {count}")
    log.warning("sign_in_refused", door=asked.door.name, code=error.code, count=count, address=asked.place.address)


def refusal(account: Account, door: Door) -> SocleError | None:
    """Return AccountDisabled or WrongDoor for somebody whose password is right but whom the door does not admit."""
    if not account.active:
        return AccountDisabled()
    return WrongDoor() if account.role_set().isdisjoint(door.admits) else None


def admit(
    session: Session,
    asked: Asked,
    account: Account,
    token_digest: bytes,
    limits: Limits,
    factor: Factor,
) -> int:
    """Open the session of somebody who is proved to be themselves and whom the door admits; return its number."""
    number = sessions.open_at(session, asked.door, account, asked.place, token_digest, limits, factor)
    session.execute(_came_in, {"number": account.id, "at": now(session)})
    log.info("signed_in", door=asked.door.name, account=account.id, session=number, kind=factor)
    return number
