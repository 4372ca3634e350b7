"""Signed-in sessions: opened, found by their token, locked, gone on with, ended, listed.

A locked session keeps its identity: the same person signs in again in the same browser and goes on with it. An ended
one stays for a month, to say why it ended.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, cast

from sqlalchemy import Executable, Select, Table, bindparam, delete, insert, select, update
from sqlalchemy.orm import Session

from socle.foundation.database import now
from socle.identity.actor import Actor
from socle.identity.audit import trail
from socle.identity.people.models import Account
from socle.identity.sessions.doors import Door, DoorName
from socle.identity.sessions.models import SignedInSession, SignInStep, Workstation
from socle.identity.sessions.reasons import Why
from socle.identity.sessions.standing import Found, Limits, Standing, standing

ENDED_KEPT = timedelta(days=30)
INPUT_GRAIN = timedelta(seconds=30)
"""The last real input is written at most this often for one session."""
MOST_LISTED = 500

Factor = Literal[
    "password",
    "password+totp",
    "password+passkey",
    "password+browser",
    "password+card",
    "recovery_code",
    "passkey",
    "psc",
    "card",
    "break_glass",
]
"""What proved the person: the password alone, with a second factor (in a browser remembered for one: `+browser`; going
on with what a card had opened: `+card`), with a recovery code; or a way that needs no password."""
PASSWORD_ALONE: frozenset[str] = frozenset({"password", "break_glass"})


@dataclass(frozen=True)
class Place:
    """Where someone signs in: the browser (its digest and what it says it is) and its address."""

    browser_digest: bytes
    browser: str
    address: str


# Columns of the tables rather than of the classes: the query of every request pays nothing for the object layer.
_sessions = cast("Table", SignedInSession.__table__)
_stations = cast("Table", Workstation.__table__)
_session, _account, _station = _sessions.c, Account.__table__.c, _stations.c
_open = insert(_sessions).returning(_session.id)
_go_on = update(_sessions).where(_session.id == bindparam("own"))
_found = select(
    _session.id,
    _session.door,
    _session.account_id,
    _session.factor,
    _session.browser_digest,
    _session.browser,
    _session.address,
    _session.opened_at,
    _session.signed_in_at,
    _session.last_input_at,
    _session.locked_at,
    _session.lock_reason,
    _session.ended_at,
    _session.end_reason,
    _session.ended_by,
    _account.username,
    _account.display_name,
    _account.roles,
    _account.active,
    _account.language,
    _session.workstation_id,
    _station.name.label("station_name"),
    _station.last_seen_at.label("station_seen_at"),
).select_from(
    _sessions.join(Account.__table__, _account.id == _session.account_id).outerjoin(
        _stations, _station.id == _session.workstation_id
    )
)
_by_token = _found.where(_session.token_digest == bindparam("token_digest"), _session.door == bindparam("door"))

_newest_live = _found.where(_session.ended_at.is_(None), _session.door == bindparam("door"))
_newest_live = _newest_live.order_by(_session.id.desc()).limit(1)
_own = _newest_live.where(
    _session.browser_digest == bindparam("browser_digest"), _session.account_id == bindparam("account_id")
)
_own_at_station = _newest_live.where(
    _session.workstation_id == bindparam("workstation_id"), _session.account_id == bindparam("account_id")
)
_station_of_browser = select(_station.id, _station.name).where(
    _station.browser_digest == bindparam("browser_digest"), _station.revoked_at.is_(None)
)
_live_at = _newest_live.where(_session.address == bindparam("address"), _session.browser == bindparam("browser"))


def find(session: Session, door: DoorName, token_digest: bytes) -> Found | None:
    """Return the session with that token at that door: the one query of every request."""
    row = session.execute(_by_token, {"token_digest": token_digest, "door": door}).first()
    return _made(row)


def get(session: Session, session_id: int) -> Found | None:
    """Return a session by its number."""
    return _first(session, _found.where(SignedInSession.id == session_id))


def settle(session: Session, found: Found, stands: Standing) -> None:
    """Write down a lock or an end that came about by itself (idle, limit, disabled account); once."""
    if stands.reason is None:
        return
    at = stands.reason.at or now(session)
    if stands.state == "locked" and found.locked_at is None:
        _lock(session, found.actor, found.id, stands.reason.why, at)
    elif stands.state == "ended" and found.ended_at is None:
        _end(session, found.actor, found.id, stands.reason.why, at, by=None)


def open_at(
    session: Session,
    door: Door,
    account: Account,
    place: Place,
    token_digest: bytes,
    limits: Limits,
    factor: Factor,
    workstation_id: int | None = None,
) -> int:
    """Open a session with a new token, or go on with this account's own one here; return its number.

    "Here" is this browser; or `workstation_id`, the workstation whose agent opens the browser: its session outlives
    the browser's cookies.
    """
    moment = now(session)
    earlier = _own_in_browser(session, door, account.id, place.browser_digest)
    if workstation_id is not None:
        earlier = at_workstation(session, door.name, workstation_id, account.id) or earlier
    station = session.execute(_station_of_browser, {"browser_digest": place.browser_digest}).first()
    resumed = reopened = None
    if earlier is not None:
        stands = standing(earlier, moment, limits, door)
        settle(session, earlier, stands)
        resumed = earlier if stands.state != "ended" else None
        # The agent opens a page that lost its cookies: nobody was there, or proved anything, anew (see `prove_again`).
        reopened = earlier if stands.state == "open" and earlier.workstation_id == workstation_id is not None else None
    renewed = {
        "token_digest": token_digest,
        "factor": _gone_on_with(resumed.factor) if resumed is not None and factor == "password" else factor,
        "browser": place.browser[:80],
        "address": place.address[:64],
        "signed_in_at": reopened.signed_in_at if reopened else moment,
        "last_input_at": reopened.last_input_at if reopened else moment,
        "locked_at": None,
        "lock_reason": None,
        "workstation_id": station.id if station else None,
        "browser_digest": place.browser_digest,
    }
    if resumed is not None:
        session.execute(_go_on, {"own": resumed.id, **renewed})
        number = resumed.id
    else:
        kept = {"door": door.name, "account_id": account.id}
        number = session.execute(_open, {**renewed, **kept, "opened_at": moment}).scalar_one()
    where = station.name if station else place.address
    actor = Actor(account.id, account.display_name, account.role_set(), where, number)
    action = "session.unlock" if resumed is not None and resumed.locked_at is not None else "session.open"
    trail.record(session, actor, action, "session", number, reason=f"{door.name} {factor}")
    return number


def resumable(session: Session, door: Door, account_id: int, browser_digest: bytes, limits: Limits) -> Found | None:
    """Return an account's own session in this browser that a sign-in would go on with; None if it would open one."""
    earlier = _own_in_browser(session, door, account_id, browser_digest)
    if earlier is None or standing(earlier, now(session), limits, door).state == "ended":
        return None
    return earlier


def prove_again(session: Session, session_id: int) -> None:
    """Note that the person of an open session has proved themselves once more, now."""
    moment = now(session)
    alive = (SignedInSession.id == session_id, SignedInSession.locked_at.is_(None), SignedInSession.ended_at.is_(None))
    session.execute(update(SignedInSession).where(*alive).values(signed_in_at=moment, last_input_at=moment))


def note_input(session: Session, session_id: int, at: datetime) -> None:
    """Move the moment of the last real input forward (never back, never for a locked or ended session)."""
    alive = (
        SignedInSession.id == session_id,
        SignedInSession.last_input_at < at,
        SignedInSession.locked_at.is_(None),
        SignedInSession.ended_at.is_(None),
    )
    session.execute(update(SignedInSession).where(*alive).values(last_input_at=at))


def lock(session: Session, actor: Actor, session_id: int, why: Why = Why.LOCKED_BY_PERSON) -> bool:
    """Lock a live session now; False if it was locked or ended already."""
    return _lock(session, actor, session_id, why, now(session))


def end(session: Session, actor: Actor, session_id: int, why: Why) -> bool:
    """End a session now; False if it had ended already. `actor` is named to whoever meets the sign-in page."""
    return _end(session, actor, session_id, why, now(session), by=actor.account_id)


def end_of_account(session: Session, actor: Actor, account_id: int, why: Why, but: int | None = None) -> int:
    """End every session of an account, except the one numbered `but`, and its half-done sign-ins; return how many."""
    session.execute(delete(SignInStep).where(SignInStep.account_id == account_id))
    return _end_each(
        session, actor, why, select(SignedInSession.id).where(SignedInSession.account_id == account_id), but
    )


def end_all(session: Session, actor: Actor, why: Why, but: int | None = None) -> int:
    """End every session at every door, except the one numbered `but`, and all half-done sign-ins; return how many."""
    session.execute(delete(SignInStep))
    return _end_each(session, actor, why, select(SignedInSession.id), but)


def live(session: Session, account_id: int | None = None) -> list[Found]:
    """List sessions that have not ended, newest first: everybody's, or one account's; at most 500."""
    wanted = _found.where(SignedInSession.ended_at.is_(None))
    if account_id is not None:
        wanted = wanted.where(SignedInSession.account_id == account_id)
    rows = session.execute(wanted.order_by(SignedInSession.id.desc()).limit(MOST_LISTED))
    return [Found(*cast("tuple[Any, ...]", row)) for row in rows]


def who_ended(session: Session, session_id: int) -> str | None:
    """Return the name of the person who ended a session; None for the machine."""
    name = (
        select(Account.display_name)
        .join(SignedInSession, SignedInSession.ended_by == Account.id)
        .where(SignedInSession.id == session_id)
    )
    return session.scalar(name)


def last_in_browser(session: Session, door: DoorName, browser_digest: bytes) -> Found | None:
    """Return the newest session of a browser at a door, live or ended."""
    mine = _found.where(SignedInSession.browser_digest == browser_digest, SignedInSession.door == door)
    return _first(session, mine.order_by(SignedInSession.id.desc()).limit(1))


def last_live_at(session: Session, door: DoorName, place: Place) -> Found | None:
    """Return the newest live session from the same address and kind of browser: its cookies may have been wiped."""
    there = {"door": door, "address": place.address, "browser": place.browser}
    return _made(session.execute(_live_at, there).first())


def knows_browser(session: Session, username: str, browser_digest: bytes) -> bool:
    """Tell whether the account with that user name has signed in with this browser in the past month."""
    held = select(SignedInSession.id).join(Account, Account.id == SignedInSession.account_id)
    mine = held.where(SignedInSession.browser_digest == browser_digest, Account.username == username)
    return session.execute(mine.limit(1)).first() is not None


def forget_old(session: Session) -> None:
    """Remove sessions that ended more than a month ago."""
    session.execute(delete(SignedInSession).where(SignedInSession.ended_at < now(session) - ENDED_KEPT))


def _gone_on_with(factor: str) -> str:
    """Return what a session counts as that was unlocked with the password alone: one that a second factor opened.

    It no longer lives by the card: the agent's silence about that card would lock it again each minute.
    """
    return "password+card" if factor == "card" else factor


def _first(session: Session, wanted: Executable) -> Found | None:
    return _made(session.execute(wanted).first())


def _made(row: object) -> Found | None:
    return Found(*cast("tuple[Any, ...]", row)) if row else None


def last_factor(session: Session, account_id: int, browser_digest: bytes, among: tuple[Factor, ...]) -> Factor | None:
    """Return which of these somebody's newest session in a browser was opened with."""
    mine = SignedInSession.account_id == account_id, SignedInSession.browser_digest == browser_digest
    newest = select(SignedInSession.factor).where(*mine, SignedInSession.factor.in_(among))
    return cast("Factor | None", session.scalars(newest.order_by(SignedInSession.id.desc()).limit(1)).first())


def at_workstation(session: Session, door: DoorName, workstation_id: int, account_id: int) -> Found | None:
    """Return somebody's newest live session at a workstation."""
    own = {"workstation_id": workstation_id, "account_id": account_id, "door": door}
    return _made(session.execute(_own_at_station, own).first())


def _own_in_browser(session: Session, door: Door, account_id: int, browser_digest: bytes) -> Found | None:
    own = {"browser_digest": browser_digest, "account_id": account_id, "door": door.name}
    return _made(session.execute(_own, own).first())


def _lock(session: Session, actor: Actor, session_id: int, why: Why, at: datetime) -> bool:
    alive = (SignedInSession.id == session_id, SignedInSession.locked_at.is_(None), SignedInSession.ended_at.is_(None))
    values = {"locked_at": at, "lock_reason": why.value}
    if (
        session.execute(update(SignedInSession).where(*alive).values(values).returning(SignedInSession.id)).first()
        is None
    ):
        return False
    trail.record(session, actor, "session.lock", "session", session_id, reason=why.value)
    return True


def _end(session: Session, actor: Actor, session_id: int, why: Why, at: datetime, by: int | None) -> bool:
    values = {"ended_at": at, "end_reason": why.value, "ended_by": by}
    alive = (SignedInSession.id == session_id, SignedInSession.ended_at.is_(None))
    if (
        session.execute(update(SignedInSession).where(*alive).values(values).returning(SignedInSession.id)).first()
        is None
    ):
        return False
    trail.record(session, actor, "session.end", "session", session_id, reason=why.value)
    return True


def _end_each(session: Session, actor: Actor, why: Why, numbers: Select[int], but: int | None) -> int:
    alive = session.scalars(numbers.where(SignedInSession.ended_at.is_(None)).order_by(SignedInSession.id)).all()
    return sum(end(session, actor, number, why) for number in alive if number != but)
