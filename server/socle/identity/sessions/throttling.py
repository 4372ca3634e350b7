"""Slows guessing down, as CNIL deliberation 2022-100 asks where a password may be of 50 bits.

Its example, kept here: after five failures more than a minute, growing exponentially, and at most 25 tries in 24 hours.
Nobody is locked out for ever: the wait never passes two hours, and a browser in which a person has signed in before
keeps a count of its own, so guesses made elsewhere do not keep her from her patients.
"""

import hashlib
import hmac
import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import ColumnElement, Delete, Select, Table, bindparam, delete, func, insert, select, text, update
from sqlalchemy.orm import Session

from socle.foundation.database import now
from socle.foundation.errors import N_, SocleError
from socle.identity.people.directory import plain_username
from socle.identity.sessions.doors import DoorName
from socle.identity.sessions.models import SignInAttempt

WINDOW = timedelta(hours=24)
KEPT = timedelta(days=30)


@dataclass(frozen=True)
class Pace:
    """`free` failures cost nothing; then the wait starts at `first` and doubles up to `longest`."""

    free: int
    first: timedelta
    longest: timedelta


NAME_PACE = Pace(free=4, first=timedelta(seconds=90), longest=timedelta(hours=2))
ADDRESS_PACE = Pace(free=29, first=timedelta(seconds=30), longest=timedelta(minutes=15))
"""A whole practice may share one address, so an address is given more room than a name."""


class TooManyAttempts(SocleError):
    """The next try is not due yet. Details: `minutes` to wait (rounded up) and `seconds`."""

    code = "SIGN-IN-TOO-MANY-ATTEMPTS"
    message = N_("Too many sign-in attempts have failed. The next one is possible in %(minutes)s min.")
    hint = N_("Wait, or ask an administrator to set a new password: that opens the way at once.")
    kind = "too_many"


def _failures(*which: ColumnElement[bool]) -> Select[int, datetime | None]:
    """Count the failures in the window since the last success, and say when the last one was."""
    since = _attempt.at > bindparam("since")
    last_success = select(func.max(_attempt.id)).where(since, _attempt.succeeded, *which).scalar_subquery()
    return select(func.count(), func.max(_attempt.at)).where(
        since, ~_attempt.succeeded, _attempt.id > func.coalesce(last_success, 0), *which
    )


# Made once: a sign-in asks a dozen questions, and making them anew cost as much as the answers.
_table = cast("Table", SignInAttempt.__table__)
_attempt = _table.c
_of_name = _failures(
    _attempt.name_key == bindparam("name"), _attempt.browser_digest.is_not_distinct_from(bindparam("browser"))
)
_of_address = _failures(_attempt.address == bindparam("address"))
_add = insert(_table).returning(_attempt.id)
_succeeded = update(_table).where(_attempt.id == bindparam("number")).values(succeeded=True)


@dataclass(frozen=True)
class Attempt:
    """A try that was let through: counted as a failure until it is known to have succeeded."""

    id: int
    failures_before: int


def wait_after(failures: int, pace: Pace) -> timedelta:
    """Return how long after the last of `failures` the next try is due."""
    late = failures - pace.free
    if late <= 0:
        return timedelta(0)
    return min(pace.first * float(2 ** min(late - 1, 20)), pace.longest)


def name_key(key: bytes, user_name: str) -> str:
    """Return what is kept of a typed user name: the same for every way of typing it, unreadable without the key."""
    folded = plain_username(user_name[:256])
    return hmac.new(key, b"socle user name\0" + folded.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def begin(session: Session, door: DoorName, name: str, address: str, known_browser: bytes | None) -> Attempt:
    """Let a try through and count it, or raise TooManyAttempts; tries on one name wait for one another.

    `name` is a `name_key`; `known_browser` the digest of a browser this person has signed in with before.
    """
    moment = now(session)
    _one_at_a_time(session, name)
    since = {"since": moment - WINDOW}
    failures, last = session.execute(_of_name, {**since, "name": name, "browser": known_browser}).one()
    _refuse_if_early(moment, last, wait_after(failures, NAME_PACE))
    if known_browser is None:
        many, latest = session.execute(_of_address, {**since, "address": address}).one()
        _refuse_if_early(moment, latest, wait_after(many, ADDRESS_PACE))
    tried = {"at": moment, "door": door, "name_key": name, "address": address, "browser_digest": known_browser}
    number = session.execute(_add, {**tried, "succeeded": False}).scalar_one()
    return Attempt(id=number, failures_before=failures)


def succeed(session: Session, attempt: Attempt) -> None:
    """Say that the try succeeded: the count starts again."""
    session.execute(_succeeded, {"number": attempt.id})


def withdraw(session: Session, attempt: Attempt) -> None:
    """Take back a try that proved nothing (the directory did not answer): it does not count as a failure."""
    session.execute(delete(SignInAttempt).where(SignInAttempt.id == attempt.id))


def clear(session: Session, name: str) -> int:
    """Forget the failures of one name, because its password was set anew; return how many there were."""
    return _count(session, delete(SignInAttempt).where(SignInAttempt.name_key == name, ~SignInAttempt.succeeded))


def forget_old(session: Session) -> int:
    """Remove attempts older than 30 days; return how many."""
    return _count(session, delete(SignInAttempt).where(SignInAttempt.at < now(session) - KEPT))


def _one_at_a_time(session: Session, name: str) -> None:
    # The embedded database has one writer anyway; on PostgreSQL two guesses at one name could both be "the fifth".
    if session.get_bind().dialect.name == "postgresql":
        lock = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
        session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": lock})


def _refuse_if_early(moment: datetime, last: datetime | None, wait: timedelta) -> None:
    # Without a wait, a try noted by another process a moment later than ours began is no reason to refuse.
    if wait and last is not None and moment < last + wait:
        left = (last + wait - moment).total_seconds()
        raise TooManyAttempts(minutes=math.ceil(left / 60), seconds=math.ceil(left))


def _count(session: Session, statement: Delete) -> int:
    return int(getattr(session.execute(statement), "rowcount", 0))
